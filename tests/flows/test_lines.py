"""Legs are counted from the rows: what was promised to a visit is kept free, and what is over is free at once."""

from datetime import timedelta

import pytest
from django.conf import settings as telnyx
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from handoff import tasks
from handoff.engine import transitions as handovers
from handoff.engine import visitor_left
from handoff.machine import Fact, State
from handoff.models import CallbackPromise, Closer, Handoff, Offer, RoutingPolicy
from sessions_app.models import CallLeg, Team, VoiceSession, WebhookDelivery, WidgetConfig
from sessions_app.visitor_page import page
from sessions_app.visits import capacity, tokens
from tests.flows import calling
from tests.flows.lines import ask, held, open_one
from tests.people import Clock
from tests.telnyx import Leg, Rest, Webhooks
from tests.visits import ANSWERS, Visit, connect, initialise, open_visit

pytestmark = pytest.mark.usefixtures("open_door")


def test_a_visit_holds_two_legs_from_its_consent_to_its_end(visit: Visit, alice: Closer) -> None:
    assert held() == 2
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    assert (held(), visit.session.page_leg_by) == (2, None)
    visit.work()
    visit.leg.answered()
    visit.work()
    visit.leg.conversation_created(visit.rest.conversation_id)
    visit.finish(ANSWERS)
    visit.work()
    assert held() == 2
    closer_leg = connect(visit)
    assert held() == 2

    visit.leg.hung_up()
    visit.work()
    assert held() == 1  # The closer's leg is being hung up.
    closer_leg.hung_up()

    assert held() == 0


def test_a_leg_whose_end_is_never_told_is_not_counted_for_ever(waiting_for_alice: Visit) -> None:
    connect(waiting_for_alice)
    waiting_for_alice.leg.hung_up()
    assert held() == 1

    waiting_for_alice.clock.advance(61)

    assert held() == 0


def test_a_visit_that_never_calls_is_counted_no_longer_than_its_call_is_waited_for(visit: Visit) -> None:
    visit.pass_time(59)
    assert held() == 2

    visit.pass_time(3)

    assert (held(), visit.session.end_reason) == (0, "never_called")
    # Its call comes all the same: it is nobody's any more.
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    assert not CallLeg.objects.exists()
    assert visit.rest.asked("answer") == []


def test_a_page_that_is_gone_holds_nothing(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, carol: Closer
) -> None:
    """The assistant's end took the leg along, and no page was ever there to come back."""
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml")
    leg = {"role": "prospect", "call_control_id": "v3:gone", "ended_at": clock.now()}
    gone = CallLeg.objects.create(session_id=visit.session_id, **leg)
    over = {"assistant_started_at": clock.now(), "assistant_ended_at": clock.now(), "page_leg_by": None}
    VoiceSession.objects.update(current_leg=gone, call_control_id="v3:gone", **over)
    with transaction.atomic():
        session = handovers.lock(visit.session_id)
        handovers.trigger(session, "conversation_ended", now=clock.now())
    assert visit.session.ended_at is None

    for _ in range(8):
        visit.pass_time(30)

    assert (held(), visit.session.end_reason) == (0, "page_gone")


def test_who_was_promised_a_callback_holds_no_line_while_the_page_stays_open(talking: Visit, carol: Closer) -> None:
    """In anonymous mode, and where the leg is lost, the page shows the form for as long as it likes."""
    CallLeg.objects.update(ended_at=timezone.now())
    talking.finish(ANSWERS)
    assert talking.state == State.UNANSWERED

    VoiceSession.objects.update(page_seen_at=timezone.now())

    assert (held(), talking.session.ended_at) == (0, None)


def call_again(visit: Visit) -> Leg:
    leg = Leg(visit.leg.webhooks, visit.leg.connection_id)
    leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    return leg


def test_a_page_that_calls_after_its_promise_takes_no_line_that_is_another_s(
    left_to_its_page: Visit, widget: WidgetConfig, settings: Settings
) -> None:
    visit = left_to_its_page
    settings.TELNYX_MAX_LEGS = 3
    open_one(widget)
    answered = len(visit.rest.asked("answer"))

    leg = call_again(visit)

    assert (len(visit.rest.asked("answer")), len(visit.rest.hang_ups)) == (answered, 1)
    assert visit.session.end_reason == "lines_busy"
    state = page.state(visit.session)
    assert (state["phase"], state["busy"]) == ("callback", True)
    assert CallbackPromise.objects.get(session_id=visit.session_id).kept_at is None
    assert capacity.refused_lately(now=timezone.now()) == {capacity.OWN_CAP: 1}
    leg.hung_up()
    assert held() == 2
    again = call_again(visit)
    assert not CallLeg.objects.filter(call_control_id=again.call_control_id).exists()


