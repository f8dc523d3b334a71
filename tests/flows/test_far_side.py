"""The second report of a leg at a closer's softphone: nothing follows from it, in whatever order it comes."""

import uuid
from itertools import permutations
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer, RoutingPolicy
from sessions_app.models import CallLeg, Team, WebhookDelivery
from sessions_app.visits import credentials, tokens
from tests.flows.test_methods import target_leg
from tests.flows.test_transfer_by_assistant import address, ring, transferred
from tests.telnyx import CALLER_NUMBER, Leg, Platform
from tests.visits import ANSWERS, Visit, accept

FOUR = ("initiated", "answered", "bridged", "hangup")
ORDERS = [*permutations(FOUR), *permutations(FOUR[1:]), FOUR[:3], FOUR[1:3]]
# The tests tell of the far side themselves.
SILENT = Platform(far_side="silent")


def far_side(visit: Visit, closer: Closer, *, session: str = "") -> Leg:
    ids = {"call_session_id": session or str(uuid.uuid4())}
    return Leg(visit.leg.webhooks, settings.TELNYX_CONNECTION_ID, to=closer.sip_username, platform=SILENT, **ids)


def tell(leg: Leg, name: str, **more: Any) -> None:
    ends = {"from": CALLER_NUMBER, "to": leg.to}
    said: dict[str, Any] = {
        "initiated": {"direction": "incoming", "state": "parked"},
        "answered": {"state": "answered"},
        "bridged": {},
        "hangup": {"hangup_cause": "normal_clearing", "hangup_source": "callee", "sip_hangup_cause": "200"},
    }[name]
    leg.says(f"call.{name}", **ends, **said, **more)


def told_of(leg: Leg) -> list[tuple[str, str]]:
    return list(
        WebhookDelivery.objects.filter(call_control_id=leg.call_control_id).values_list("status", "reason").distinct()
    )


def is_nobodys(leg: Leg) -> bool:
    is_unknown = not CallLeg.objects.filter(call_control_id=leg.call_control_id).exists()
    return is_unknown and told_of(leg) == [("ignored", "arrives at a closer's softphone")]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
@pytest.mark.parametrize("shares_session", [True, False])
def test_a_hand_over_goes_its_way(
    waiting_for_alice: Visit, alice: Closer, order: tuple[str, ...], shares_session: bool
) -> None:
    visit = waiting_for_alice
    visit.leg.platform = SILENT
    leg = visit.accept()
    far = far_side(visit, alice, session=leg.call_session_id if shares_session else "")
    ours = [leg.initiated, leg.answered, visit.work, leg.bridged]

    for name, tell_ours in zip([*order, *order][:4], ours, strict=True):
        tell(far, name, custom_headers=[{"name": "X-Session-Ticket", "value": tokens.ticket(visit.session_id)}])
        tell_ours()

    assert visit.state == State.CONNECTED
    assert visit.handoff.closer_leg is not None
    assert visit.handoff.closer_leg.call_control_id == leg.call_control_id
    assert visit.commands("hang_up") == []
    assert is_nobodys(far)


@pytest.mark.parametrize("order", [FOUR, FOUR[::-1], FOUR[1:]], ids=" ".join)
def test_it_may_come_before_the_dial_has_its_answer(
    waiting_for_alice: Visit, alice: Closer, order: tuple[str, ...]
) -> None:
    visit = waiting_for_alice
    visit.leg.platform = SILENT
    offer = visit.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())
    far = far_side(visit, alice)
    for name in order:
        tell(far, name)

    visit.work()

    assert visit.state == State.ACCEPTED
    assert is_nobodys(far)


def test_what_else_is_told_of_it_is_nobody_s_too(waiting_for_alice: Visit, alice: Closer) -> None:
    visit = waiting_for_alice
    visit.leg.platform = SILENT
    leg = visit.accept()
    far = far_side(visit, alice, session=leg.call_session_id)
    far.says("call.machine.detection.ended")  # Does not name its ends, and may come first.
    tell(far, "initiated")

    far.says("call.playback.started")

    early, *later = WebhookDelivery.objects.filter(call_control_id=far.call_control_id).order_by("pk")
    assert early.session_id == visit.session_id
    assert {(one.status, one.session_id) for one in later} == {("ignored", None)}


def test_an_event_that_does_not_say_where_it_arrives_is_settled_with_the_one_that_does(
    waiting_for_alice: Visit, alice: Closer
) -> None:
    visit = waiting_for_alice
    visit.leg.platform = SILENT
    visit.accept()
    far = far_side(visit, alice)
    far.says("call.answered", state="answered")
    assert told_of(far) == [("parked", "")]

    tell(far, "initiated")

    assert is_nobodys(far)


