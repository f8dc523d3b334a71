"""Celery: send one command, and the sweep that repairs whatever was lost. Every task is safe to run twice."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from handoff import commands, ledger, outcomes, services
from handoff.door import HANDLERS
from handoff.machine import Fact
from handoff.models import Handoff
from sessions_app import carrier, intake
from sessions_app.models import VoiceSession
from telephony.client import TelnyxError

# A page that got its credential but never placed a call.
NEVER_CALLED_AFTER = timedelta(minutes=3)
# Longer than the longest talk: the events of its end were lost.
LONGEST_VISIT = timedelta(hours=6)


@shared_task
def run_command(command_id: str) -> None:
    command = ledger.claim(UUID(command_id), now=timezone.now())
    if command is None:
        return
    try:
        answer = commands.perform(carrier.client(), command)
    except TelnyxError as error:
        outcomes.refused(command, error, now=timezone.now())
    else:
        outcomes.confirmed(command, answer, now=timezone.now())


@shared_task
def sweep() -> None:
    """Run every second: rows say what is due, so nothing depends on a task that was not lost."""
    now = timezone.now()
    _handoffs_past_their_deadline()
    for command_id in ledger.due(now=now):
        outcomes.expired(command_id, now=now)
        run_command(str(command_id))
    intake.retry_due(now=now, handlers=HANDLERS)
    _visits_that_nothing_will_end()


def _handoffs_past_their_deadline() -> None:
    now = timezone.now()
    due = Handoff.objects.filter(deadline_at__lte=now).order_by("deadline_at")
    for handoff_id, session_id in list(due.values_list("pk", "session_id")[:100]):
        with transaction.atomic():
            session = services.lock(session_id)
            handoff = services.open_handoff(session)
            # It may have moved on while we waited for the lock.
            if handoff and handoff.pk == handoff_id and handoff.deadline_at and handoff.deadline_at <= now:
                services.apply(handoff, Fact.DEADLINE, now=now)


def _visits_that_nothing_will_end() -> None:
    now = timezone.now()
    idle = VoiceSession.objects.filter(
        ended_at=None, call_control_id=None, created_at__lt=now - NEVER_CALLED_AFTER, handoffs=None
    )
    for session_id in list(idle.values_list("pk", flat=True)[:50]):
        outcomes.observe_end(session_id, reason="never_called", now=now)
    overdue = VoiceSession.objects.filter(ended_at=None, created_at__lt=now - LONGEST_VISIT)
    for session_id in list(overdue.values_list("pk", flat=True)[:50]):
        outcomes.observe_end(session_id, reason="expired", now=now)
