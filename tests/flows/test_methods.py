"""The same hand-over by transfer and by conference."""

import pytest
from django.utils import timezone

from handoff.machine import State
from handoff.models import Closer, RoutingPolicy
from sessions_app.inbox import intake
from sessions_app.inbox.intake import PARKED_FOR
from sessions_app.models import Team, WebhookDelivery
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit, accept


def use(team: Team, method: str) -> None:
    RoutingPolicy.objects.filter(team=team).update(method=method)


@pytest.fixture
def transferring(sales: Team, talking: Visit, alice: Closer) -> Visit:
    use(sales, RoutingPolicy.Method.TRANSFER)
    talking.finish(ANSWERS)
    return talking


@pytest.fixture
def conferring(sales: Team, talking: Visit, alice: Closer) -> Visit:
    use(sales, RoutingPolicy.Method.CONFERENCE)
    talking.finish(ANSWERS)
    return talking


def target_leg(visit: Visit) -> Leg:
    """The leg that Telnyx makes for a transfer: it carries our mark and the call's session."""
    (asked,) = visit.rest.asked("transfer")
    return Leg(
        visit.leg.webhooks,
        visit.leg.connection_id,
        call_session_id=visit.leg.call_session_id,
        client_state=asked["target_leg_client_state"],
        to=asked["to"],
        platform=visit.leg.platform,
    )


def test_a_transfer_joins_by_itself(transferring: Visit, alice: Closer) -> None:
    visit = transferring
    accept(visit)
    (asked,) = visit.rest.asked("transfer")
    assert asked["to"].startswith(f"sip:{alice.sip_username}@")
    assert asked["park_after_unbridge"] == "self"

    leg = target_leg(visit)
    leg.initiated(direction="outgoing")
    leg.answered()
    leg.bridged()
    visit.leg.bridged()

    assert visit.state == State.CONNECTED
    assert visit.handoff.closer_leg is not None
    assert visit.handoff.closer_leg.call_control_id == leg.call_control_id
    assert visit.commands("bridge") == visit.commands("dial") == []


def test_what_is_told_of_a_leg_before_its_beginning_waits_for_it(transferring: Visit, alice: Closer) -> None:
    """It is in the prospect's own call session, so its visit is known; but not yet whose leg it is."""
    visit = transferring
    accept(visit)
    leg = target_leg(visit)

    leg.answered()
    leg.bridged()
    visit.leg.bridged()
    assert set(deliveries(leg)) == {"parked"}
    leg.initiated(direction="outgoing")

    assert (visit.state, visit.handoff.closer) == (State.CONNECTED, alice)
    assert set(deliveries(leg)) == {"processed"}


def test_what_is_told_of_a_leg_that_never_begins_is_nobody_s_work_in_the_end(transferring: Visit) -> None:
    visit = transferring
    accept(visit)
    leg = target_leg(visit)
    leg.bridged()

    visit.pass_time(PARKED_FOR.total_seconds() + 30)
    intake.retry_due(now=timezone.now())

    assert deliveries(leg) == ["processed"]


def deliveries(leg: Leg) -> list[str]:
    told = WebhookDelivery.objects.filter(call_control_id=leg.call_control_id)
    return list(told.values_list("status", flat=True))


def test_a_transfer_that_is_not_answered_rings_the_next_closer(transferring: Visit, ben: Closer) -> None:
    visit = transferring
    accept(visit)
    leg = target_leg(visit)
    leg.initiated(direction="outgoing")

    leg.hung_up(source="callee", cause="timeout")

    assert visit.ringing().closer == ben
    assert visit.session.ended_at is None


def test_a_conference_is_made_around_the_prospect_and_joined_by_the_closer(conferring: Visit) -> None:
    visit = conferring
    accept(visit)
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    visit.work()

    (created,) = visit.rest.asked("conferences")
    (joined,) = visit.rest.asked("join")
    assert created["call_control_id"] == visit.leg.call_control_id
    assert joined["call_control_id"] == leg.call_control_id
    assert created["region"] == joined["region"] == "Australia"

    leg.says("conference.participant.joined", conference_id="conf-1")
    assert visit.state == State.CONNECTED
    assert visit.handoff.conference_id == "conf-1"


def test_the_prospect_s_own_entry_into_the_conference_connects_nobody(conferring: Visit) -> None:
    visit = conferring
    accept(visit)
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()

    visit.leg.says("conference.participant.joined", conference_id="conf-1")

    assert visit.state == State.BRIDGING
