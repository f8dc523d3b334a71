"""Turns of a hand-over after which nobody would say anything more, or somebody would speak over somebody else."""

from typing import Any

import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer
from sessions_app.conversation import runs
from sessions_app.models import Run
from tests.flows.assistant import LAST, MOST, let_it_finish, save, seat
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit


def says(visit: Visit) -> list[str]:
    return [one["payload"] for one in visit.rest.asked("speak")]


def speech_ended(visit: Visit) -> None:
    state = visit.rest.asked("speak")[-1]["client_state"]
    visit.leg.says("call.speak.ended", status="completed", client_state=state)
    visit.work()


def announced(visit: Visit) -> Leg:
    """A closer takes over, the assistant is stopped, and the sentence that names them is being spoken."""
    save(visit, **MOST)
    closer = visit.ringing().closer
    leg = seat(visit)
    actions.take_over(visit.handoff.pk, closer=closer, now=timezone.now())
    visit.work()
    visit.leg.ended_conversation(visit.rest.conversation_id)
    visit.work()
    assert ["joining us now" in one for one in says(visit)] == [True]
    return leg


@pytest.mark.parametrize("how", ["lost", "released"])
def test_a_closer_goes_while_they_are_announced(talking: Visit, alice: Closer, ben: Closer, how: str) -> None:
    leg = announced(talking)
    if how == "lost":
        leg.hung_up()
    else:
        actions.hang_up(talking.handoff.pk, closer=talking.handoff.closer, now=timezone.now())
    talking.work()
    speech_ended(talking)

    assert talking.state in {State.RINGING, State.RESERVED}
    assert talking.handoff.prospect_free_at is not None
    assert talking.handoff.give_up_at is not None
    assert len(says(talking)) == 2


def test_a_stop_without_an_answer_keeps_a_warm_seat_no_longer_than_a_last_sentence(
    talking: Visit, alice: Closer
) -> None:
    talking.rest.refusals["ai_assistant_stop"] = (504, "")
    save(talking, **ANSWERS)
    seat(talking)
    assert talking.state == State.SEATED
    for _ in range(4):
        talking.pass_time(3)

    assert talking.state == State.BRIDGING
    assert talking.session.legs.get(role="prospect").refused_at is not None


def test_the_same_where_the_seat_was_warm_before_all_was_known(talking: Visit, alice: Closer) -> None:
    talking.rest.refusals["ai_assistant_stop"] = (504, "")
    save(talking, **MOST)
    seat(talking)
    save(talking, **LAST)
    for _ in range(5):
        talking.pass_time(3)

    assert talking.state == State.BRIDGING


def test_a_prospect_who_is_said_to_have_left_and_is_there(talking: Visit, alice: Closer) -> None:
    talking.leg.ended_conversation(talking.rest.conversation_id, reason="customer_disconnect")
    talking.pass_time(3)
    talking.work()

    assert talking.handoff.trigger == "conversation_ended"


def test_a_prospect_who_left_is_not_looked_for(talking: Visit, alice: Closer) -> None:
    talking.leg.ended_conversation(talking.rest.conversation_id, reason="customer_disconnect")
    talking.leg.hung_up()
    talking.pass_time(3)

    assert not talking.session.handoffs.exists()
    assert [one.state for one in talking.commands("look_up")] == ["dropped"]


def test_a_prospect_whose_end_is_lost_is_gone_all_the_same(talking: Visit, alice: Closer) -> None:
    talking.rest.alive = False
    talking.leg.ended_conversation(talking.rest.conversation_id, reason="customer_disconnect")
    talking.pass_time(3)
    talking.work()

    assert talking.session.ended_at is not None
    assert not talking.session.handoffs.exists()


@pytest.mark.usefixtures("gathering")
def test_a_gather_that_failed_is_not_begun_again_over_the_goodbye(booking: Visit) -> None:
    run = booking.session.runs.get(number=2)
    booking.leg.client_state = runs.mark(run)
    booking.leg.ended_conversation(run.conversation_id or "")
    booking.pass_time(3)
    assert says(booking)[-1].endswith("Thank you, and goodbye.")
    gathers = len(booking.rest.asked("gather_using_ai"))

    booking.leg.says("call.ai_gather.ended", status="client_error", result=None, message_history=[])
    booking.work()

    assert len(booking.rest.asked("gather_using_ai")) == gathers


