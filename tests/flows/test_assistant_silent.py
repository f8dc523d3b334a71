"""An assistant whose start was confirmed and that never tells of itself leaves nobody in silence."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from handoff.events.silence import SHOWS_ITSELF_WITHIN
from handoff.models import CallbackPromise, Closer
from sessions_app.visits import tokens
from tests.flows.assistant import save
from tests.visits import Visit

WAIT = SHOWS_ITSELF_WITHIN.total_seconds() + 1


@pytest.fixture
def conversations(visit: Visit) -> list[dict[str, Any]]:
    """What Telnyx's list of conversations holds of the call."""
    visit.rest.lists = True
    return visit.rest.conversations


@pytest.fixture
def silent(visit: Visit, conversations: list[dict[str, Any]]) -> Visit:
    """The assistant was started, and nothing tells of it."""
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()
    return visit


def asked(visit: Visit) -> int:
    return int(visit.rest.router["conversations"].call_count)


def wait(visit: Visit) -> None:
    visit.pass_time(WAIT)
    visit.pass_time(1)


def test_a_person_is_rung_and_what_may_be_on_the_line_is_stopped(silent: Visit, alice: Closer) -> None:
    silent.pass_time(WAIT - 2)
    assert not silent.session.handoffs.exists()

    silent.pass_time(2)

    assert (silent.handoff.trigger, silent.ringing().closer) == ("assistant_failed", alice)
    assert len(silent.rest.asked("ai_assistant_stop")) == 1
    assert silent.handoff.prospect_free_at is not None
    assert len(silent.rest.asked("speak")) == 1


@pytest.mark.usefixtures("gathering")
def test_the_same_in_a_gather(conversations: list[Any], visit: Visit, alice: Closer) -> None:
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()
    wait(visit)

    assert visit.handoff.trigger == "assistant_failed"


def test_the_same_where_it_answers_the_call(
    conversations: list[Any], visit: Visit, settings: Settings, alice: Closer
) -> None:
    settings.TELNYX_ASSISTANT_START = "answer"
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()
    wait(visit)

    assert visit.handoff.trigger == "assistant_failed"


def test_with_nobody_there_a_callback_is_promised(silent: Visit) -> None:
    for _ in range(4):
        wait(silent)

    assert CallbackPromise.objects.filter(session=silent.session_id).exists()
    assert "goodbye" in silent.rest.asked("speak")[-1]["payload"]


@pytest.mark.parametrize(
    "sign",
    [
        lambda visit: visit.leg.conversation_created(visit.rest.conversation_id),
        lambda visit: save(visit, full_name="Ada"),
        lambda visit: visit.leg.partial({}, [{"role": "assistant", "content": "Hello."}]),
    ],
    ids=["its conversation", "a tool", "a turn"],
)
def test_whatever_tells_of_it_is_enough(silent: Visit, alice: Closer, sign: Callable[[Visit], Any]) -> None:
    sign(silent)
    wait(silent)

    assert not silent.session.handoffs.exists()
    assert silent.rest.asked("ai_assistant_stop") == []


def test_nobody_is_asked_about_one_that_told_of_itself(silent: Visit) -> None:
    silent.leg.conversation_created(silent.rest.conversation_id)
    wait(silent)

    assert asked(silent) == 0


def test_what_was_told_may_have_been_lost(silent: Visit, alice: Closer, conversations: list[Any]) -> None:
    conversations.append({"id": silent.rest.conversation_id, "created_at": timezone.now().isoformat(), "metadata": {}})
    wait(silent)

    assert asked(silent) == 1
    assert silent.session.assistant_started_at is not None
    assert not silent.session.handoffs.exists()


@pytest.mark.parametrize("status", [404, 503])
def test_not_to_be_told_is_no_reason_to_wait(silent: Visit, alice: Closer, status: int) -> None:
    silent.rest.refusals["conversations"] = status, ""
    wait(silent)

    assert silent.handoff.trigger == "assistant_failed"


def test_a_prospect_who_has_left_is_not_rung_for(silent: Visit, alice: Closer) -> None:
    silent.leg.hung_up()
    wait(silent)

    assert not silent.session.handoffs.exists()
