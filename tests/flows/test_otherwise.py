"""The stories that matter most, with each thing that Telnyx's documents leave open decided otherwise."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from handoff.machine import State
from handoff.models import Closer, RoutingPolicy
from sessions_app.models import CallLeg, Team, WebhookDelivery, WidgetConfig
from sessions_app.visits import credentials, tokens
from tests.flows.test_anonymous import end_with_the_assistant, rejoin
from tests.flows.test_hand_back import give_back
from tests.flows.test_methods import target_leg
from tests.flows.test_warm_seat import seat
from tests.people import Clock
from tests.telnyx import Platform, Rest, Webhooks, alternatives, named
from tests.visits import ANSWERS, Visit, accept, connect, open_visit


@pytest.fixture(params=alternatives(), ids=named)
def platform(request: pytest.FixtureRequest) -> Platform:
    chosen: Platform = request.param
    return chosen


@pytest.fixture
def visit(widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, platform: Platform) -> Visit:
    """The page has its credential, and its call will carry the ticket too."""
    visit = open_visit(widget, webhooks, rest, clock, connection_id=settings.TELNYX_CONNECTION_ID)
    visit.leg.platform = platform
    visit.leg.username = credentials.mint_for_session(visit.session, now=timezone.now()).username
    return visit


@pytest.fixture
def claimed(claimed: Visit, platform: Platform) -> Visit:
    claimed.leg.platform = platform
    return claimed


def is_settled(visit: Visit, *, legs: int) -> bool:
    """Nothing waits, nothing was hung up, and no leg was taken for one of this visit that is none."""
    waits = WebhookDelivery.objects.exclude(status__in=["processed", "ignored"])
    assert list(waits.values_list("event_type", "status")) == []
    return visit.commands("hang_up") == [] and CallLeg.objects.filter(session_id=visit.session_id).count() == legs


def test_the_assistant_s_call_becomes_a_person_s(waiting_for_alice: Visit) -> None:
    connect(waiting_for_alice)

    assert waiting_for_alice.state == State.CONNECTED
    assert len(waiting_for_alice.rest.asked("answer")) == 1
    assert is_settled(waiting_for_alice, legs=2)


def test_a_warm_seat_is_joined(alice: Closer, talking: Visit) -> None:
    closer_leg = seat(talking, alice)
    talking.leg.gathered(ANSWERS)
    talking.work()
    closer_leg.bridged()
    talking.leg.bridged()

    assert talking.state == State.CONNECTED
    assert is_settled(talking, legs=2)


def test_a_closer_whose_phone_is_not_answered_is_followed_by_the_next(waiting_for_alice: Visit, ben: Closer) -> None:
    leg = waiting_for_alice.accept()
    leg.initiated()

    leg.hung_up(source="callee", cause="timeout")
    waiting_for_alice.work()

    assert waiting_for_alice.ringing().closer == ben
    assert waiting_for_alice.session.ended_at is None
    assert is_settled(waiting_for_alice, legs=2)


def test_the_call_goes_back_to_the_assistant(alice: Closer, waiting_for_alice: Visit) -> None:
    leg = connect(waiting_for_alice)

    give_back(waiting_for_alice, leg, alice)

    assert (waiting_for_alice.session.phase, waiting_for_alice.session.ended_at) == ("assistant", None)


@pytest.mark.parametrize("method", [RoutingPolicy.Method.TRANSFER, RoutingPolicy.Method.CONFERENCE])
def test_a_person_is_brought_in_by_transfer_or_conference(
    sales: Team, talking: Visit, alice: Closer, method: Any
) -> None:
    RoutingPolicy.objects.filter(team=sales).update(method=method)
    talking.leg.gathered(ANSWERS)
    accept(talking)
    leg = target_leg(talking) if method == RoutingPolicy.Method.TRANSFER else talking.closer_leg()
    leg.initiated()
    leg.answered()
    talking.work()
    talking.work()
    leg.bridged()
    leg.says("conference.participant.joined", conference_id="conf-1")

    assert talking.state == State.CONNECTED
    assert is_settled(talking, legs=2)


def test_a_page_whose_assistant_ended_the_call_comes_back(claimed: Visit, alice: Closer) -> None:
    end_with_the_assistant(claimed)
    claimed.work()
    second = rejoin(claimed)
    assert claimed.session.call_control_id == second.call_control_id

    accept(claimed)
    leg = claimed.closer_leg()
    leg.initiated()
    second.answered()
    leg.answered()
    claimed.work()
    leg.bridged()

    assert claimed.state == State.CONNECTED
    assert is_settled(claimed, legs=3)


def test_a_second_call_of_one_page_is_hung_up(talking: Visit) -> None:
    second = replace(talking.leg, call_control_id="v3:another", call_session_id="another")

    second.placed(ticket=tokens.ticket(talking.session_id), username=talking.leg.username)
    talking.work()

    assert talking.session.call_control_id == talking.leg.call_control_id
    assert {one.call_control_id for one in talking.commands("hang_up")} == {"v3:another"}
