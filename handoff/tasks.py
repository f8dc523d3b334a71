"""Celery: send one command, and the sweep that repairs whatever was lost. Every task is safe to run twice."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from handoff import heartbeat
from handoff.closers import softphones
from handoff.commands import ledger, sending
from handoff.engine import assistant_end, transitions, visitor_left
from handoff.events import command_results, missed_callbacks, strangers
from handoff.events.reconciliation import work as reconciler
from handoff.machine import Fact
from handoff.models import Handoff
from sessions_app import faults
from sessions_app.faults import Point
from sessions_app.inbox import intake
from sessions_app.models import VoiceSession
from sessions_app.visits import carrier
from telephony.client import TelnyxError

logger = logging.getLogger(__name__)

# Of the background worker's four threads; the others are for the sweep and for credentials.
_rescuers = BoundedSemaphore(2)

# A page that was given no line, or a visit of a release that knew of none. The others say themselves how long.
NEVER_CALLED_AFTER = timedelta(minutes=3)
# Longer than the longest talk: the events of its end were lost.
LONGEST_VISIT = timedelta(hours=6)


@shared_task
def run_command(command_id: str) -> None:
    command = ledger.claim(UUID(command_id), now=timezone.now())
    if command is None:
        return
    faults.reach(Point.BEFORE_REQUEST)
    try:
        answer = sending.perform(carrier.client(), command)
    except TelnyxError as error:
        command_results.refused(command, error, now=timezone.now())
    else:
        faults.reach(Point.REPLIED)
        command_results.confirmed(command, answer, now=timezone.now())


@shared_task
def rescue_command(command_id: str) -> None:
    """Send a command that the workers of calls leave lying; never so many that the sweep has to wait."""
    if not _rescuers.acquire(blocking=False):
        return  # The sweep asks again in a second.
    try:
        run_command(command_id)
    finally:
        _rescuers.release()


@shared_task
def reconcile() -> None:
    """Ask Telnyx about sessions of which something may not have been told."""
    reconciler.run(carrier.client())


@shared_task
def end_strangers() -> None:
    """End the calls on our connection that nobody proved to be theirs."""
    strangers.end_due(carrier.client())


@shared_task
def sweep() -> None:
    """Run every second: rows say what is due, so nothing depends on a task that was not lost.

    Several may run at once. Each takes what no other holds, and nothing here speaks to Telnyx or waits for it.
    """
    now = timezone.now()
    for work in _WORK:
        with _the_rest_goes_on():
            work(now)
    heartbeat.beat(heartbeat.SWEEP, now=now)


@contextmanager
def _the_rest_goes_on() -> Iterator[None]:
    """One row that cannot be handled must not hold up all the others; it is tried again a second later."""
    try:
        yield
    except Exception:  # Whatever it is, the other rows' calls go on.
        logger.exception("Could not finish a part of the sweep")


def _handoffs_past_their_deadline(now: datetime) -> None:
    due = Handoff.objects.filter(deadline_at__lte=now).order_by("deadline_at")
    for handoff_id, session_id in list(due.values_list("pk", "session_id")[:100]):
        with _the_rest_goes_on(), transaction.atomic():
            session = transitions.lock_unless_held(session_id)
            if session is None:
                continue  # Something else happens to it just now; the deadline is looked at again a second later.
            handoffs = Handoff.objects.select_related(*transitions.HELD_WITH)
            handoff = handoffs.filter(pk=handoff_id, deadline_at__lte=now).first()
            if handoff is not None:  # Else it has moved on since we read the list.
                handoff.session = session
                transitions.apply(handoff, Fact.DEADLINE, now=now)


def _commands(now: datetime) -> None:
    for command_id in ledger.overdue(now=now):
        with _the_rest_goes_on():
            command_results.expired(command_id, now=now)
    ledger.ask_again(now=now)


def _deliveries(now: datetime) -> None:
    intake.retry_due(now=now)


def _visits_that_nothing_will_end(now: datetime) -> None:
    visitor_left.end_deserted(now=now)
    is_late = Q(page_leg_by__lte=now) | Q(page_leg_by=None, created_at__lt=now - NEVER_CALLED_AFTER)
    idle = VoiceSession.objects.filter(is_late, ended_at=None, call_control_id=None, handoffs=None)
    for session_id in list(idle.values_list("pk", flat=True)[:50]):
        visitor_left.observe_end(session_id, reason="never_called", now=now)
    endless = VoiceSession.objects.filter(ended_at=None, created_at__lt=now - LONGEST_VISIT)
    for session_id in list(endless.values_list("pk", flat=True)[:50]):
        visitor_left.observe_end(session_id, reason="expired", now=now)


_WORK = (
    _handoffs_past_their_deadline,
    _commands,
    _deliveries,
    _visits_that_nothing_will_end,
    assistant_end.results_not_told,
    softphones.end_logins_of_gone_pages,
    missed_callbacks.promises_missed,
    missed_callbacks.bookings_that_never_end,
)
