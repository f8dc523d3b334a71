"""The assistant is done with the prospect, or should be: what follows."""

from datetime import datetime, timedelta

from django.db import transaction

from handoff import joining, runs, services, telling
from handoff.callbacks import booking
from handoff.commands import ledger
from handoff.machine import Fact, State
from handoff.models import Handoff
from sessions_app import fields
from sessions_app import runs as run_rows
from sessions_app.gather import versions
from sessions_app.models import Run, VoiceSession
from sessions_app.models.people import AssistantRun

# What a gather came to is told beside the end of its conversation, and may be told later.
RESULT_WITHIN = timedelta(seconds=2)
AT_ONCE = 100
VALID, CLIENT_ERROR = "valid", "client_error"


def assistant_done(session: VoiceSession, number: int, reason: str, *, now: datetime) -> None:
    """A run is over. Its hand-over begins, unless it has begun; an older run's end is of no matter any more."""
    if number != max(session.run_number, 1):
        return
    run = run_rows.current(session)
    if run is not None:
        ledger.take_back(joining.stop_key(run))
    handoff = services.open_handoff(session)
    if run is not None and run.purpose == Run.Purpose.CALLBACK and handoff is None:
        booking.run_over(session, run, now=now)
    elif handoff is None:
        services.trigger(session, reason, now=now)
    elif handoff.prospect_free_at is None:
        assistant_ended(handoff, now=now)


def conversation_ended(session: VoiceSession, number: int, *, now: datetime) -> None:
    """The conversation of a run is over; of a gather it is not said yet what it came to."""
    run = run_rows.current(session)
    if run is not None and run.number == number and run.mode == AssistantRun.GATHER and not run.status:
        run.release_at = now + RESULT_WITHIN
        run.save(update_fields=["release_at"])
        return
    assistant_done(session, number, "conversation_ended", now=now)


def results_not_told(now: datetime) -> None:
    """Go on without the result of gathers whose conversation ended a while ago. Part of the sweep."""
    due = Run.objects.filter(release_at__lte=now).order_by("release_at")
    for run_id, session_id in list(due.values_list("pk", "session_id")[:AT_ONCE]):
        with transaction.atomic():
            session = services.lock_unless_held(session_id)
            if session is not None and due.filter(pk=run_id).update(release_at=None):
                number = Run.objects.values_list("number", flat=True).get(pk=run_id)
                assistant_done(session, number, "conversation_ended", now=now)


def gathered(session: VoiceSession, number: int, status: str, *, now: datetime) -> None:
    """A gather is over. Only `valid` says that everything is answered.

    `client_error`, which Telnyx's types do not name, was seen live when the provider of speech failed (2026).
    """
    run = run_rows.current(session)
    if status == CLIENT_ERROR:
        if run is None or run.number != number or not _begin_again(session, run, now=now):
            assistant_done(session, number, "assistant_failed", now=now)
        return
    assistant_done(session, number, "gather_complete" if status == VALID else "gather_invalid", now=now)


def _begin_again(session: VoiceSession, run: Run, *, now: datetime) -> bool:
    """Once for each purpose, while nobody else is called yet and the line is there."""
    failed = Run.objects.filter(session=session, purpose=run.purpose, status=CLIENT_ERROR)
    leg = joining.prospect_leg(session)
    if leg is None or session.ended_at or failed.count() > 1 or services.open_handoff(session) is not None:
        return False
    runs.restart(session, run, leg, now=now)
    return True


def assistant_ended(handoff: Handoff, *, now: datetime) -> None:
    """A closer who takes over is announced first; otherwise the prospect is free at once."""
    if handoff.takes_now and handoff.state == State.SEATED and handoff.session.ended_at is None:
        telling.tell_taking_over(handoff, now)
    else:
        services.apply(handoff, Fact.PROSPECT_FREE, now=now)


def stopped(session: VoiceSession, number: int, *, now: datetime) -> None:
    """Telnyx has stopped the assistant; its own word for the end may come later, or be lost."""
    run_rows.ended(session, number, at=now)
    assistant_done(session, number, "conversation_ended", now=now)


def stop_refused(session: VoiceSession, number: int, *, now: datetime) -> None:
    """The assistant may still speak on this leg: nobody is brought onto it, and the page comes back on another one."""
    run, leg = run_rows.current(session), joining.prospect_leg(session)
    if run is None or run.number != number or run.ended_at is not None or leg is None:
        return
    handoff = services.open_handoff(session)
    if handoff is None:
        if run.purpose == Run.Purpose.CALLBACK:  # Everything is promised; nothing can be said beside it.
            joining.hang_up(session, leg, now=now)
        return
    joining.give_up_leg(session, leg, now=now)
    services.apply(handoff, Fact.PROSPECT_FREE, now=now)


def announced(session: VoiceSession, *, now: datetime) -> None:
    """The sentence that announces the closer was spoken, or cannot be."""
    handoff = services.open_handoff(session)
    if handoff is not None and handoff.state == State.SEATED:
        services.apply(handoff, Fact.PROSPECT_FREE, now=now)


def answers_known(session: VoiceSession, *, now: datetime) -> bool:
    """More is known than before: ring a closer early, or let the assistant close. True when nothing is left to ask.

    A gather ends by itself; the configured assistant has no end of its own and is stopped after its last sentence.
    """
    run = run_rows.current(session)
    if run is None or run.purpose != Run.Purpose.QUALIFY or not session.is_assistant_running:
        return False
    is_complete = not fields.lacking(session)
    if is_complete and run.mode == AssistantRun.ASSISTANT:
        _close(session, run, now=now)
    elif _is_time_to_ring(session):
        services.trigger(session, "fields_known", now=now)
    return is_complete


def _is_time_to_ring(session: VoiceSession) -> bool:
    """Whether the configured share of the required answers is known."""
    wanted, required = session.widget.pre_alert_percent, versions.required(session)
    known = len(fields.known(session) & set(required))
    return bool(wanted and required) and known * 100 >= (wanted or 0) * len(required)


def _close(session: VoiceSession, run: Run, *, now: datetime) -> None:
    """Ring now, and stop the assistant when its last sentence is due; a seat that becomes warm hastens it."""
    if run.complete_at is None:
        run.complete_at = now
        run.save(update_fields=["complete_at"])
    services.trigger(session, "answers_complete", now=now)
    handoff = services.open_handoff(session)
    if handoff is None:
        return  # Nobody came before, and that was said.
    is_warm = handoff.state == State.SEATED
    is_ours = joining.stop_assistant(session, now=now, delay=joining.THANKS if is_warm else joining.LAST_SENTENCE)
    if is_warm and not is_ours:
        services.apply(handoff, Fact.PROSPECT_FREE, now=now)
