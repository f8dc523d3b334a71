"""A closer's call to keep a promise, and what the prospect's page is told of it."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from handoff import actions
from handoff.models import CallbackPromise, Closer
from sessions_app.models import VoiceSession
from sessions_app.visitor_page import page
from tests.telnyx import Leg
from tests.visits import PHONE, Visit

NUMBER = "+61412555018"


def promise(visit: Visit, phone: str = PHONE) -> CallbackPromise:
    return actions.promise_callback(visit.session_id, name="Ada Lovelace", phone=phone, when=None, now=timezone.now())


def promise_of(visit: Visit) -> CallbackPromise:
    return CallbackPromise.objects.get(session_id=visit.session_id)


@dataclass
class Call:
    """The call that shall keep a promise."""

    promised: Visit
    visit: Visit

    @property
    def state(self) -> str:
        return self.visit.state

    def closer_answers(self) -> Leg:
        leg = self.visit.closer_leg()
        leg.initiated(direction="outgoing")
        leg.answered()
        self.visit.work()
        return leg

    def prospect_leg(self) -> Leg:
        """The leg that was dialled to the prospect's number."""
        return self.visit.closer_leg()

    def dialled(self) -> list[str]:
        return [body["to"] for body in self.visit.rest.asked("calls")]


def call(visit: Visit, closer: Closer) -> Call:
    handoff = actions.call_back(promise_of(visit).pk, closer=closer, now=timezone.now())
    made = Visit(handoff.session_id, visit.leg, visit.rest, visit.clock)
    made.work()
    return Call(visit, made)


def open_page(visit: Visit) -> None:
    VoiceSession.objects.filter(pk=visit.session_id).update(page_seen_at=timezone.now())


def calling(visit: Visit) -> dict[str, Any] | None:
    ringing: dict[str, Any] | None = page.state(visit.session)["calling"]
    return ringing


def hang_up(call: Call, closer: Closer) -> None:
    actions.hang_up(call.visit.handoff.pk, closer=closer, now=timezone.now())
    call.visit.work()
