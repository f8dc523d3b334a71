"""When and how many calls ring a closer: hours of business, capacity, time for notes, and the phone they answer on."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from handoff import actions, selectors
from handoff.closers import readiness
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer, RoutingPolicy
from handoff.routing import offers
from sessions_app.models import WidgetConfig
from sessions_app.rules import hours
from sessions_app.visits import visits
from tests import handoffs
from tests.visits import ANSWERS, Visit, connect


def finish(visit: Visit) -> None:
    """The assistant has all the answers, so a closer is looked for."""
    visit.finish(ANSWERS)
    visit.work()


def assign(visit: Visit, closer: Closer, by: Closer) -> None:
    Handoff.objects.filter(session_id=visit.session_id).update(assigned_to=closer, assigned_by=by)


# --- hours of business


CLOSED: dict[str, object] = {"mon": []}


def open_hours(visit: Visit, opened: dict[str, object]) -> None:
    WidgetConfig.objects.filter(pk=visit.session.widget_id).update(business_hours=opened)


def test_outside_the_hours_nobody_is_rung_and_the_reason_is_kept(talking: Visit, alice: Closer) -> None:
    open_hours(talking, CLOSED)

    finish(talking)

    assert talking.state == State.UNANSWERED
    assert not Offer.objects.exists()
    assert offers.why_nobody(talking.handoff, timezone.now()) == "closed"


def test_who_came_within_the_hours_is_served_to_the_end(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    visit = waiting_for_alice
    yesterday = timezone.now() - timedelta(days=1)
    weekday = yesterday.astimezone(ZoneInfo(visit.session.widget.time_zone)).weekday()
    open_hours(visit, {hours.DAYS[weekday]: [["00:00", "23:59:59.999999"]]})
    Handoff.objects.update(triggered_at=yesterday)

    actions.decline(visit.ringing().pk, closer=alice, now=timezone.now())

    assert visit.ringing().closer == ben


def test_a_supervisor_may_choose_somebody_outside_the_hours(
    waiting_for_alice: Visit, alice: Closer, ben: Closer, carol: Closer
) -> None:
    visit = waiting_for_alice
    open_hours(visit, CLOSED)
    assign(visit, ben, carol)

    actions.decline(visit.ringing().pk, closer=alice, now=timezone.now())

    assert visit.ringing().closer == ben


def test_a_line_that_breaks_after_closing_time_is_called_again(waiting_for_alice: Visit, alice: Closer) -> None:
    visit = waiting_for_alice
    connect(visit)
    open_hours(visit, CLOSED)

    visit.closer_leg().hung_up(source="caller")
    visit.pass_time(3)

    assert (visit.ringing().closer, visit.ringing().reason) == (alice, "your line broke off")


# --- capacity and the time for notes


def in_hand(visit: Visit, closer: Closer, state: str) -> Handoff:
    """Another call of this closer."""
    session = visits.open_visit(visit.session.widget, recording=True, origin="", now=timezone.now())
    now = timezone.now()
    return handoffs.create(
        session=session,
        trigger="gather_complete",
        state=state,
        method="bridge",
        closer=closer,
        triggered_at=now,
        deadline_at=now + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    ("capacity", "states", "is_rung"),
    [
        (1, ["wrap_up"], False),
        (2, ["wrap_up"], True),
        (2, ["wrap_up", "wrap_up"], False),
        (3, ["wrap_up", "wrap_up"], True),
        (5, ["accepted"], False),
        (5, ["seated"], False),
        (5, ["bridging"], False),
        (5, ["connected"], False),
        (5, ["dropped"], False),
        (1, ["completed"], True),
    ],
)
def test_notes_count_against_the_capacity_and_a_talk_fills_it(
    talking: Visit, alice: Closer, capacity: int, states: list[str], is_rung: bool
) -> None:
    Closer.objects.filter(pk=alice.pk).update(capacity=capacity)
    for state in states:
        in_hand(talking, alice, state)

    finish(talking)

    assert Offer.objects.filter(closer=alice, state="ringing").exists() == is_rung
    assert talking.state == (State.RINGING if is_rung else State.RESERVED)


def test_a_talk_lies_on_the_desk_before_older_notes(talking: Visit, alice: Closer) -> None:
    for state in ("wrap_up", "connected"):
        handoff = in_hand(talking, alice, state)
        handoffs.change(handoff, accepted_at=timezone.now())

    assert [handoff.state for handoff in selectors.active_handoffs(alice)] == [State.CONNECTED, State.WRAP_UP]


def test_a_second_call_does_not_ring_whose_dashboard_rings(waiting_for_alice: Visit, alice: Closer) -> None:
    Closer.objects.filter(pk=alice.pk).update(capacity=5)
    (one,) = readiness.candidates(readiness.team(alice.team_id), now=timezone.now())

    assert one.is_busy


def test_whoever_finishes_the_notes_early_is_rung_by_the_next_search(talking: Visit, alice: Closer) -> None:
    notes = in_hand(talking, alice, "wrap_up")
    finish(talking)
    assert talking.state == State.RESERVED

    actions.complete(notes.pk, closer=alice, disposition="won", now=timezone.now())
    talking.pass_time(2)

    assert talking.ringing().closer == alice


def test_the_time_for_notes_is_the_policy_s(talking: Visit, alice: Closer) -> None:
    RoutingPolicy.objects.update(wrap_up_seconds=7)
    finish(talking)
    connect(talking)
    talking.leg.hung_up()
    assert talking.state == State.WRAP_UP

    talking.pass_time(6)
    assert talking.state == State.WRAP_UP
    talking.pass_time(2)

    assert talking.state == State.COMPLETED


# --- how the closer is reached


@pytest.mark.parametrize(("by", "address"), [("number", "+61255501234"), ("sip", "sip:anna@example.com")])
def test_who_answers_a_phone_of_their_own_needs_only_a_live_dashboard(
    talking: Visit, alice: Closer, by: str, address: str
) -> None:
    Closer.objects.filter(pk=alice.pk).update(
        reached_by=by, address=address, softphone_registered=False, microphone_granted=False, sound_unlocked=False
    )

    finish(talking)

    assert talking.ringing().closer == alice


def test_a_phone_without_a_number_is_not_rung(talking: Visit, alice: Closer) -> None:
    Closer.objects.filter(pk=alice.pk).update(reached_by="number", address="")

    finish(talking)

    assert talking.state == State.RESERVED
    assert readiness.missing(Closer.objects.get(pk=alice.pk)) == ("address",)


@pytest.mark.parametrize(
    "lack",
    [{"softphone_registered": False}, {"microphone_granted": False}, {"sound_unlocked": False}, {"sip_username": ""}],
)
def test_a_softphone_needs_every_proof(talking: Visit, alice: Closer, lack: dict[str, object]) -> None:
    Closer.objects.filter(pk=alice.pk).update(**lack)

    finish(talking)

    assert talking.state == State.RESERVED
