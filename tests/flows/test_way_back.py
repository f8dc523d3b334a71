"""The page is asked to come back on a fresh leg, and that leg does not come up, or comes too late."""

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Command, Offer
from sessions_app.models import LegRefusal, Run
from sessions_app.visitor_page import page
from sessions_app.visits import credentials
from tests.flows.assistant import let_it_finish, save, seat
from tests.flows.test_anonymous import end_with_the_assistant
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit


@pytest.fixture
def unstoppable(talking: Visit, alice: Closer) -> Visit:
    """Alice waits in her seat for a page whose assistant could not be stopped."""
    talking.rest.refusals["ai_assistant_stop"] = (422, "10015")
    save(talking, **ANSWERS)
    seat(talking)
    assert must_rejoin(talking)
    return talking


def must_rejoin(visit: Visit) -> bool:
    return bool(page.state(visit.session)["rejoin"])


def come_back(visit: Visit) -> Leg:
    answer = visit.post("rejoin")
    assert answer.status_code == 201
    leg = Leg(visit.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    leg.initiated(from_=answer.json()["credentials"]["username"])
    return leg


def meets_limit(leg: Leg) -> None:
    reason = "User channel limit exceeded D1"
    leg.says(
        "call.hangup", hangup_cause="call_rejected", hangup_source="unknown", sip_hangup_cause="403", sip_reason=reason
    )


def test_one_that_never_came_up_is_tried_again(unstoppable: Visit) -> None:
    come_back(unstoppable).hung_up(source="caller", cause="originator_cancel", sip="487")
    unstoppable.work()
    assert unstoppable.session.ended_at is None
    assert must_rejoin(unstoppable)

    leg = come_back(unstoppable)
    unstoppable.work()
    leg.answered()
    unstoppable.work()

    assert len(unstoppable.rest.asked("bridge")) == 1


def test_one_that_met_a_limit_is_tried_again_and_says_so(unstoppable: Visit) -> None:
    meets_limit(come_back(unstoppable))
    unstoppable.work()

    assert unstoppable.session.ended_at is None
    assert must_rejoin(unstoppable)
    assert unstoppable.session.met_busy_lines
    assert LegRefusal.objects.get().code == "D1"


def test_a_limit_counts_also_where_the_assistant_s_own_call_was_never_told_of(
    anonymous: Visit,
    alice: Closer,
) -> None:
    actions.request_handoff(anonymous.session_id, reason="requested", now=timezone.now())
    username = credentials.mint_for_session(anonymous.session, now=timezone.now()).username
    leg = Leg(anonymous.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    leg.initiated(from_=username)
    assert not anonymous.session.has_rejoined

    meets_limit(leg)

    anonymous.work()
    refusal = LegRefusal.objects.get()
    assert (refusal.code, refusal.count) == ("D1", 1)
    assert anonymous.session.met_busy_lines
    assert anonymous.session.ended_at is None


@pytest.mark.parametrize(("status", "code"), [(403, "90041"), (422, "10015")])
def test_one_that_could_not_be_answered_is_let_go_and_tried_again(unstoppable: Visit, status: int, code: str) -> None:
    unstoppable.rest.refusals["answer"] = (status, code)
    leg = come_back(unstoppable)
    unstoppable.work()
    assert f"/{leg.call_control_id}/" in str(unstoppable.rest.hang_ups[-1].url)
    leg.hung_up()

    assert unstoppable.session.ended_at is None
    assert must_rejoin(unstoppable)


def test_the_same_from_an_assistant_s_own_call(claimed: Visit, alice: Closer) -> None:
    end_with_the_assistant(claimed)
    claimed.work()
    claimed.rest.refusals["answer"] = (403, "90041")
    come_back(claimed).hung_up()
    claimed.work()

    assert claimed.session.ended_at is None
    assert must_rejoin(claimed)


def test_who_came_back_and_hangs_up_is_gone_in_whichever_order_it_is_told(unstoppable: Visit) -> None:
    leg = come_back(unstoppable)
    unstoppable.work()
    leg.hung_up()
    leg.answered()

    assert unstoppable.session.end_reason == "hung_up"


def test_the_page_itself_may_leave_meanwhile(unstoppable: Visit) -> None:
    come_back(unstoppable).hung_up()
    unstoppable.work()
    unstoppable.post("leave")

    assert unstoppable.session.ended_at is not None
    assert unstoppable.state in {State.ABANDONED, State.WRAP_UP}


def back_too_late(visit: Visit, answer: Any) -> Leg:
    """The page places its call with what it was given before nobody was found."""
    assert visit.state == State.UNANSWERED
    leg = Leg(visit.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    leg.initiated(from_=answer.json()["credentials"]["username"])
    visit.work()
    leg.answered()
    visit.work()
    return leg


def kinds_on(leg: Leg) -> set[str]:
    return set(Command.objects.filter(call_control_id=leg.call_control_id).values_list("kind", flat=True))


def test_who_comes_back_too_late_is_told_what_is_promised(monday: Any, carol: Closer, talking: Visit) -> None:
    talking.rest.refusals["ai_assistant_stop"] = (422, "10015")
    save(talking, **ANSWERS)
    let_it_finish(talking)
    answer = talking.post("rejoin")
    talking.leg.ended_conversation(talking.rest.conversation_id)
    talking.pass_time(2)
    talking.pass_time(2)
    leg = back_too_late(talking, answer)

    assert "start_assistant" in kinds_on(leg)
    assert talking.session.runs.get(number=2).purpose == Run.Purpose.CALLBACK


def test_an_anonymous_visitor_who_comes_back_too_late_is_told_too(
    claimed: Visit,
    carol: Closer,
    alice: Closer,
) -> None:
    end_with_the_assistant(claimed)
    claimed.work()
    answer = claimed.post("rejoin")
    Closer.objects.update(is_available=False)
    Offer.objects.filter(state=Offer.State.RINGING).update(state=Offer.State.WITHDRAWN)
    for _ in range(15):
        claimed.pass_time(6)
    leg = back_too_late(claimed, answer)

    assert kinds_on(leg) & {"start_assistant", "start_gather", "speak"}
