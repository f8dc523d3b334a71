"""How many statements one event costs from the moment its session is held: in the rows, and in what follows."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from handoff.models import Closer
from sessions_app.conversation import runs
from sessions_app.inbox import fold, hooks
from sessions_app.inbox.situation import Situation
from sessions_app.visits import visits
from telephony import inbound
from tests.telnyx import envelope
from tests.visits import ANSWERS, Visit

PARTIAL = "call.ai_gather.partial_results"
UPDATED = "call.ai_gather.message_history_updated"
GATHERED = "call.ai_gather.ended"
ENDED = "call.conversation.ended"


def history(length: int) -> list[dict[str, str]]:
    roles = ("assistant", "user")
    return [{"role": roles[place % 2], "content": f"What was said as number {place}."} for place in range(length)]


def known(count: int) -> dict[str, str]:
    return dict(list(ANSWERS.items())[:count])


@dataclass
class Told:
    """A visit that is told of events one by one, each counted."""

    visit: Visit
    names: list[str] = field(default_factory=list)

    def __call__(self, event_type: str, **payload: Any) -> tuple[int, int]:
        """Statements of the fold, and of what it sets off."""
        now = timezone.now()
        told = {**self.visit.leg.ids(), **payload}
        body = envelope(event_type, told, event_id=f"event {now}", occurred_at=now)
        event = inbound.reread(body, content_type="application/json", received_at=now)
        with transaction.atomic():
            situation = Situation(event, visits.lock(self.visit.session_id))
            with CaptureQueriesContext(connection) as folded:
                fold.fold(event, situation)
            with CaptureQueriesContext(connection) as followed:
                hooks.registered().react(event, situation, now)
        self.names = [one["sql"] for one in (*folded, *followed)]
        return len(folded), len(followed)


@pytest.fixture
def told(talking: Visit) -> Told:
    run = runs.find(talking.session, 1)
    assert run is not None
    assert run.started_at is not None
    return Told(talking)


@pytest.fixture
def gathers(gathering: None, told: Told) -> Told:
    return told


def test_a_partial_with_a_new_turn_and_a_new_answer(gathers: Told) -> None:
    gathers(PARTIAL, partial_results=known(1), message_history=history(9))

    # The turn and its entry; the fields read and written, the prospect's address, and its entry.
    assert gathers(PARTIAL, partial_results=known(2), message_history=history(10)) == (6, 0)


def test_a_partial_that_tells_nothing_new(gathers: Told) -> None:
    gathers(PARTIAL, partial_results=known(2), message_history=history(10))

    # When it was told last: of the turns, and of the answers, which are read before.
    assert gathers(PARTIAL, partial_results=known(2), message_history=history(10)) == (3, 0)


def test_a_partial_while_a_closer_rings_early(gathers: Told, alice: Closer) -> None:
    gathers(PARTIAL, partial_results=known(3), message_history=history(10))
    assert gathers.visit.state == "ringing"

    assert gathers(PARTIAL, partial_results=known(3), message_history=history(10)) == (3, 1)


@pytest.mark.parametrize("length", [10, 500])
def test_one_more_turn(told: Told, length: int) -> None:
    told(UPDATED, message_history=history(length - 1))

    assert told(UPDATED, message_history=history(length)) == (2, 0)


def test_the_end_of_the_assistant_with_a_closer_who_is_ready(told: Told, alice: Closer) -> None:
    told(UPDATED, message_history=history(10))
    fold_, react = told(
        ENDED, reason="completed", messages=history(10), conversation_id=told.visit.rest.conversation_id
    )

    assert told.visit.state == "ringing"
    assert (fold_, react) == (4, 24)


def test_the_end_of_the_assistant_with_nobody_ready(told: Told, carol: Closer) -> None:
    told(UPDATED, message_history=history(10))
    fold_, react = told(
        ENDED, reason="completed", messages=history(10), conversation_id=told.visit.rest.conversation_id
    )

    assert told.visit.state == "unanswered"
    assert (fold_, react) == (4, 27)


def test_the_end_of_a_gather_with_a_closer_who_is_ready(gathers: Told, alice: Closer) -> None:
    gathers(PARTIAL, partial_results=known(2), message_history=history(10))
    gathers.visit.clock.advance(timedelta(seconds=2).total_seconds())
    fold_, react = gathers(GATHERED, status="valid", result=ANSWERS, message_history=history(12))

    assert gathers.visit.state == "ringing"
    assert (fold_, react) == (10, 21)
