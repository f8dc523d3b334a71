"""Each cell of the table at each door: whoever may succeeds, and whoever may not changes nothing.

At the desk a door knows closers and supervisors alone, at the page's addresses the token alone; what staff and
superusers may do, they do in the administration.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.roles import Action, Role, may
from handoff.models import CallbackPromise, Closer, Command, Handoff, Offer
from sessions_app.models import (
    CapturedField,
    FieldValue,
    TelephonyCredential,
    TimelineEntry,
    VoiceSession,
    WebhookDelivery,
)
from sessions_app.visits import tokens, visits
from tests.people import DOMAIN
from tests.permissions import doors
from tests.permissions.world import ACTIONS, OF_THE_PROSPECT, PAGES, Asked, World
from tests.telnyx import CALL_CONTROL, DYNAMIC_VARIABLES, INSIGHTS, DoorClient

DESK = ACTIONS | PAGES
# Of one's own self, or a list of one's own team.
OF_ONESELF = {"availability", "back", "softphone-login", "board", "search", "callbacks", "wallboard"}
ASKS = {door.name: door.action for door in doors.http()}
ROWS: tuple[type[models.Model], ...] = (
    *(TimelineEntry, Command, Offer, Handoff, CallbackPromise, CapturedField, FieldValue, VoiceSession),
    *(TelephonyCredential, WebhookDelivery, Closer),
)


@dataclass(frozen=True)
class Person:
    """Who asks for what is `owner`'s; a closer by the name of one, everybody else by what they are."""

    name: str
    roles: frozenset[Role]
    owner: str = "alice"
    is_team: bool = False

    @property
    def is_own(self) -> bool:
        return self.name == self.owner


STRANGER = frozenset({Role.ANONYMOUS})
CLOSER = STRANGER | {Role.CLOSER}
SUPERVISOR = CLOSER | {Role.SUPERVISOR}
PEOPLE = (
    Person("nobody", STRANGER),
    Person("signed in", STRANGER),
    Person("clerk", STRANGER),
    Person("superuser", STRANGER),
    Person("alice", CLOSER, is_team=True),
    Person("ben", CLOSER, is_team=True),
    Person("carol", SUPERVISOR, is_team=True),
    Person("carol", SUPERVISOR, owner="carol", is_team=True),
    Person("bob", CLOSER),
    Person("dora", SUPERVISOR),
    Person("mia", CLOSER, owner="mia"),
)


def may_at(name: str, person: Person) -> bool:
    is_oneself = name in OF_ONESELF
    action = ASKS[name]
    assert action is not None
    return may(person.roles, action, is_own=is_oneself or person.is_own, is_team=is_oneself or person.is_team)


def everything(world: World) -> Any:
    """All that a refused request must leave as it is."""
    asked_of_telnyx = len(world.visit.rest.router.calls)
    return asked_of_telnyx, [list(kind._default_manager.order_by("pk").values()) for kind in ROWS]


def browser_of(world: World, name: str) -> Client:
    client = Client()
    if name in world.people:
        client.force_login(world.people[name].user)
    elif name != "nobody":
        rights = {"is_staff": name in {"clerk", "superuser"}, "is_superuser": name == "superuser"}
        client.force_login(User.objects.create(email=f"{name.replace(' ', '')}@{DOMAIN}", name=name, **rights))
    return client


def refusal(name: str, person: Person) -> set[int]:
    if person.name == "nobody":
        return {302}
    if Role.CLOSER not in person.roles:
        return {403}
    return {404, 403} if name == "assign" else {404}


@pytest.mark.parametrize("name", DESK)
def test_at_the_desk(world: World, name: str) -> None:
    wrong: list[Any] = []
    for person in PEOPLE:
        with transaction.atomic():
            browser = browser_of(world, person.name)
            asked = DESK[name](world, world.people[person.owner])
            before = everything(world)
            status = asked.send(browser).status_code
            if may_at(name, person):
                is_right = status == asked.status
            else:
                is_right = status in refusal(name, person) and everything(world) == before
            if not is_right:
                wrong.append((person, may_at(name, person), status))
            transaction.set_rollback(True)

    assert wrong == []


@pytest.mark.parametrize("name", DESK)
def test_the_desk_asks_the_table(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    action = ASKS[name]
    assert action is not None
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, action: {}})
    asked = DESK[name](world, world.people["carol"])
    before = everything(world)

    status = asked.send(browser_of(world, "carol")).status_code

    assert status in {403, 404}
    assert everything(world) == before


