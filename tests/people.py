"""The people of the stories: Alice, Ben and their supervisor Carol sell; Bob is of another team."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Closer, RoutingPolicy
from launcher.environment import ASSISTANT_ID
from sessions_app.models import Team, WidgetConfig

PASSWORD = "correct horse battery"
DOMAIN = "agileadapt.example"


@dataclass
class Clock:
    """The time that the whole application is told. It stands still but for a millisecond at every look."""

    moment: datetime

    def now(self) -> datetime:
        self.advance(0.001)
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A slow machine must not make closers look absent or offers expired."""
    standing = Clock(timezone.now())
    monkeypatch.setattr(timezone, "now", standing.now)
    return standing


@pytest.fixture
def sales(db: None) -> Team:
    team = Team.objects.create(name="Sales", slug="sales")
    RoutingPolicy.objects.create(team=team)
    return team


@pytest.fixture
def support(db: None) -> Team:
    return Team.objects.create(name="Support", slug="support")


@pytest.fixture
def widget(sales: Team) -> WidgetConfig:
    return WidgetConfig.objects.create(
        team=sales,
        name="Home page",
        slug="home",
        assistant_id=ASSISTANT_ID,
        allowed_origins=["https://shop.example"],
    )


@pytest.fixture
def anonymous_widget(sales: Team) -> WidgetConfig:
    return WidgetConfig.objects.create(
        team=sales, name="Anonymous", slug="anonymous", assistant_id=ASSISTANT_ID, connection_mode="anonymous"
    )


@cache
def hashed_password() -> str:
    """Hashing is slow on purpose, so once has to be enough."""
    return make_password(PASSWORD)


def person(name: str, team: Team, *, is_supervisor: bool = False) -> Closer:
    user = User.objects.create(email=f"{name.lower()}@{DOMAIN}", name=name, password=hashed_password())
    return Closer.objects.create(user=user, team=team, display_name=name, is_supervisor=is_supervisor)


def make_ready(closer: Closer, *, idle_seconds: int, now: datetime | None = None) -> Closer:
    """Prove all that the routing wants proven, as the closer's dashboard does."""
    moment = now or timezone.now()
    closer.is_available, closer.seen_at = True, moment
    closer.available_since = moment - timedelta(seconds=idle_seconds)
    closer.softphone_registered = closer.microphone_granted = closer.sound_unlocked = True
    closer.sip_username = closer.registered_as = f"gencred{closer.display_name.lower()}"
    closer.line_proven_at = moment
    closer.save()
    return closer


@pytest.fixture
def alice(sales: Team, clock: Clock) -> Closer:
    """Idle for longest."""
    return make_ready(person("Alice", sales), idle_seconds=600)


@pytest.fixture
def ben(sales: Team, clock: Clock) -> Closer:
    return make_ready(person("Ben", sales), idle_seconds=60)


@pytest.fixture
def bob(support: Team, clock: Clock) -> Closer:
    return make_ready(person("Bob", support), idle_seconds=6000)


@pytest.fixture
def carol(sales: Team) -> Closer:
    """A supervisor who takes no calls herself."""
    return person("Carol", sales, is_supervisor=True)


@pytest.fixture
def admin_user(db: None) -> User:
    return User.objects.create(
        email=f"admin@{DOMAIN}", name="Admin", password=hashed_password(), is_staff=True, is_superuser=True
    )


def logged_in(user: User) -> Client:
    """A browser in which this person has signed in with their password."""
    client = Client()
    assert client.login(username=user.get_username(), password=PASSWORD)
    return client


@pytest.fixture
def office(admin_user: User) -> Client:
    """The administration, as who may do everything there sees it."""
    return logged_in(admin_user)