@pytest.mark.parametrize("order", [FOUR, FOUR[::-1]], ids=" ".join)
def test_a_transfer_goes_its_way(sales: Team, talking: Visit, alice: Closer, order: tuple[str, ...]) -> None:
    """Its own leg is on our connection too, and bears our mark."""
    RoutingPolicy.objects.filter(team=sales).update(method=RoutingPolicy.Method.TRANSFER)
    talking.leg.platform = SILENT
    talking.leg.gathered(ANSWERS)
    accept(talking)
    leg = target_leg(talking)
    far = far_side(talking, alice, session=leg.call_session_id)
    username = credentials.mint_for_session(talking.session, now=timezone.now()).username
    for name in order[:2]:
        tell(far, name, from_sip_uri=f"{username}@sip.telnyx.com")  # As if the prospect's own call were passed on.

    leg.initiated()
    leg.answered()
    leg.bridged()
    talking.leg.bridged()
    for name in order[2:]:
        tell(far, name)

    assert talking.state == State.CONNECTED
    assert talking.handoff.closer_leg is not None
    assert talking.handoff.closer_leg.call_control_id == leg.call_control_id
    assert talking.commands("hang_up") == []
    assert is_nobodys(far)


# --- the assistant's own transfer


BOTH = ("texml-app", settings.TELNYX_CONNECTION_ID)


@pytest.mark.parametrize("connections", [BOTH, BOTH[::-1]])
@pytest.mark.parametrize("has_ticket", [True, False])
def test_a_ring_by_the_assistant_that_is_told_twice_is_one_ring(
    claimed: Visit, alice: Closer, connections: tuple[str, ...], has_ticket: bool
) -> None:
    ticket = None if has_ticket else ""
    first, second = (ring(claimed, alice, connection_id=connection, ticket=ticket) for connection in connections)

    assert claimed.ringing().leg == CallLeg.objects.get(call_control_id=first.call_control_id)
    assert [status for status, _ in told_of(second)] == ["ignored"]
    accept(claimed)
    for leg in (second, first):
        leg.answered()
    transferred(claimed, first)
    second.hung_up()

    assert (claimed.state, claimed.handoff.closer) == (State.CONNECTED, alice)
    assert claimed.rest.asked("hangup") == []
    assert [status for status, _ in told_of(second)] == ["ignored"]


def test_the_report_of_the_far_side_may_be_the_only_one(claimed: Visit, alice: Closer) -> None:
    leg = ring(claimed, alice, connection_id=settings.TELNYX_CONNECTION_ID)
    assert claimed.ringing().closer == alice
    accept(claimed)

    transferred(claimed, leg)

    assert (claimed.state, claimed.handoff.closer) == (State.CONNECTED, alice)


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
@pytest.mark.parametrize("state", ["parked", "bridging", None])
def test_a_page_that_calls_a_closer_with_its_ticket_starts_nothing(
    claimed: Visit, alice: Closer, direction: str, state: str | None
) -> None:
    ends = {"connection_id": settings.TELNYX_CONNECTION_ID, "direction": direction, "state": state}

    leg = ring(claimed, alice, shares_session=False, **ends)

    assert is_nobodys(leg)
    assert not Handoff.objects.exists()


# --- a page that calls a closer's softphone itself


def call_closer(visit: Visit, closer: Closer) -> Leg:
    username = credentials.mint_for_session(visit.session, now=timezone.now()).username
    leg = Leg(visit.leg.webhooks, settings.TELNYX_CONNECTION_ID, to=address(closer), platform=SILENT)
    ticket = [{"name": "X-Session-Ticket", "value": tokens.ticket(visit.session_id)}]
    ends = {"from": f"{username}@sip.telnyx.com", "to": leg.to}
    leg.says("call.initiated", direction="outgoing", state="parked", custom_headers=ticket, **ends)
    return leg


def test_a_page_that_calls_a_closer_is_hung_up(visit: Visit, alice: Closer) -> None:
    leg = call_closer(visit, alice)
    visit.pass_time(16)
    assert told_of(leg) == [("ignored", "a page called a closer's softphone itself")]

    assert not Handoff.objects.exists()
    assert not Offer.objects.exists()
    assert visit.session.call_control_id is None
    assert WebhookDelivery.objects.get().hang_up_at is not None


def test_while_the_two_are_being_connected_nothing_is_hung_up(waiting_for_alice: Visit, alice: Closer) -> None:
    """The far side might be said to come from the prospect; a hang-up would cut both off."""
    waiting_for_alice.accept()

    leg = call_closer(waiting_for_alice, alice)
    waiting_for_alice.pass_time(5)

    assert is_nobodys(leg)
