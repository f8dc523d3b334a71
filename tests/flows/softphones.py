"""The softphone of a closer's open dashboard: registered, rung, and not where it is rung."""

from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from handoff import actions, selectors
from handoff.closers import readiness
from handoff.models import Closer
from sessions_app.models import TelephonyCredential
from tests.telnyx import Leg
from tests.visits import Visit


class Page:
    """One open dashboard of a closer."""

    def __init__(self, closer: Closer) -> None:
        self.closer, self.name, self.username = closer, uuid4(), ""

    def log_in(self) -> str:
        self.username = actions.softphone_login(self.closer, page=self.name, now=timezone.now()).username
        return self.username

    def says(self, *, username: str | None = None, page: UUID | None = None) -> bool:
        """What the page proves every few seconds; True when it is told to register anew."""
        on = self.username if username is None else username
        given = {"softphone": bool(on), "microphone": True, "sound": True}
        return actions.report_presence(self.closer, **given, page=page or self.name, username=on, now=timezone.now())

    def registers(self) -> str:
        username = self.log_in()
        self.says()
        return username

    def credential(self) -> TelephonyCredential:
        return TelephonyCredential.objects.get(sip_username=self.username)


def of(closer: Closer) -> Closer:
    return Closer.objects.get(pk=closer.pk)


def missing(closer: Closer) -> tuple[str, ...]:
    return readiness.missing(of(closer))


def must_register(closer: Closer) -> bool:
    return selectors.must_register(closer)


def dialled(visit: Visit) -> list[str]:
    """The logins that were dialled."""
    return [one["to"].removeprefix("sip:").partition("@")[0] for one in visit.rest.asked("calls")]


def accepted(visit: Visit) -> Leg:
    leg = visit.accept()
    leg.initiated(direction="outgoing")
    return leg


def absent(leg: Leg, *, cause: str = "unspecified", sip: str = "480") -> None:
    leg.hung_up(source="callee", cause=cause, sip=sip)


def lookups(visit: Visit) -> int:
    return int(visit.rest.router["registration"].call_count)


@pytest.fixture
def page(waiting_for_alice: Visit, alice: Closer) -> Page:
    """Alice's dashboard, open and registered."""
    opened = Page(alice)
    opened.registers()
    return opened
