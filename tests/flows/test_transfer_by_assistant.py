"""The assistant of an anonymous call rings a closer itself: their dashboard rings, and their answer is the talk."""

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from handoff import actions, selectors
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import CallLeg, LegRefusal, TelephonyCredential, WebhookDelivery, WidgetConfig
from sessions_app.visitor_page import page
from sessions_app.visits import tokens
from tests.people import Clock
from tests.telnyx import Leg, Rest, Webhooks
from tests.visits import Visit, initialise, open_visit


def targets(visit: Visit) -> Any:
    return initialise(visit).json()["dynamic_variables"]["targets"]


def address(closer: Closer) -> str:
    return f"sip:{closer.sip_username}@{settings.TELNYX_SIP_DOMAIN}"


def ring(visit: Visit, closer: Closer, *, ticket: str | None = None, shares_session: bool = True, **ends: Any) -> Leg:
    """What Telnyx tells of the tool's call to a closer's softphone."""
    leg = Leg(visit.leg.webhooks, ends.pop("connection_id", "texml-app"))
    if shares_session:
        leg.call_session_id = visit.leg.call_session_id
    carried = tokens.ticket(visit.session_id) if ticket is None else ticket
    said: dict[str, Any] = {
        "direction": "outgoing",
        "state": "bridging",
        "from": "+61255550100",
        "to": address(closer),
        "custom_headers": [{"name": "X-Session-Ticket", "value": carried}],
        **ends,
    }
    leg.says("call.initiated", **said)
    visit.work()
    return leg


def transferred(visit: Visit, leg: Leg) -> None:
    leg.answered()
    visit.leg.says("call.conversation.ended", reason="transferred", messages=[])
    visit.work()


def accept(visit: Visit) -> None:
    offer = visit.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())
    visit.work()


def test_the_assistant_is_told_who_could_be_rung(claimed: Visit, alice: Closer, ben: Closer, bob: Closer) -> None:
    Closer.objects.filter(pk=ben.pk).update(is_available=False)

    assert targets(claimed) == [{"name": "Alice", "to": address(alice)}]


def test_before_the_claim_the_assistant_s_only_team_counts(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, alice: Closer, support: Any
) -> None:
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    assert targets(visit) == [{"name": "Alice", "to": address(alice)}]

    WidgetConfig.objects.create(team=support, name="Other", slug="other", assistant_id=anonymous_widget.assistant_id)
    assert targets(visit) == []


def test_with_nobody_ready_the_list_is_empty(claimed: Visit) -> None:
    assert targets(claimed) == []


def test_the_session_s_ticket_is_a_variable(claimed: Visit) -> None:
    ticket = initialise(claimed).json()["dynamic_variables"]["session_ticket"]

    assert tokens.read_ticket(ticket) == claimed.session_id


@pytest.mark.parametrize("shares_session", [True, False])
def test_the_closer_s_dashboard_rings(claimed: Visit, alice: Closer, ben: Closer, shares_session: bool) -> None:
    ring(claimed, ben, shares_session=shares_session)

    offer = claimed.ringing()
    assert (offer.closer, offer.reason) == (ben, "the assistant transfers to you")
    assert (claimed.handoff.trigger, claimed.state) == ("assistant_transfer", State.RINGING)
    assert page.state(claimed.session)["phase"] == "assistant"


@pytest.mark.parametrize("claims_first", [True, False])
def test_the_ring_may_be_told_before_the_call_that_it_is_for(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, alice: Closer, claims_first: bool
) -> None:
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    leg = ring(visit, alice)
    claim = {"call_control_id": visit.leg.call_control_id}
    if claims_first:
        assert visit.post("claim", **claim).status_code == 204

    visit.leg.initiated()
    visit.leg.answered()
    initialise(visit)
    visit.leg.conversation_created(visit.rest.conversation_id)
    if not claims_first:
        assert visit.post("claim", **claim).status_code == 204
    visit.work()

    own = CallLeg.objects.get(call_control_id=visit.leg.call_control_id)
    assert (own.role, visit.session.call_control_id) == ("prospect", visit.leg.call_control_id)
    assert page.state(visit.session)["phase"] == "assistant", "it talks on until the closer answers"
    accept(visit)
    transferred(visit, leg)
    assert (visit.state, visit.session.ended_at) == (State.CONNECTED, None)
    assert visit.rest.asked("hangup") == []
    assert not WebhookDelivery.objects.filter(status="parked").exists()


