"""What time does to promises and to the talks about them; part of the sweep, and safe to run twice at once."""

from datetime import datetime, timedelta

from django.db import transaction

from handoff import machine
from handoff.callbacks import booking
from handoff.closers import roster
from handoff.engine import transitions
from handoff.legs import connection
from handoff.models import CallbackPromise
from sessions_app import timeline
from sessions_app.conversation import runs
from sessions_app.kinds import Kind
from sessions_app.models import Run, VoiceSession

# A prospect who does not answer the assistant that returned is not kept on the line for ever.
LONGEST_BOOKING = timedelta(minutes=3)
AT_ONCE = 100


def promises_missed(now: datetime) -> None:
    """Say of each promise whose time has passed without a call that it was missed, once."""
    missed = CallbackPromise.objects.filter(kept_at=None, missed_at=None, attempts=0, due_at__lte=now)
    for promise_id, session_id in list(missed.order_by("due_at").values_list("pk", "session_id")[:AT_ONCE]):
        with transaction.atomic():
            session = transitions.lock_unless_held(session_id)
            if session is not None and missed.filter(pk=promise_id).update(missed_at=now):
                promise = CallbackPromise.objects.select_related("owner").get(pk=promise_id)
                owner = promise.owner.display_name if promise.owner else ""
                what = {"due_at": promise.due_at.isoformat(), "closer_name": owner}
                timeline.append(session, Kind.CALLBACK_MISSED, what, occurred_at=now)
                roster.changed(promise.team_id)


def bookings_that_never_end(now: datetime) -> None:
    """End the talk about a callback that takes too long; the promise stands."""
    endless = Run.objects.filter(
        purpose=Run.Purpose.CALLBACK,
        ended_at=None,
        requested_at__lt=now - LONGEST_BOOKING,
        session__ended_at=None,
    )
    for session_id in list(endless.values_list("session_id", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            session = transitions.lock_unless_held(session_id)
            run = session.current_run if session is not None else None
            if session is None or run is None or not _is_endless(session, run):
                continue
            # The goodbye follows the stop; where that is refused, nothing can be said beside the assistant.
            if not connection.stop_assistant(session, now=now):
                runs.ended(session, run.number, at=now)
                booking.run_over(session, run, now=now)


def _is_endless(session: VoiceSession, run: Run) -> bool:
    is_taken = session.handoffs.exclude(state__in=machine.SETTLED_STATES).exists()
    return run.purpose == Run.Purpose.CALLBACK and run.ended_at is None and not is_taken