def test_a_page_that_calls_after_its_promise_is_let_in_where_there_is_room(
    left_to_its_page: Visit, widget: WidgetConfig, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS = 4
    open_one(widget)

    leg = call_again(left_to_its_page)

    assert f"/{leg.call_control_id}/" in str(left_to_its_page.rest.router.calls.last.request.url)
    assert (len(left_to_its_page.rest.hang_ups), left_to_its_page.session.ended_at) == (0, None)
    assert held() == 4
    with pytest.raises(capacity.Busy):
        open_one(widget)


def test_a_way_back_that_was_expected_keeps_its_place_when_its_promise_came_first(
    left_to_its_page: Visit, widget: WidgetConfig, settings: Settings
) -> None:
    visit = left_to_its_page
    capacity.expect_page(visit.session, now=timezone.now())
    assert held() == 2
    settings.TELNYX_MAX_LEGS = 1  # Lowered meanwhile.

    call_again(visit)

    assert (len(visit.rest.hang_ups), visit.session.ended_at, held()) == (0, None, 2)


def test_a_page_that_comes_back_is_counted_beside_the_leg_that_it_leaves(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    assert held() == 2

    capacity.expect_page(visit.session, now=timezone.now())
    assert held() == 3
    second = Leg(visit.leg.webhooks, visit.leg.connection_id, call_session_id=visit.leg.call_session_id)
    CallLeg.objects.create(session_id=visit.session_id, role="prospect", call_control_id=second.call_control_id)
    capacity.arrived(visit.session, role="prospect")
    assert held() == 3

    CallLeg.objects.filter(call_control_id=visit.leg.call_control_id).update(ended_at=timezone.now())

    assert held() == 2


def test_a_page_that_comes_back_while_the_closer_is_rung_adds_nothing_beside_its_leg(waiting_for_alice: Visit) -> None:
    """The closer is not dialled a second time for it."""
    visit = waiting_for_alice
    visit.accept().initiated(direction="outgoing")

    with transaction.atomic():
        handovers.apply(visit.handoff, Fact.PROSPECT_READY, now=timezone.now())

    assert len(visit.commands("dial")) == 1
    assert held() == CallLeg.objects.filter(ended_at=None).count() == 2


def test_a_callback_holds_two_legs_and_gives_them_back(promised: Visit, alice: Closer) -> None:
    visitor_left.leave(promised.session_id, now=timezone.now())
    assert held() == 0

    call = calling.call(promised, alice)
    assert held() == 2
    calling.hang_up(call, alice)
    call.visit.work()
    call.closer_answers()
    call.visit.closer_leg().hung_up()

    assert held() == 0


def test_a_closer_who_has_just_been_lost_does_not_keep_the_next_one_waiting(
    waiting_for_alice: Visit, ben: Closer, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS = 2
    visit = waiting_for_alice
    leg = visit.accept()
    leg.initiated(direction="outgoing")

    leg.hung_up(source="callee", cause="user_busy")

    assert visit.ringing().closer == ben


def test_a_second_closer_is_rung_only_when_there_is_a_leg_for_them(
    waiting_for_alice: Visit, ben: Closer, settings: Settings
) -> None:
    """The first one's line is being hung up, and the end of it is not told yet."""
    settings.TELNYX_MAX_LEGS = 2
    visit = waiting_for_alice
    leg = visit.accept()
    leg.initiated(direction="outgoing")

    visit.pass_time(21)
    assert visit.state == State.RESERVED

    leg.hung_up()
    visit.pass_time(2)
    assert visit.ringing().closer == ben


def test_everybody_s_dashboard_rings_for_the_one_leg_that_is_kept(
    talking: Visit, alice: Closer, ben: Closer, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS = 2
    RoutingPolicy.objects.update(strategy="all_at_once")

    talking.finish(ANSWERS)

    assert Offer.objects.filter(state=Offer.State.RINGING).count() == 2
    assert held() == 2


def test_a_cap_that_was_lowered_lets_those_finish_who_are_there(
    talking: Visit, alice: Closer, widget: WidgetConfig, settings: Settings
) -> None:
    """Two visits were promised a closer each; there are legs for one."""
    other = open_one(widget)
    settings.TELNYX_MAX_LEGS = 3

    talking.finish(ANSWERS)

    assert talking.ringing().closer == alice
    assert not capacity.has_room(widget.team, now=timezone.now())
    visitor_left.leave(other.pk, now=timezone.now())
    assert held() == 2


def test_a_page_that_calls_without_end_is_ended_with_all_its_calls(talking: Visit, webhooks: Webhooks) -> None:
    """Its credential is good for any number of calls."""
    for _ in range(14):
        Leg(webhooks, talking.leg.connection_id).initiated(ticket=tokens.ticket(talking.session_id))
        talking.work()
    assert talking.session.ended_at is None
    assert len(talking.rest.hang_ups) == 14

    Leg(webhooks, talking.leg.connection_id).initiated(ticket=tokens.ticket(talking.session_id))
    talking.work()

    assert talking.session.end_reason == "too_many_calls"
    assert len(talking.rest.hang_ups) == 16
    assert all(row.revoke_at <= timezone.now() for row in talking.session.credentials.all())


def test_the_ticket_of_a_visit_that_was_given_no_line_carries_no_call(
    client: Client, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, settings: Settings
) -> None:
    """One credential, of a visit that was let in, and the tickets of those that only ask to be called back."""
    settings.TELNYX_MAX_LEGS, settings.VISITS_PER_ADDRESS = 4, 1
    assert ask(client).status_code == 201

    for _ in range(6):
        ticket = ask(client, call=False).json()["session"]["ticket"]
        visit = Visit(tokens.read_ticket(ticket), Leg(webhooks, telnyx.TELNYX_CONNECTION_ID), rest, clock)
        visit.leg.initiated(ticket=ticket, from_="+61255500000")
        visit.work()
        assert visit.session.call_control_id is None

    assert rest.asked("answer") == []
    assert not CallLeg.objects.exists()
    reasons = set(WebhookDelivery.objects.values_list("reason", flat=True))
    assert reasons == {"the visit that it names was given no line"}


def test_an_anonymous_call_that_was_given_no_line_cannot_be_claimed(
    client: Client, anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    answer = ask(client, widget=anonymous_widget.slug, call=False)
    session_id = tokens.read_ticket(answer.json()["session"]["ticket"])
    visit = Visit(session_id, Leg(webhooks, "texml-app"), rest, clock)

    visit.post("claim", call_control_id=visit.leg.call_control_id)
    initialise(visit)

    assert (visit.session.call_control_id, held()) == (None, 0)


# --- refusals


def test_refusals_are_counted_by_the_hour_and_forgotten(visit: Visit, sales: Team) -> None:
    now = timezone.now()
    for _ in range(3):
        capacity.refused(sales.pk, "D1", now=now)
    capacity.refused(sales.pk, capacity.OWN_CAP, now=now)

    assert capacity.refused_lately(now=now) == {"D1": 3, capacity.OWN_CAP: 1}
    assert capacity.refused_lately(now=now + timedelta(hours=1, seconds=1)) == {}
    assert capacity.turned_away(sales.pk, since=now - timedelta(minutes=1)) == 1


@pytest.mark.parametrize(("code", "is_closed"), [("D1", True), ("90041", True), ("own_cap", False), ("page:D1", False)])
def test_only_telnyx_itself_closes_the_lines_for_others(sales: Team, code: str, is_closed: bool) -> None:
    now = timezone.now()
    capacity.refused(sales.pk, code, now=now)

    assert capacity.are_closed(now=now) is is_closed
    assert not capacity.are_closed(now=now + capacity.PAUSE)


def test_the_sweep_frees_what_never_called(visit: Visit, widget: WidgetConfig, settings: Settings) -> None:
    settings.TELNYX_MAX_LEGS = 2
    with pytest.raises(capacity.Busy):
        open_one(widget)

    visit.clock.advance(61)
    tasks.sweep()

    open_one(widget)
    assert Handoff.objects.count() == 0
