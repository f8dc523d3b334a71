"""A callback whose events come in any order, or not at all, ends as it should."""

from collections.abc import Callable
from itertools import permutations
from random import Random

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from handoff.machine import SETTLED_STATES, State
from handoff.models import Closer
from tests.flows.calling import Call, call, hang_up, promise_of
from tests.telnyx import Leg
from tests.visits import Visit

ORDERS = Random(20261122).sample(list(permutations(range(6))), 24)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_whatever_the_order_of_what_is_told_there_is_one_bridge_and_one_end(
    promised: Visit, alice: Closer, order: tuple[int, ...]
) -> None:
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    leg = made.prospect_leg()
    facts: list[Callable[[], None]] = [
        lambda: leg.initiated(direction="outgoing"),
        leg.answered,
        closer_leg.bridged,
        leg.bridged,
        lambda: leg.hung_up(source="callee"),
        lambda: closer_leg.hung_up(source="unknown"),
    ]

    for number in order:
        facts[number]()
        made.visit.work()
    made.visit.pass_time(200)

    assert made.visit.handoff.state in SETTLED_STATES
    assert made.visit.session.ended_at is not None
    assert len(made.visit.commands("bridge")) <= 1
    assert len(made.dialled()) == 2
    has_talked = made.visit.handoff.connected_at is not None
    assert (promise_of(promised).kept_at is not None) is has_talked
    assert promised.kinds().count("callback.unanswered") + has_talked <= 1


def lose_the_reply(made: Call) -> Leg:
    """The dial is carried out, but no answer ever comes; the events of the new leg do."""
    made.visit.rest.router["dial"].mock(side_effect=httpx.ReadTimeout)
    made.closer_answers()
    state = made.visit.rest.asked("calls")[-1]["client_state"]
    return Leg(made.visit.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, client_state=state)


def test_a_dial_whose_reply_was_lost_is_believed_by_its_events(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    leg = lose_the_reply(made)
    leg.initiated(direction="outgoing")
    made.visit.pass_time(20)
    made.visit.pass_time(26)
    assert made.state == State.BRIDGING

    leg.answered()
    made.visit.work()

    assert len(made.visit.commands("bridge")) == 1
    assert len({body["command_id"] for body in made.visit.rest.asked("calls")}) == 2


@pytest.mark.parametrize("event", ["initiated", "answered"])
def test_a_prospect_whose_leg_is_told_of_when_nobody_waits_is_hung_up(
    promised: Visit, alice: Closer, event: str
) -> None:
    made = call(promised, alice)
    leg = lose_the_reply(made)
    if event == "answered":
        leg.initiated(direction="outgoing")
        made.visit.session.legs.filter(call_control_id=leg.call_control_id).update(ended_at=timezone.now())
        hang_up(made, alice)
        made.visit.session.legs.filter(call_control_id=leg.call_control_id).update(ended_at=None)
        leg.answered()
    else:
        hang_up(made, alice)
        leg.initiated(direction="outgoing")
    made.visit.work()

    paths = [call.request.url.path for call in made.visit.rest.router.calls]
    assert sum(path.endswith(f"{leg.call_control_id}/actions/hangup") for path in paths) == 1
    assert made.visit.commands("bridge") == []