def test_the_closer_may_answer_before_anything_proves_whose_call_it_is(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, alice: Closer
) -> None:
    """The page's claim is late: its call stands, and the platform has joined it; it is not asked for another one."""
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    visit.leg.initiated()
    visit.leg.answered()
    initialise(visit)
    leg = ring(visit, alice)
    accept(visit)
    transferred(visit, leg)

    assert (visit.state, visit.session.current_leg) == (State.CONNECTED, None)
    assert page.state(visit.session)["rejoin"] is False

    assert visit.post("claim", call_control_id=visit.leg.call_control_id).status_code == 204
    visit.work()

    assert visit.session.call_control_id == visit.leg.call_control_id
    assert (visit.state, page.state(visit.session)["rejoin"]) == (State.CONNECTED, False)
    assert visit.rest.asked("hangup") == []
    assert not WebhookDelivery.objects.filter(status="parked").exists()


def test_a_line_that_breaks_takes_a_call_along_that_nothing_has_proven(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, alice: Closer
) -> None:
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    leg = ring(visit, alice)
    accept(visit)
    transferred(visit, leg)
    assert page.state(visit.session)["rejoin"] is False

    leg.hung_up()
    visit.work()

    state = page.state(visit.session)
    assert (visit.state, state["phase"], state["rejoin"]) == (State.DROPPED, "handing_over", True)


@pytest.mark.parametrize("told", [(), ("initiated",), ("initiated", "answered")])
def test_an_assistant_that_rings_talks_on_though_nothing_told_of_its_beginning(
    anonymous_widget: WidgetConfig,
    webhooks: Webhooks,
    rest: Rest,
    clock: Clock,
    alice: Closer,
    told: tuple[str, ...],
) -> None:
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    for name in told:
        getattr(visit.leg, name)()
    assert visit.post("claim", call_control_id=visit.leg.call_control_id).status_code == 204
    visit.work()

    ring(visit, alice)

    assert page.state(visit.session)["phase"] in {"connecting", "assistant"}
    assert (visit.state, visit.handoff.prospect_free_at) == (State.RINGING, None)


def test_their_answer_is_the_talk_and_nothing_is_commanded(claimed: Visit, alice: Closer) -> None:
    leg = ring(claimed, alice)
    accept(claimed)
    assert claimed.state == State.ACCEPTED

    transferred(claimed, leg)

    assert (claimed.state, claimed.handoff.closer) == (State.CONNECTED, alice)
    assert [kind for kind, _ in claimed.rest.requests if kind in {"calls", "bridge", "transfer", "hangup"}] == []
    state = page.state(claimed.session)
    assert (state["phase"], state["closer"], state["rejoin"]) == ("human", {"name": "Alice"}, False)


@pytest.mark.parametrize("first", ["answer", "end"])
def test_either_word_of_the_transfer_may_come_first(claimed: Visit, alice: Closer, first: str) -> None:
    leg = ring(claimed, alice)
    accept(claimed)
    told = [leg.answered, lambda: claimed.leg.says("call.conversation.ended", reason="transferred", messages=[])]

    for tell in told if first == "answer" else reversed(told):
        tell()
        assert page.state(claimed.session)["rejoin"] is False

    assert claimed.state == State.CONNECTED


def test_the_talk_ends_with_the_leg(claimed: Visit, alice: Closer) -> None:
    leg = ring(claimed, alice)
    accept(claimed)
    transferred(claimed, leg)

    claimed.leg.hung_up(source="caller")
    leg.hung_up(source="caller")

    assert (claimed.state, claimed.session.end_reason) == (State.WRAP_UP, "hung_up")


@pytest.mark.parametrize("prospect_first", [True, False])
def test_when_the_closer_s_line_breaks_the_page_comes_back(claimed: Visit, alice: Closer, prospect_first: bool) -> None:
    leg = ring(claimed, alice)
    accept(claimed)
    transferred(claimed, leg)

    legs = [claimed.leg, leg]
    for one in legs if prospect_first else reversed(legs):
        one.hung_up(source="callee")

    assert (claimed.state, claimed.session.ended_at) == (State.DROPPED, None)
    assert page.state(claimed.session)["rejoin"] is True
    claimed.pass_time(3)
    assert (claimed.ringing().closer, claimed.ringing().reason) == (alice, "your line broke off")


def test_a_declined_transfer_is_hung_up_and_others_are_rung(claimed: Visit, alice: Closer, ben: Closer) -> None:
    ring(claimed, alice)

    actions.decline(claimed.ringing().pk, closer=alice, now=timezone.now())
    claimed.work()

    assert len(claimed.rest.asked("hangup")) == 1
    assert claimed.ringing().closer == ben
    assert claimed.session.ended_at is None


def test_a_transfer_that_nobody_answered_goes_to_the_next(claimed: Visit, alice: Closer) -> None:
    leg = ring(claimed, alice)

    leg.hung_up(source="unknown", cause="timeout")

    assert not Offer.objects.filter(state="ringing").exists()
    assert (claimed.state, claimed.session.phase) == (State.RESERVED, "assistant")
    alice.refresh_from_db()
    assert alice.missed_at is None


