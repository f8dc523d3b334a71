"""The closer's line breaks in the middle of the talk: the prospect stays, and the same closer is rung again."""

import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer
from tests.visits import Visit, connect


def drop_line(visit: Visit) -> None:
    connect(visit)
    visit.closer_leg().hung_up(source="caller")
    visit.work()


def test_the_prospect_is_kept_and_told(waiting_for_alice: Visit, alice: Closer) -> None:
    drop_line(waiting_for_alice)

    assert waiting_for_alice.state == State.DROPPED
    assert waiting_for_alice.session.phase == "handing_over"
    assert waiting_for_alice.session.ended_at is None
    assert waiting_for_alice.rest.asked("hangup") == []
    assert "broke off" in waiting_for_alice.rest.asked("speak")[-1]["payload"]


def test_the_same_closer_is_rung_again_and_connected(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    visit = waiting_for_alice
    drop_line(visit)

    visit.pass_time(3)
    assert (visit.ringing().closer, visit.ringing().reason) == (alice, "your line broke off")
    connect(visit)

    assert (visit.state, visit.attempt.number) == (State.CONNECTED, 2)
    assert len(visit.rest.asked("bridge")) == 2
    assert visit.session.phase == "human"


def test_whoever_declines_the_second_ring_leaves_the_call_to_others(
    waiting_for_alice: Visit, alice: Closer, ben: Closer
) -> None:
    drop_line(waiting_for_alice)
    waiting_for_alice.pass_time(3)

    actions.decline(waiting_for_alice.ringing().pk, closer=alice, now=timezone.now())

    assert waiting_for_alice.ringing().closer == ben


def test_a_closer_who_does_not_come_back_is_replaced(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    drop_line(waiting_for_alice)
    Closer.objects.filter(pk=alice.pk).update(seen_at=None)

    waiting_for_alice.pass_time(3)
    assert waiting_for_alice.state == State.RESERVED
    waiting_for_alice.pass_time(20)

    assert waiting_for_alice.ringing().closer == ben


@pytest.mark.parametrize("prospect_first", [True, False])
def test_a_prospect_who_hangs_up_ends_the_talk_in_either_order(
    waiting_for_alice: Visit, alice: Closer, prospect_first: bool
) -> None:
    closer_leg = connect(waiting_for_alice)
    legs = [waiting_for_alice.leg, closer_leg]

    for leg in legs if prospect_first else reversed(legs):
        leg.hung_up()
    waiting_for_alice.work()

    assert waiting_for_alice.state == State.WRAP_UP
    assert waiting_for_alice.handoff.closer == alice


def test_the_closer_may_end_the_call_instead_of_coming_back(waiting_for_alice: Visit, alice: Closer) -> None:
    drop_line(waiting_for_alice)

    actions.hang_up(waiting_for_alice.handoff.pk, closer=alice, now=timezone.now())
    waiting_for_alice.work()

    assert waiting_for_alice.state == State.WRAP_UP
    assert len(waiting_for_alice.rest.asked("hangup")) == 1
