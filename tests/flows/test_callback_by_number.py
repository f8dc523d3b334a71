"""A closer calls a prospect back: their own line first, then the number that was left."""

from collections.abc import Callable

import pytest
from django.conf import settings

from handoff.machine import State
from handoff.models import CallbackPromise, Closer
from sessions_app.models import VoiceSession
from tests.flows.calling import NUMBER, call, hang_up, promise_of
from tests.telnyx import Leg
from tests.visits import ANSWERS, PHONE, Visit, connect


def test_the_closer_s_line_is_up_before_the_number_is_dialled(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    assert made.dialled() == [f"sip:{alice.sip_username}@{settings.TELNYX_SIP_DOMAIN}"]
    assert made.state == State.ACCEPTED

    made.closer_answers()

    assert made.dialled()[1:] == [NUMBER]
    dial = made.visit.rest.asked("calls")[1]
    assert (dial["from"], dial["timeout_secs"]) == (settings.TELNYX_CALLER_NUMBER, 40)
    assert dial["connection_id"] == settings.TELNYX_CALL_CONTROL_APP_ID


def test_two_people_talk_and_the_promise_is_kept(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    made.visit.work()
    closer_leg.bridged()
    leg.bridged()

    (bridge,) = made.visit.commands("bridge")
    assert bridge.call_control_id == leg.call_control_id
    assert bridge.arguments == {"other": closer_leg.call_control_id}
    assert made.state == State.CONNECTED
    kept = promise_of(promised)
    assert (kept.kept_at is not None, kept.owner, kept.attempts) == (True, alice, 1)
    assert promised.kinds()[-2:] == ["callback.called", "callback.kept"]

    leg.hung_up(source="callee")
    assert made.state == State.WRAP_UP
    assert made.visit.session.ended_at is not None


def test_the_closer_has_all_that_was_said_before(talking: Visit, alice: Closer) -> None:
    Closer.objects.update(is_available=False)
    talking.finish({**ANSWERS, "phone": PHONE})
    talking.work()
    talking.leg.hung_up()

    made = call(talking, alice)

    session = made.visit.session
    assert session.previous_id == talking.session_id
    assert session.prospect == talking.session.prospect
    assert dict(session.fields.values_list("name", "value")) == {**ANSWERS, "phone": PHONE}
    assert len(made.visit.rest.asked("ai_assistant_start")) == 2, "those of the first visit"


def test_no_assistant_speaks_on_that_call(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    leg = made.prospect_leg()
    leg.answered()
    made.visit.work()

    assert made.visit.rest.asked("ai_assistant_start") == []
    assert made.visit.session.run_number == 0


def answer_before_the_reply(leg: Leg) -> None:
    leg.answered()
    leg.initiated(direction="outgoing")


def answer(leg: Leg) -> None:
    leg.initiated(direction="outgoing")
    leg.answered()


@pytest.mark.parametrize("order", [answer, answer_before_the_reply])
def test_the_order_of_the_prospect_s_first_events_does_not_matter(
    promised: Visit, alice: Closer, order: Callable[[Leg], None]
) -> None:
    made = call(promised, alice)
    made.closer_answers()

    order(made.prospect_leg())
    made.visit.work()

    assert made.state == State.BRIDGING
    assert len(made.visit.commands("bridge")) == 1


def test_a_leg_that_is_told_of_before_the_dial_s_own_answer_is_the_prospect_s(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    dial = made.visit.rest.asked("calls")[1]
    made.visit.session.legs.filter(role="prospect").delete()
    VoiceSession.objects.filter(pk=made.visit.session_id).update(call_control_id=None)
    early = Leg(promised.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, client_state=dial["client_state"])

    early.initiated(direction="outgoing")

    assert made.visit.session.legs.get(call_control_id=early.call_control_id).role == "prospect"
    assert made.visit.session.call_control_id == early.call_control_id


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("user_busy", "busy"), ("timeout", "no_answer"), ("call_rejected", "declined"), ("unallocated_number",) * 2],
)
def test_a_prospect_who_is_not_reached_leaves_the_promise_open_and_the_reason(
    promised: Visit, alice: Closer, cause: str, reason: str
) -> None:
    made = call(promised, alice)
    made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.hung_up(source="callee", cause=cause)
    made.visit.work()

    assert made.state == State.ABANDONED
    assert made.visit.handoff.outcome == reason
    assert len(made.visit.rest.asked("hangup")) == 1, "the closer's line"
    open_promise = promise_of(promised)
    assert (open_promise.kept_at, open_promise.attempts) == (None, 1)
    told = promised.session.timeline.get(kind="callback.unanswered")
    assert told.payload == {"reason": reason}
    assert made.visit.session.ended_at is not None
    assert not CallbackPromise.objects.filter(session_id=made.visit.session_id).exists()


def test_after_a_failed_try_it_can_be_tried_again(promised: Visit, alice: Closer) -> None:
    first = call(promised, alice)
    first.closer_answers()
    leg = first.prospect_leg()
    leg.hung_up(source="callee", cause="user_busy")
    first.visit.work()

    second = call(promised, alice)

    assert second.visit.session_id != first.visit.session_id
    assert promise_of(promised).attempts == 2


def test_the_closer_may_call_it_off(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")

    hang_up(made, alice)

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "called_off")
    assert len(made.visit.rest.asked("hangup")) == 2, "the prospect's phone stops too"
    assert made.visit.session.ended_at is not None


def test_a_closer_whose_own_line_fails_rings_nobody(promised: Visit, alice: Closer, ben: Closer) -> None:
    made = call(promised, alice)
    leg = made.visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.hung_up(source="callee", cause="user_busy")
    made.visit.work()

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "line_failed")
    assert len(made.dialled()) == 1
    assert made.visit.handoff.offers.count() == 0


def test_a_number_that_rings_for_ever_is_given_up(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    made.prospect_leg().initiated(direction="outgoing")

    made.visit.pass_time(26)
    assert made.state == State.BRIDGING
    made.visit.pass_time(51)
    made.visit.pass_time(2)

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "no_answer")
    assert len(made.dialled()) == 2
    assert len(made.visit.rest.asked("hangup")) == 2


def test_a_refused_dial_ends_the_try(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.visit.rest.refusals["dial"] = 422, "10015"
    made.closer_answers()

    assert made.state == State.UNANSWERED
    assert promise_of(promised).kept_at is None


def test_a_closer_whose_line_breaks_in_the_talk_is_rung_again(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    made.visit.work()
    closer_leg.bridged()
    closer_leg.hung_up(source="unknown")
    made.visit.pass_time(3)

    assert made.visit.ringing().closer == alice
    assert made.visit.session.ended_at is None
    assert "broke off" in made.visit.rest.asked("speak")[-1]["payload"]

    # The prospect is reached: the second attempt is an ordinary one, which nobody is called for.
    closers_again = connect(made.visit)
    assert (made.state, made.visit.attempt.number) == (State.CONNECTED, 2)
    assert made.visit.commands("bridge")[-1].call_control_id == leg.call_control_id
    assert [to for to in made.dialled() if to.startswith("+")] == [NUMBER]
    closers_again.hung_up(source="unknown")
    assert made.state == State.DROPPED
