"""Everybody is rung at once: the first who answers has the call, and the others' rings stop."""

import pytest
from django.utils import timezone

from handoff import actions, selectors
from handoff.machine import State
from handoff.models import Closer, Offer, RoutingPolicy
from handoff.routing.offers import why_over
from tests.people import make_ready, person
from tests.visits import ANSWERS, Visit


@pytest.fixture
def ringing_all(talking: Visit, alice: Closer, ben: Closer) -> Visit:
    """Alice's and Ben's dashboards ring for the same prospect."""
    RoutingPolicy.objects.update(strategy="all_at_once")
    talking.finish(ANSWERS)
    talking.work()
    return talking


def ring_of(visit: Visit, closer: Closer) -> Offer:
    return visit.handoff.offers.get(closer=closer)


def states(visit: Visit) -> dict[str, str]:
    return dict(visit.handoff.offers.values_list("closer__display_name", "state"))


def test_every_ready_closer_is_rung_with_one_end_and_one_reason(ringing_all: Visit) -> None:
    assert ringing_all.state == State.RINGING
    assert states(ringing_all) == {"Alice": "ringing", "Ben": "ringing"}
    offers = list(ringing_all.handoff.offers.all())
    assert len({offer.expires_at for offer in offers}) == 1
    assert {offer.reason for offer in offers} == {"everybody is rung"}
    assert ringing_all.kinds().count("handoff.offered") == 2


def test_each_ring_knows_of_the_others(ringing_all: Visit, alice: Closer) -> None:
    company = selectors.company(ring_of(ringing_all, alice), timezone.now())

    assert (company.ringing_too, company.next_in_line) == (1, 0)


def test_the_first_who_accepts_has_the_call_and_the_other_is_told(
    ringing_all: Visit, alice: Closer, ben: Closer
) -> None:
    actions.accept(ring_of(ringing_all, ben).pk, closer=ben, now=timezone.now())

    assert states(ringing_all) == {"Alice": "withdrawn", "Ben": "accepted"}
    assert ringing_all.handoff.closer == ben
    with pytest.raises(actions.ActionRefused, match="Taken by Ben"):
        actions.accept(ring_of(ringing_all, alice).pk, closer=alice, now=timezone.now())


def test_a_decline_leaves_the_others_ringing(ringing_all: Visit, alice: Closer, ben: Closer) -> None:
    deadline = ringing_all.handoff.deadline_at

    actions.decline(ring_of(ringing_all, alice).pk, closer=alice, now=timezone.now())

    assert ringing_all.state == State.RINGING
    assert ringing_all.handoff.deadline_at == deadline
    assert states(ringing_all) == {"Alice": "declined", "Ben": "ringing"}
    assert ringing_all.kinds().count("handoff.declined") == 1
    actions.accept(ring_of(ringing_all, ben).pk, closer=ben, now=timezone.now())
    assert ringing_all.state == State.ACCEPTED


def test_the_last_decline_ends_the_ring(ringing_all: Visit, alice: Closer, ben: Closer) -> None:
    for closer in (alice, ben):
        actions.decline(ring_of(ringing_all, closer).pk, closer=closer, now=timezone.now())

    assert ringing_all.state == State.UNANSWERED


def test_declining_twice_is_one_decline(ringing_all: Visit, alice: Closer) -> None:
    for _ in range(2):
        actions.decline(ring_of(ringing_all, alice).pk, closer=alice, now=timezone.now())

    assert ringing_all.state == State.RINGING
    assert ringing_all.kinds().count("handoff.declined") == 1


def test_everybody_who_lets_it_ring_has_missed_it(ringing_all: Visit, alice: Closer, ben: Closer) -> None:
    actions.decline(ring_of(ringing_all, ben).pk, closer=ben, now=timezone.now())

    ringing_all.pass_time(26)

    missed = Closer.objects.filter(missed_at__isnull=False)
    assert list(missed) == [alice]
    assert ringing_all.state == State.UNANSWERED


def test_who_became_ready_during_the_ring_is_rung_by_the_next_search(ringing_all: Visit, alice: Closer) -> None:
    late = make_ready(person("Dan", alice.team), idle_seconds=1)

    ringing_all.pass_time(26)

    assert states(ringing_all) == {"Alice": "expired", "Ben": "expired", "Dan": "ringing"}
    assert ringing_all.ringing().closer == late


def test_all_rings_stop_when_the_prospect_leaves(ringing_all: Visit, alice: Closer) -> None:
    ringing_all.leg.hung_up()

    assert set(states(ringing_all).values()) == {"withdrawn"}
    assert why_over(ring_of(ringing_all, alice)) == "The prospect has left."


def test_those_who_were_quick_enough_once_are_rung_again_when_the_winner_cannot_be_connected(
    ringing_all: Visit, alice: Closer, ben: Closer
) -> None:
    actions.accept(ring_of(ringing_all, alice).pk, closer=alice, now=timezone.now())
    ringing_all.work()
    lost = ring_of(ringing_all, ben)

    ringing_all.closer_leg().hung_up(source="callee", cause="user_busy")

    assert ringing_all.ringing().closer == ben
    assert why_over(lost) == "Taken by Alice.", "it was, at that time"


def test_a_spoken_acquaintance_is_no_reason_to_ring_fewer(ringing_all: Visit) -> None:
    assert RoutingPolicy.objects.get().prefers_spoken_before
    assert ringing_all.handoff.offers.count() == 2
