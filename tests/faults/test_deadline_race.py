"""A click in the moment of the deadline, several sweeps at once: one outcome, whoever is first. Real connections."""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from handoff import actions, tasks
from handoff.commands import ledger
from handoff.commands.ledger import Intent
from handoff.engine import transitions
from handoff.machine import State
from handoff.models import Closer, Command, Handoff, Offer
from sessions_app.models import TimelineEntry, VoiceSession, WidgetConfig
from sessions_app.visits.visits import open_visit
from tests import handoffs
from tests.faults.world import SEED
from tests.people import make_ready, person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("enough_lines"),
]

ROUNDS = 25 * int(os.environ.get("FAULT_ROUNDS", "1"))
SPREAD_SECONDS = 0.05
SWEEPERS = 4


@pytest.fixture
def closers(sales: Any) -> list[Closer]:
    return [make_ready(person(name, sales), idle_seconds=60) for name in ("Alice", "Ben")]


def waiting(widget: WidgetConfig) -> VoiceSession:
    """A prospect on a line of ours whose assistant has ended; the first closer's dashboard rings."""
    now = timezone.now()
    session = open_visit(widget, recording=True, origin="", now=now)
    with transaction.atomic():
        transitions.trigger(transitions.lock(session.pk), "assistant_failed", now=now)
    return session


def expires_in(offer: Offer, seconds: float) -> float:
    """Let the ring end at a moment in the near future; returns it on the monotonic clock."""
    moment = timezone.now() + timedelta(seconds=seconds)
    Handoff.objects.filter(pk=offer.handoff_id).update(deadline_at=moment)
    Offer.objects.filter(pk=offer.pk).update(expires_at=moment)
    return time.monotonic() + seconds


def at(moment: float, work: Callable[[], Any]) -> str:
    """Do it at a moment of the monotonic clock, on a connection of its own."""
    try:
        time.sleep(max(0.0, moment - time.monotonic()))
        work()
    except actions.ActionRefused as refusal:
        return refusal.code
    finally:
        connections.close_all()
    return "done"


def sweep_until(moment: float) -> None:
    while time.monotonic() < moment:
        tasks._handoffs_past_their_deadline(timezone.now())


def test_an_accept_around_the_deadline_has_exactly_one_outcome(widget: WidgetConfig, closers: list[Closer]) -> None:
    chance, outcomes = random.Random(SEED), []
    for _ in range(ROUNDS):
        session = waiting(widget)
        offer = Offer.objects.select_related("closer").get(handoff__session=session, state=Offer.State.RINGING)
        deadline = expires_in(offer, 0.15)
        click = deadline + chance.uniform(-SPREAD_SECONDS, SPREAD_SECONDS)
        with ThreadPoolExecutor(2) as pool:
            swept = pool.submit(at, 0.0, lambda end=deadline + 0.1: sweep_until(end))
            told = pool.submit(
                at, click, lambda ring=offer: actions.accept(ring.pk, closer=ring.closer, now=timezone.now())
            )
            outcome = told.result(30)
            swept.result(30)
        outcomes.append(outcome)
        assert_one_outcome(session, offer, won=outcome == "done")
        close(session)
    assert set(outcomes) <= {"done", "gone"}, f"FAULT_SEED={SEED}"


def assert_one_outcome(session: VoiceSession, offer: Offer, *, won: bool) -> None:
    handoff = Handoff.objects.get(session=session)
    offer.refresh_from_db()
    kinds = list(TimelineEntry.objects.filter(session=session).values_list("kind", flat=True))
    if won:
        assert (handoff.state, handoff.closer_id, offer.state) == (State.ACCEPTED, offer.closer_id, "accepted")
        assert (kinds.count("handoff.accepted"), kinds.count("handoff.unanswered")) == (1, 0)
        assert Command.objects.filter(session=session, kind="dial").count() == 1
    else:
        assert offer.state == "expired"
        assert (kinds.count("handoff.accepted"), kinds.count("handoff.unanswered")) == (0, 1)
        assert not Command.objects.filter(session=session, kind="dial").exists()


def close(session: VoiceSession) -> None:
    """Free both closers for the next round."""
    Offer.objects.filter(handoff__session=session, state="ringing").update(state="withdrawn")
    handoffs.end_all()
    Closer.objects.update(seen_at=timezone.now(), missed_at=None)


def test_many_sweeps_at_once_let_each_deadline_pass_once(widget: WidgetConfig, closers: list[Closer]) -> None:
    visits = [waiting(widget) for _ in range(8)]
    Handoff.objects.update(deadline_at=timezone.now() - timedelta(seconds=1), state=State.WRAP_UP)

    sweep_together()

    for visit in visits:
        assert Handoff.objects.get(session=visit).state == State.COMPLETED
        assert TimelineEntry.objects.filter(session=visit, kind="handoff.completed").count() == 1


def test_many_sweeps_at_once_settle_an_overdue_command_once(widget: WidgetConfig) -> None:
    session = open_visit(widget, recording=True, origin="", now=timezone.now())
    for number in range(8):
        long_ago = timezone.now() - timedelta(seconds=60)
        ledger.enqueue(session, Intent("hang_up", f"test:{number}", "v3:x"), now=long_ago)

    sweep_together()

    assert set(Command.objects.values_list("state", flat=True)) == {"failed"}
    assert TimelineEntry.objects.filter(session=session, kind="command.failed").count() == 8


def sweep_together() -> None:
    start = time.monotonic() + 0.1
    with ThreadPoolExecutor(SWEEPERS) as pool:
        list(pool.map(lambda _: at(start, lambda: [tasks.sweep() for _ in range(3)]), range(SWEEPERS)))


def test_a_session_that_is_held_does_not_hold_up_the_sweep(widget: WidgetConfig, closers: list[Closer]) -> None:
    held, free = waiting(widget), waiting(widget)
    Handoff.objects.update(deadline_at=timezone.now() - timedelta(seconds=1), state=State.WRAP_UP)

    with transaction.atomic():
        transitions.lock(held.pk)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(at, 0.0, tasks.sweep).result(20)
        assert Handoff.objects.get(session=free).state == State.COMPLETED
        assert Handoff.objects.get(session=held).state == State.WRAP_UP

    tasks.sweep()
    assert Handoff.objects.get(session=held).state == State.COMPLETED


def test_one_hand_over_that_cannot_be_handled_does_not_stop_the_others(
    widget: WidgetConfig, closers: list[Closer], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = waiting(widget), waiting(widget)
    Handoff.objects.update(deadline_at=timezone.now() - timedelta(seconds=1), state=State.WRAP_UP)
    apply = transitions.apply

    def fail_for_one(handoff: Handoff, *arguments: Any, **named: Any) -> bool:
        if handoff.session_id == broken.pk:
            raise RuntimeError("cannot be handled")
        return apply(handoff, *arguments, **named)

    monkeypatch.setattr(transitions, "apply", fail_for_one)
    tasks.sweep()

    assert Handoff.objects.get(session=sound).state == State.COMPLETED
