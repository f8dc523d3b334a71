"""The prospect leaves while the closer's phone rings: Telnyx ends both legs, and may tell of either one first."""

import pytest

from handoff.machine import State
from handoff.models import CallbackPromise, Closer, RoutingPolicy
from sessions_app.models import Team
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit, accept


def ringing_leg(visit: Visit, method: str) -> Leg:
    if method == RoutingPolicy.Method.BRIDGE:
        return visit.accept()
    accept(visit)
    (asked,) = visit.rest.asked("transfer")
    state = asked["target_leg_client_state"]
    return Leg(visit.leg.webhooks, visit.leg.connection_id, client_state=state)


@pytest.mark.parametrize("method", [RoutingPolicy.Method.BRIDGE, RoutingPolicy.Method.TRANSFER])
@pytest.mark.parametrize("prospect_first", [True, False])
def test_it_is_abandoned_whoever_s_end_is_told_first(
    sales: Team, talking: Visit, alice: Closer, method: str, prospect_first: bool
) -> None:
    RoutingPolicy.objects.filter(team=sales).update(method=method)
    talking.finish(ANSWERS)
    talking.work()
    closer_leg = ringing_leg(talking, method)
    closer_leg.initiated(direction="outgoing")
    ends = [talking.leg.hung_up, lambda: closer_leg.hung_up(cause="originator_cancel")]

    for hang_up in ends if prospect_first else reversed(ends):
        hang_up()
    talking.pass_time(2)

    assert talking.state == State.ABANDONED
    assert not CallbackPromise.objects.exists()


def test_a_prospect_of_whose_end_nobody_tells_is_looked_up(talking: Visit, alice: Closer) -> None:
    talking.finish(ANSWERS)
    talking.work()
    closer_leg = talking.accept()
    closer_leg.initiated(direction="outgoing")
    talking.rest.alive = False

    closer_leg.hung_up(cause="originator_cancel")
    talking.work()

    assert talking.state == State.ABANDONED
    assert talking.session.ended_at is not None


def test_a_closer_who_is_lost_for_good_still_leads_to_a_promise(talking: Visit, alice: Closer) -> None:
    talking.finish(ANSWERS)
    talking.work()
    closer_leg = talking.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.hung_up(source="callee", cause="call_rejected")
    assert talking.state == State.RESERVED

    talking.pass_time(2)

    assert talking.state == State.UNANSWERED