@pytest.mark.parametrize("name", OF_THE_PROSPECT)
def test_at_the_page_s_addresses(world: World, name: str) -> None:
    for person in PEOPLE:
        with transaction.atomic():
            browser = browser_of(world, person.name)
            asked = OF_THE_PROSPECT[name](world, world.people["alice"])
            before = everything(world)
            assert asked.send(browser).status_code == 401, person
            assert asked.send(browser, Authorization=f"Bearer {world.token[:-1]}").status_code == 401, person
            assert everything(world) == before, person
            transaction.set_rollback(True)

    asked = OF_THE_PROSPECT[name](world, world.people["alice"])
    assert may({Role.PROSPECT}, _asks(name), is_own=True)
    assert asked.send(Client(), Authorization=f"Bearer {world.token}").status_code == asked.status


@pytest.mark.parametrize("name", OF_THE_PROSPECT)
def test_another_visit_s_page_does_nothing_to_this_one(world: World, name: str) -> None:
    other = visits.open_visit(world.session.widget, recording=True, origin="", now=timezone.now())
    asked = OF_THE_PROSPECT[name](world, world.people["alice"])
    own = list(TimelineEntry.objects.filter(session=world.session).values())
    before = VoiceSession.objects.filter(pk=world.session.pk).values().get()

    asked.send(Client(), Authorization=f"Bearer {tokens.issue(other.pk)}")

    assert list(TimelineEntry.objects.filter(session=world.session).values()) == own
    assert VoiceSession.objects.filter(pk=world.session.pk).values().get() == before


@pytest.mark.parametrize("name", OF_THE_PROSPECT)
def test_the_page_s_addresses_ask_the_table(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, _asks(name): {}})
    asked = OF_THE_PROSPECT[name](world, world.people["alice"])
    before = everything(world)

    assert asked.send(Client(), Authorization=f"Bearer {world.token}").status_code == 403
    assert everything(world) == before


def _asks(name: str) -> Action:
    action = ASKS[name]
    assert action is not None
    return action


def open_doors(world: World) -> dict[str, Asked]:
    widget = world.session.widget
    consent = {"version": widget.consent_version, "recording": widget.is_recorded}
    return {
        "widget": Asked("widget", {"slug": widget.slug}, method="GET"),
        "lines": Asked("lines", query=f"?widget={widget.slug}", method="GET"),
        "token": Asked("token", body={"widget": widget.slug, "consent": consent}, status=201),
        "live": Asked("live", method="GET"),
        "login": Asked("login", method="GET"),
        "password_reset": Asked("password_reset", method="GET"),
        "password_reset_done": Asked("password_reset_done", method="GET"),
        "password_reset_complete": Asked("password_reset_complete", method="GET"),
    }


def test_what_is_for_everybody_is_given_to_everybody(world: World) -> None:
    for person in PEOPLE:
        for name, asked in open_doors(world).items():
            if name == "login" and person.name != "nobody":
                continue  # Whoever is signed in is sent on.
            assert may({Role.ANONYMOUS}, _asks(name))
            with transaction.atomic():
                response = asked.send(browser_of(world, person.name), Origin="http://testserver")
                transaction.set_rollback(True)
            assert response.status_code == asked.status, (person, name)


@pytest.mark.parametrize("path", [CALL_CONTROL, INSIGHTS, DYNAMIC_VARIABLES])
def test_only_telnyx_delivers(world: World, path: str) -> None:
    body = b'{"data": {"event_type": "call.answered", "id": "e-1", "payload": {"call_control_id": "v3:x"}}}'
    for person in PEOPLE:
        with transaction.atomic():
            browser, before = browser_of(world, person.name), everything(world)
            door = DoorClient()
            door.cookies = browser.cookies
            assert door.post(path, body, content_type="application/json").status_code in {401, 503}, person
            assert everything(world) == before
            transaction.set_rollback(True)

    assert world.visit.leg.webhooks.deliver(body, path=path).status_code == 200


@pytest.mark.parametrize("name", [name for name in ASKS if name.startswith("tool-")])
def test_only_the_assistant_uses_tools(world: World, name: str) -> None:
    path = reverse(name)
    for person in PEOPLE:
        with transaction.atomic():
            browser, before = browser_of(world, person.name), everything(world)
            headers = {"Authorization": f"Bearer {world.token}"}
            for sent in ({}, headers):
                response = browser.post(path, b"{}", content_type="application/json", headers=sent)
                assert response.status_code in {401, 503}, person
            assert everything(world) == before
            transaction.set_rollback(True)
