"""Telnyx took the dial, and the leg’s end names a limit, or nothing at all: whose fault that is."""

import pytest
from django.conf import settings
from django.utils import timezone

from handoff.machine import State
from handoff.models import Closer
from sessions_app.models import CallLeg, LegRefusal
from sessions_app.visits import capacity
from tests.flows.test_lines_busy import is_blamed, take_the_ring
from tests.visits import Visit


def told_by_hangup(visit: Visit, **told: str) -> None:
    """Telnyx took the dial, and the leg ends at once with a reason of its own."""
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.says("call.hangup", hangup_cause="call_rejected", hangup_source="callee", **told)
    visit.work()


@pytest.mark.parametrize("code", ["D1", "D2", "D3", "D4", "D10", "D22"])
def test_the_end_of_a_leg_that_names_a_limit_is_no_closer_s_fault(
    waiting_for_alice: Visit, ben: Closer, code: str
) -> None:
    visit = waiting_for_alice
    alice = take_the_ring(visit)

    told_by_hangup(visit, sip_hangup_cause="403", sip_reason=f"User channel limit exceeded {code}")

    assert (visit.state, visit.handoff.closer) == (State.QUEUED, alice)
    assert CallLeg.objects.get(role=CallLeg.Role.CLOSER).code == code
    assert LegRefusal.objects.get().code == code
    visit.pass_time(5)
    assert (visit.state, visit.attempt.number) == (State.ACCEPTED, 2)


@pytest.mark.parametrize("told", [{"sip_hangup_cause": "403"}, {"sip_hangup_cause": "403", "sip_reason": "denied D13"}])
def test_any_other_refusal_of_a_leg_rings_the_next_closer(
    waiting_for_alice: Visit, ben: Closer, told: dict[str, str]
) -> None:
    visit = waiting_for_alice
    take_the_ring(visit)

    told_by_hangup(visit, **told)

    assert visit.ringing().closer == ben
    assert not LegRefusal.objects.exists()


def reached_before(visit: Visit) -> None:
    """Somebody was reached by softphone over this application."""
    earlier = {"role": "closer", "call_control_id": "v3:earlier", "connection_id": settings.TELNYX_CALL_CONTROL_APP_ID}
    now = timezone.now()
    CallLeg.objects.create(session_id=visit.session_id, answered_at=now, ended_at=now, **earlier)


def refused_without_a_word(visit: Visit) -> Closer:
    """Whoever is rung takes the call, and Telnyx's events, which have no place for a reason, name none."""
    closer = take_the_ring(visit)
    told_by_hangup(visit, sip_hangup_cause="403")
    return closer


def test_a_softphone_that_alone_is_refused_without_a_word_leaves_the_call_to_the_next(
    waiting_for_alice: Visit, ben: Closer
) -> None:
    visit = waiting_for_alice
    reached_before(visit)

    alice = refused_without_a_word(visit)

    assert visit.ringing().closer == ben
    assert capacity.has_room(visit.session.team, now=timezone.now())
    assert not is_blamed(alice)
    assert capacity.refused_lately(now=timezone.now()) == {capacity.ALONE: 1}


def test_a_second_softphone_that_is_refused_at_the_same_time_makes_it_a_limit(
    waiting_for_alice: Visit, ben: Closer
) -> None:
    visit = waiting_for_alice
    reached_before(visit)
    refused_without_a_word(visit)

    assert refused_without_a_word(visit) == ben

    assert (visit.state, visit.handoff.closer) == (State.QUEUED, ben)
    assert not capacity.has_room(visit.session.team, now=timezone.now())
    assert capacity.refused_lately(now=timezone.now()) == {"403": 1, capacity.ALONE: 1}


def test_where_nobody_else_is_free_the_same_one_is_dialled_again_and_the_lines_stay_open(
    waiting_for_alice: Visit,
) -> None:
    visit = waiting_for_alice
    reached_before(visit)
    refused_without_a_word(visit)
    assert visit.state == State.QUEUED

    visit.pass_time(5)
    told_by_hangup(visit, sip_hangup_cause="403")

    assert (visit.state, len(visit.commands("dial"))) == (State.QUEUED, 2)
    assert capacity.has_room(visit.session.team, now=timezone.now())


@pytest.mark.parametrize(("reached_by", "told"), [("number", "403"), ("sip", "403"), ("softphone", "486")])
def test_what_others_refuse_is_no_want_of_lines(
    waiting_for_alice: Visit, ben: Closer, reached_by: str, told: str
) -> None:
    visit = waiting_for_alice
    Closer.objects.filter(display_name="Alice").update(reached_by=reached_by, address="+61255501234")
    app = visit.accept().connection_id
    earlier = {"role": "closer", "call_control_id": "v3:earlier", "connection_id": app}
    now = timezone.now()
    CallLeg.objects.create(session_id=visit.session_id, answered_at=now, ended_at=now, **earlier)

    told_by_hangup(visit, sip_hangup_cause=told)

    assert visit.ringing().closer == ben
    assert not LegRefusal.objects.exists()


def test_a_softphone_that_is_not_registered_is_no_want_of_lines(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    visit.accept()

    told_by_hangup(visit, sip_hangup_cause="480")

    assert (visit.state, visit.attempt.line_lost_at is not None) == (State.ACCEPTED, True)
    assert not LegRefusal.objects.exists()
