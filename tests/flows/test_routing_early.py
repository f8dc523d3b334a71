"""Rings while the assistant still speaks: nobody waits on the line, so nothing is given up and nobody is used up."""

import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Offer, RoutingPolicy
from handoff.routing import offers
from sessions_app.models import WidgetConfig
from tests.visits import ANSWERS, Visit

CLOSED: dict[str, object] = {"mon": []}


@pytest.fixture
def asked(talking: Visit) -> Visit:
    """The prospect asked for a person; the assistant goes on meanwhile."""
    actions.request_handoff(talking.session_id, reason="requested", now=timezone.now())
    assert talking.session.is_assistant_running
    return talking


def finish(visit: Visit) -> None:
    visit.finish(ANSWERS)
    visit.work()


def test_a_search_without_anybody_goes_on(asked: Visit, alice: Closer) -> None:
    Closer.objects.update(is_available=False)
    for _ in range(5):
        asked.pass_time(40)
    assert asked.state == State.RESERVED
    assert asked.session.phase == "assistant"

    actions.set_available(alice, True, now=timezone.now())
    asked.pass_time(2)

    assert asked.ringing().closer == alice


def test_a_search_without_anybody_ends_when_the_prospect_would_wait(asked: Visit, carol: Closer) -> None:
    asked.pass_time(2)
    assert asked.state == State.RESERVED

    finish(asked)

    assert asked.state == State.UNANSWERED


def test_a_ring_that_passed_meanwhile_does_not_count_afterwards(alice: Closer, asked: Visit) -> None:
    RoutingPolicy.objects.update(demotes_after_miss=False)
    asked.pass_time(26)
    assert Offer.objects.get().state == Offer.State.EXPIRED
    asked.pass_time(2)
    assert asked.state == State.RESERVED, "not twice within the same wait"

    finish(asked)

    assert asked.ringing().closer == alice
    asked.pass_time(26)
    assert asked.state == State.UNANSWERED
    assert Offer.objects.filter(closer=alice).count() == 2


def test_a_closer_who_missed_it_meanwhile_is_rung_only_after_being_back(alice: Closer, asked: Visit) -> None:
    asked.pass_time(26)
    asked.pass_time(2)
    assert asked.state == State.RESERVED

    actions.back(alice, now=timezone.now())
    finish(asked)

    assert asked.ringing().closer == alice


def test_a_decline_counts_afterwards_too(alice: Closer, ben: Closer, asked: Visit) -> None:
    actions.decline(asked.ringing().pk, closer=alice, now=timezone.now())
    actions.decline(asked.ringing().pk, closer=ben, now=timezone.now())
    assert asked.state == State.RESERVED

    finish(asked)

    assert asked.state == State.UNANSWERED
    assert Offer.objects.count() == 2


def test_a_ring_goes_on_through_the_assistant_s_end(alice: Closer, asked: Visit) -> None:
    offer = asked.ringing()

    finish(asked)

    assert asked.ringing() == offer
    assert asked.session.phase == "handing_over"


def test_outside_the_hours_nobody_is_rung_while_the_assistant_speaks_nor_after(talking: Visit, alice: Closer) -> None:
    WidgetConfig.objects.update(business_hours=CLOSED)
    actions.request_handoff(talking.session_id, reason="requested", now=timezone.now())
    talking.pass_time(5)
    assert talking.state == State.RESERVED

    finish(talking)

    assert talking.state == State.UNANSWERED
    assert offers.why_nobody(talking.handoff, timezone.now()) == "closed"
    assert not Offer.objects.exists()


def test_whom_a_supervisor_chose_is_waited_for_while_nobody_waits(
    talking: Visit, alice: Closer, ben: Closer, carol: Closer
) -> None:
    Closer.objects.filter(pk=ben.pk).update(sound_unlocked=False)
    actions.assign(talking.session_id, to=ben.pk, by=carol, now=timezone.now())
    talking.pass_time(5)
    assert talking.state == State.RESERVED

    Closer.objects.filter(pk=ben.pk).update(sound_unlocked=True)
    talking.pass_time(2)

    assert (talking.ringing().closer, talking.ringing().reason) == (ben, "assigned by Carol")


def test_a_prospect_does_not_wait_for_whom_a_supervisor_chose(
    talking: Visit, alice: Closer, ben: Closer, carol: Closer
) -> None:
    Closer.objects.filter(pk=ben.pk).update(sound_unlocked=False)
    actions.assign(talking.session_id, to=ben.pk, by=carol, now=timezone.now())

    finish(talking)

    assert talking.ringing().closer == alice


def test_a_supervisor_s_choice_stops_the_other_rings(alice: Closer, ben: Closer, carol: Closer, asked: Visit) -> None:
    assert asked.ringing().closer == alice

    actions.assign(asked.session_id, to=ben.pk, by=carol, now=timezone.now())

    assert asked.ringing().closer == ben
    assert Offer.objects.get(closer=alice).state == Offer.State.WITHDRAWN


def test_taking_a_call_ends_a_miss(alice: Closer, talking: Visit) -> None:
    Closer.objects.filter(pk=alice.pk).update(missed_at=timezone.now())

    actions.take(talking.session_id, closer=Closer.objects.get(pk=alice.pk), immediately=False, now=timezone.now())

    assert Closer.objects.get(pk=alice.pk).missed_at is None