@pytest.mark.usefixtures("gathering")
def test_nothing_is_said_beside_a_gather_that_cannot_be_stopped(booking: Visit) -> None:
    booking.rest.refusals["ai_assistant_stop"] = (422, "10015")
    before = says(booking)
    booking.leg.conversation_created(booking.session.runs.get(number=2).conversation_id or "")
    booking.pass_time(185)
    booking.pass_time(1)

    assert says(booking) == before
    assert len(booking.rest.asked("ai_assistant_stop")) == 1
    assert len(booking.rest.hang_ups) == 1


@pytest.mark.usefixtures("gathering")
def test_a_talk_that_takes_too_long_is_stopped_and_then_said_goodbye_to(booking: Visit) -> None:
    booking.leg.conversation_created(booking.session.runs.get(number=2).conversation_id or "")
    booking.pass_time(185)
    booking.pass_time(1)

    assert len(booking.rest.asked("ai_assistant_stop")) == 1
    assert says(booking)[-1].endswith("goodbye.")


@pytest.mark.usefixtures("gathering")
@pytest.mark.parametrize(("status", "reason"), [("invalid", "gather_invalid"), ("client_error", "assistant_failed")])
def test_whoever_rings_already_is_told_that_not_all_was_found_out(
    talking: Visit, alice: Closer, status: str, reason: str
) -> None:
    talking.leg.partial({name: ANSWERS[name] for name in ("full_name", "email", "budget")})
    talking.leg.client_state = runs.mark(talking.session.runs.get())
    talking.leg.says("call.ai_gather.ended", status=status, result=MOST, message_history=[])
    talking.work()

    assert talking.handoff.trigger == "fields_known"
    assert talking.session.timeline.get(kind="assistant.fell_short").payload == {"reason": reason}


def handed_back(visit: Visit, closer: Closer) -> None:
    """The closer takes over at once, talks, and gives the call back to the assistant."""
    actions.take(visit.session_id, closer=closer, immediately=True, now=timezone.now())
    visit.work()
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    visit.leg.ended_conversation(visit.rest.conversation_id)
    speech_ended(visit)
    leg.bridged()
    visit.leg.bridged()
    handoff = visit.handoff
    assert handoff.state == State.CONNECTED
    actions.hand_back(handoff.pk, closer=closer, instruction="Ask for what is missing.", now=timezone.now())
    visit.work()
    leg.hung_up()
    visit.work()
    assert visit.session.runs.get(number=2).purpose == Run.Purpose.RETURNED
    actions.complete(handoff.pk, closer=closer, disposition="call_back", now=timezone.now())


def test_what_was_missing_is_known_after_a_hand_back(talking: Visit, alice: Closer) -> None:
    save(talking, full_name="Ada", email="ada@example.com")
    handed_back(talking, alice)
    save(talking, budget="20000")
    assert talking.session.handoffs.count() == 1
    save(talking, **LAST)
    let_it_finish(talking)

    assert talking.session.handoffs.latest("triggered_at").trigger == "answers_complete"
    assert talking.session.handoffs.count() == 2


def test_a_hand_back_with_nothing_missing_is_for_something_else(talking: Visit, alice: Closer) -> None:
    save(talking, **ANSWERS)
    handed_back(talking, alice)
    talking.pass_time(2)
    save(talking, phone="0412 555 018")
    let_it_finish(talking)

    assert talking.session.handoffs.count() == 1


def test_an_answer_given_while_a_callback_is_booked_rings_nobody(monday: Any, carol: Closer, talking: Visit) -> None:
    save(talking, **MOST)
    talking.leg.ended_conversation(talking.rest.conversation_id)
    talking.work()
    assert talking.session.runs.get(number=2).purpose == Run.Purpose.CALLBACK
    save(talking, **LAST)
    let_it_finish(talking)

    assert talking.session.handoffs.count() == 1