def test_a_closer_is_known_by_a_former_login_too(claimed: Visit, alice: Closer) -> None:
    rung = address(alice)
    made = {"created_at": timezone.now(), "expires_at": timezone.now(), "revoke_at": timezone.now()}
    TelephonyCredential.objects.create(user=alice.user, name="former", sip_username=alice.sip_username, **made)
    Closer.objects.filter(pk=alice.pk).update(sip_username="gencredfresh")

    ring(claimed, alice, to=rung)

    assert claimed.ringing().closer == alice


def test_a_softphone_that_was_not_there_registers_anew_and_nobody_is_blamed(claimed: Visit, alice: Closer) -> None:
    leg = ring(claimed, alice)

    leg.hung_up(source="callee", cause="unspecified", sip="480")
    claimed.work()

    assert selectors.must_register(alice)
    assert Closer.objects.get(pk=alice.pk).missed_at is None
    assert not Offer.objects.filter(state=Offer.State.RINGING).exists()


def test_a_former_login_that_was_rung_in_vain_says_nothing_of_the_present_one(claimed: Visit, alice: Closer) -> None:
    made = {"created_at": timezone.now(), "expires_at": timezone.now(), "revoke_at": timezone.now()}
    TelephonyCredential.objects.create(user=alice.user, name="former", sip_username="gencredformer", **made)
    leg = ring(claimed, alice, to=f"sip:gencredformer@{settings.TELNYX_SIP_DOMAIN}")
    assert claimed.ringing().closer == alice

    leg.hung_up(source="callee", cause="unspecified", sip="480")

    assert not selectors.must_register(alice)


def test_a_login_at_which_the_assistant_rang_in_vain_is_not_dialled_again(claimed: Visit, alice: Closer) -> None:
    Closer.objects.filter(pk=alice.pk).update(registered_as=alice.sip_username)
    leg = ring(claimed, alice)
    accept(claimed)

    leg.hung_up(source="callee", cause="unspecified", sip="480")
    claimed.work()

    assert selectors.must_register(alice)
    assert claimed.attempt.awaits_line
    assert claimed.rest.asked("calls") == []


def test_a_busy_closer_is_not_rung_twice(claimed: Visit, alice: Closer, ben: Closer) -> None:
    ring(claimed, alice)
    first = claimed.ringing()
    assert first.closer == alice

    second = ring(claimed, ben)
    assert claimed.ringing().closer == ben
    assert Offer.objects.get(pk=first.pk).state == "withdrawn"
    accept(claimed)
    transferred(claimed, second)

    assert claimed.handoff.closer == ben


def test_a_call_that_somebody_has_taken_is_not_transferred(claimed: Visit, alice: Closer, ben: Closer) -> None:
    actions.take(claimed.session_id, closer=alice, immediately=False, now=timezone.now())
    claimed.work()

    ring(claimed, ben)

    assert claimed.handoff.closer == alice
    assert not Offer.objects.filter(closer=ben).exists()
    assert len(claimed.rest.asked("hangup")) == 1


def test_a_ticket_is_not_enough_for_somebody_else_s_call(claimed: Visit, alice: Closer) -> None:
    ring(claimed, alice, ticket="forged", shares_session=False)

    assert not Handoff.objects.exists()
    assert not CallLeg.objects.filter(role="closer").exists()


def test_a_page_that_calls_a_closer_itself_is_no_transfer(claimed: Visit, alice: Closer) -> None:
    ends = {"connection_id": settings.TELNYX_CONNECTION_ID, "direction": "incoming", "state": "parked"}

    ring(claimed, alice, shares_session=False, **ends)

    assert not Handoff.objects.exists()


def test_a_closer_of_another_team_is_not_rung(claimed: Visit, bob: Closer) -> None:
    ring(claimed, bob, shares_session=False)

    assert not Handoff.objects.exists()
    assert not CallLeg.objects.filter(role="closer").exists()


def test_the_targets_stand_under_the_name_that_the_operator_chose(claimed: Visit, alice: Closer, settings: Any) -> None:
    settings.TELNYX_TARGETS_VARIABLE = "targets_k3v9"

    told = initialise(claimed).json()["dynamic_variables"]

    assert [one["to"] for one in told["targets_k3v9"]] == [address(alice)]
    assert "targets" not in told


def test_a_limit_that_the_assistant_s_ring_meets_is_no_closer_s_fault(claimed: Visit, alice: Closer) -> None:
    leg = ring(claimed, alice)

    leg.says(
        "call.hangup",
        hangup_cause="call_rejected",
        hangup_source="unknown",
        sip_reason="User channel limit exceeded D1",
    )
    claimed.work()

    assert "handoff.unanswered" not in claimed.kinds()
    assert Offer.objects.get().state == Offer.State.WITHDRAWN
    assert LegRefusal.objects.get().code == "D1"
