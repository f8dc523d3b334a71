"""A call that keeps a promise meets the account’s limits."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from handoff import actions
from handoff.machine import State
from handoff.models import Closer
from tests.flows import calling
from tests.flows.test_lines_busy import is_blamed, refuse_dials
from tests.telnyx import Leg
from tests.visits import Visit


def refused_by_rest(call: calling.Call) -> None:
    refuse_dials(call.visit)
    call.closer_answers()


def refused_by_event(call: calling.Call) -> None:
    call.closer_answers()
    leg = call.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.says(
        "call.hangup", hangup_cause="call_rejected", hangup_source="callee", sip_reason="User channel limit exceeded D1"
    )
    call.visit.work()


@pytest.mark.parametrize("refused", [refused_by_rest, refused_by_event])
def test_a_callback_that_finds_no_line_keeps_the_promise_and_says_why(
    promised: Visit, alice: Closer, refused: Callable[[calling.Call], Any]
) -> None:
    call = calling.call(promised, alice)

    refused(call)
    call.visit.pass_time(2)

    assert (call.visit.state in {State.UNANSWERED, State.ABANDONED, State.COMPLETED}, call.visit.handoff.outcome) == (
        True,
        "lines_busy",
    )
    assert calling.promise_of(promised).kept_at is None
    (told,) = [entry for entry in promised.session.timeline.all() if entry.kind == "callback.unanswered"]
    assert told.payload["reason"] == "lines_busy"
    assert not is_blamed(alice)


def test_a_page_that_is_called_back_and_meets_a_limit_has_not_let_it_ring(promised: Visit, alice: Closer) -> None:
    calling.open_page(promised)
    call = calling.call(promised, alice)
    call.closer_answers()
    promised.rest.refusals["answer"] = (403, "90041")
    username = call.visit.post("rejoin").json()["credentials"]["username"]

    Leg(promised.leg.webhooks, settings.TELNYX_CONNECTION_ID).initiated(from_=username)
    call.visit.work()

    told = promised.session.timeline.get(kind="callback.unanswered")
    assert (call.visit.handoff.outcome, told.payload["reason"]) == ("lines_busy", "lines_busy")


def test_a_callback_whose_closer_s_line_is_not_free_is_tried_again_for_a_while(promised: Visit, alice: Closer) -> None:
    refuse_dials(promised)
    call = calling.call(promised, alice)
    assert call.state == State.QUEUED

    for _ in range(14):
        call.visit.pass_time(5)

    assert (call.state, call.visit.handoff.outcome) == (State.UNANSWERED, "lines_busy")
    assert len(call.visit.commands("dial")) > 5
    assert calling.promise_of(promised).kept_at is None


def test_a_callback_that_does_not_fit_is_not_begun(promised: Visit, alice: Closer, settings: Any) -> None:
    settings.TELNYX_MAX_LEGS = 3  # The first visit's page is still there.

    with pytest.raises(actions.ActionRefused, match="All our lines are busy") as refusal:
        calling.call(promised, alice)

    assert refusal.value.code == "lines_busy"
    assert calling.promise_of(promised).attempts == 0
