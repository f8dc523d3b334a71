"""The end of a gather may be told when the next one was asked for, with the state of the newest command."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from handoff.models import Closer
from sessions_app.conversation import runs
from sessions_app.models import Run
from tests.visits import ANSWERS, Visit

pytestmark = pytest.mark.usefixtures("gathering")


@pytest.fixture
def second(monday: Any, carol: Closer, talking: Visit) -> Run:
    """Only the conversation's end was told of the first gather; as nobody is free, the second one is begun."""
    talking.leg.ended_conversation(talking.rest.conversation_id)
    talking.pass_time(3)
    run = talking.session.runs.get(number=2)
    assert run.purpose == Run.Purpose.CALLBACK
    return run


def end(visit: Visit, run: Run, *, at: datetime, status: str = "valid") -> None:
    payload = {**visit.leg.ids(), "client_state": runs.mark(run), "status": status, "result": ANSWERS}
    visit.leg.webhooks.event("call.ai_gather.ended", {**payload, "message_history": []}, occurred_at=at)
    visit.work()


def ended(visit: Visit) -> dict[int, bool]:
    return {run.number: run.status != "" for run in visit.session.runs.all()}


@pytest.mark.parametrize("status", ["valid", "invalid"])
def test_an_end_before_the_second_was_asked_for_is_the_first_s(talking: Visit, second: Run, status: str) -> None:
    end(talking, second, at=second.requested_at - timedelta(seconds=1), status=status)

    assert ended(talking) == {1: True, 2: False}
    assert talking.session.runs.get(number=2).ended_at is None
    assert talking.rest.hang_ups == []


def test_an_end_before_the_second_had_begun_is_the_first_s(talking: Visit, second: Run) -> None:
    talking.clock.advance(2)
    talking.leg.conversation_created(second.conversation_id or "")
    end(talking, second, at=second.requested_at + timedelta(seconds=1))

    assert ended(talking) == {1: True, 2: False}


def test_an_end_while_the_second_is_being_asked_for_is_the_first_s(monday: Any, carol: Closer, talking: Visit) -> None:
    talking.rest.refusals["gather_using_ai"] = 422, "90061"
    talking.leg.ended_conversation(talking.rest.conversation_id)
    talking.pass_time(3)
    end(talking, talking.session.runs.get(number=2), at=timezone.now())

    assert ended(talking) == {1: True, 2: False}


def test_the_second_s_own_end_is_its_own(talking: Visit, second: Run) -> None:
    talking.leg.conversation_created(second.conversation_id or "")
    talking.clock.advance(5)
    end(talking, second, at=timezone.now())

    assert ended(talking) == {1: False, 2: True}
