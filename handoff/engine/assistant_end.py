"""The assistant is done with the prospect, or should be: what follows."""

from datetime import datetime, timedelta

from django.db import transaction

from handoff.callbacks import booking
from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.engine import transitions
from handoff.legs import assistant_runs, connection, speech
from handoff.machine import Fact, State
from handoff.models import Handoff
from sessions_app import timeline
from sessions_app.answers import captured, versions
from sessions_app.conversation import runs as run_rows
from sessions_app.kinds import Kind
from sessions_app.models import Run, VoiceSession
from sessions_app.models.people import AssistantRun

# What a gather came to is told beside the end of its conversation, and may be told later.
RESULT_WITHIN = timedelta(seconds=2)
# The end of a leg is told together with the end of the conversation on it.
END_WITHIN = timedelta(seconds=2)
AT_ONCE = 100
VALID, CLIENT_ERROR = "valid", "client_error"
FELL_SHORT = frozenset({"gather_invalid", "assistant_failed"})


def assistant_done(session: VoiceSession, number: int, reason: str, *, now: datetime) -> None:
    """A run is over. Its hand-over begins, unless it has begun; an older run's end is of no matter any more."""
    if number != max(session.run_number, 1):
        return
    run = session.current_run
    if run is not None:
        ledger.take_back(keys.stop(run.pk))
    handoffs = transitions.every(session)
    handoff = transitions.open_among(handoffs, session)
    if run is not None and run.purpose == Run.Purpose.CALLBACK and handoff is None:
        booking.run_over(session, run, now=now)
    elif handoff is None:
        if all(one.run != number for one in handoffs):
            transitions.begin(session, reason, now=now)
    else:
        if reason in FELL_SHORT:  # Whoever rings or waits already was called for another reason.
            timeline.append(session, Kind.ASSISTANT_FELL_SHORT, {"reason": reason}, occurred_at=now)
        if handoff.prospect_free_at is None:
            assistant_ended(handoff, now=now)


def conversation_ended(session: VoiceSession, number: int, *, now: datetime) -> None:
    """The conversation of a run is over; of a gather it is not said yet what it came to."""
    run = session.current_run
    if run is not None and run.number == number and run.mode == AssistantRun.GATHER and not run.status:
        run.release_at = now + RESULT_WITHIN
        run.save(update_fields=["release_at"])
        return
    assistant_done(session, number, "conversation_ended", now=now)


def perhaps_left(session: VoiceSession, number: int, *, now: datetime) -> None:
    """Telnyx says that the prospect left the assistant. Their leg's own end follows, or it turns out to be there.

    What else that word may mean is not documented, and nobody must be left on a silent line for it.
    """
    leg = connection.prospect_leg(session)
    if leg is not None:
        key = keys.look_up_left(session.pk, number)
        look_up = Intent(CommandKind.LOOK_UP, key, leg.call_control_id, delay=END_WITHIN)
        ledger.enqueue(session, look_up, now=now)


def still_there(session: VoiceSession, *, now: datetime) -> None:
    """The prospect's leg lives. They are not left alone on it after the assistant."""
    run = session.current_run
    is_over = run is not None and run.ended_at is not None and run.release_at is None
    if run is not None and is_over and transitions.open_handoff(session) is None:
        assistant_done(session, run.number, "conversation_ended", now=now)


def results_not_told(now: datetime) -> None:
    """Go on without the result of gathers whose conversation ended a while ago. Part of the sweep."""
    due = Run.objects.filter(release_at__lte=now).order_by("release_at")
    for run_id, session_id in list(due.values_list("pk", "session_id")[:AT_ONCE]):
        with transaction.atomic():
            session = transitions.lock_unless_held(session_id)
            if session is not None and due.filter(pk=run_id).update(release_at=None):
                number = Run.objects.values_list("number", flat=True).get(pk=run_id)
                assistant_done(session, number, "conversation_ended", now=now)


def gathered(session: VoiceSession, number: int, status: str, *, now: datetime) -> None:
    """A gather is over. Only `valid` says that everything is answered.

    `client_error`, which Telnyx's types do not name, was seen live when the provider of speech failed (2026).
    """
    run = session.current_run
    if status == CLIENT_ERROR:
        if run is None or run.number != number or not _begin_again(session, run, now=now):
            assistant_done(session, number, "assistant_failed", now=now)
        return
    assistant_done(session, number, "gather_complete" if status == VALID else "gather_invalid", now=now)


def _begin_again(session: VoiceSession, run: Run, *, now: datetime) -> bool:
    """Once for each purpose, while nobody else is called yet and the line is there.

    Not when its end was told long before, and was gone on from.
    """
    failed = Run.objects.filter(session=session, purpose=run.purpose, status=CLIENT_ERROR)
    is_gone_on = run.ended_at is not None and run.ended_at + RESULT_WITHIN <= now and run.release_at is None
    is_too_late = session.ended_at is not None or is_gone_on or failed.count() > 1
    leg = connection.prospect_leg(session)
    if leg is None or is_too_late or transitions.open_handoff(session) is not None:
        return False
    assistant_runs.restart(session, run, leg, now=now)
    return True


def start_again(session: VoiceSession, number: int, *, now: datetime) -> None:
    """Telnyx says that an assistant runs already: this one, whose reply was lost, or an older one that is still ending.

    Where neither becomes clear, whichever it is has to be stopped before anybody else is heard on the leg.
    """
    run, leg = session.current_run, connection.prospect_leg(session)
    if run is None or run.number != number or run.started_at or run.ended_at or leg is None:
        return
    if not assistant_runs.start_again(run, leg, now=now):
        never_came(session, run, now=now)


def never_came(session: VoiceSession, run: Run, *, now: datetime) -> None:
    """A person is called for. Whatever may be on the line is stopped before anybody is heard there."""
    if run.purpose != Run.Purpose.CALLBACK:
        transitions.trigger(session, "assistant_failed", now=now)
    connection.stop_assistant(session, now=now)


def assistant_ended(handoff: Handoff, *, now: datetime) -> None:
    """A closer who takes over is announced first; otherwise the prospect is free at once."""
    takes_now = handoff.attempt is not None and handoff.attempt.takes_now
    if takes_now and handoff.state == State.SEATED and handoff.session.ended_at is None:
        speech.tell_taking_over(handoff, now)
    else:
        transitions.apply(handoff, Fact.PROSPECT_FREE, now=now)


def stopped(session: VoiceSession, number: int, *, now: datetime) -> None:
    """Telnyx has stopped the assistant; its own word for the end may come later, or be lost."""
    run_rows.ended(session, number, at=now)
    assistant_done(session, number, "conversation_ended", now=now)


def stop_refused(session: VoiceSession, number: int, *, now: datetime) -> None:
    """The assistant may still speak on this leg: nobody is brought onto it, and the page comes back on another one."""
    run, leg = session.current_run, connection.prospect_leg(session)
    if run is None or run.number != number or run.ended_at is not None or leg is None:
        return
    handoff = transitions.open_handoff(session)
    if handoff is None:
        if run.purpose == Run.Purpose.CALLBACK:  # Everything is promised; nothing can be said beside it.
            connection.hang_up(session, leg, now=now)
        return
    connection.give_up_leg(session, leg, now=now)
    transitions.apply(handoff, Fact.PROSPECT_FREE, now=now)


def announced(session: VoiceSession, *, now: datetime) -> None:
    """The sentence that announces the closer was spoken, or cannot be."""
    handoff = transitions.open_handoff(session)
    if handoff is not None and handoff.state == State.SEATED:
        transitions.apply(handoff, Fact.PROSPECT_FREE, now=now)


def answers_known(session: VoiceSession, *, now: datetime) -> bool:
    """More is known than before: ring a closer early, or let the assistant close. True when nothing is left to ask.

    A gather ends by itself; the configured assistant has no end of its own and is stopped after its last sentence.
    """
    run = session.current_run
    if run is None or run.purpose == Run.Purpose.CALLBACK or not session.is_assistant_running:
        return False
    is_complete = not captured.lacking(session)
    if is_complete and run.mode == AssistantRun.ASSISTANT and _has_found_out(session, run):
        _close(session, run, now=now)
    elif run.purpose == Run.Purpose.QUALIFY and _is_time_to_ring(session):
        transitions.trigger(session, "fields_known", now=now)
    return is_complete


def _has_found_out(session: VoiceSession, run: Run) -> bool:
    """Whether this run has anything to do with it that all is known: one that was given back begins with some of it.

    Where nothing was left to ask, the closer gave the call back for something else, and takes it again themselves.
    """
    if run.purpose == Run.Purpose.QUALIFY:
        return True
    return captured.learnt_since(session, run.requested_at)


def _is_time_to_ring(session: VoiceSession) -> bool:
    """Whether the configured share of the required answers is known."""
    wanted, required = session.widget.pre_alert_percent, versions.required(session)
    known = len(captured.known(session) & set(required))
    return bool(wanted and required) and known * 100 >= (wanted or 0) * len(required)


def _close(session: VoiceSession, run: Run, *, now: datetime) -> None:
    """Ring now, and stop the assistant when its last sentence is due; a seat that becomes warm hastens it."""
    if run.complete_at is None:
        run.complete_at = now
        run.save(update_fields=["complete_at"])
    transitions.trigger(session, "answers_complete", now=now)
    handoff = transitions.open_handoff(session)
    if handoff is None:
        return  # Nobody came before, and that was said.
    is_warm = handoff.state == State.SEATED
    is_ours = connection.stop_assistant(
        session, now=now, delay=connection.THANKS if is_warm else connection.LAST_SENTENCE
    )
    if is_warm:
        transitions.apply(handoff, Fact.CLOSING if is_ours else Fact.PROSPECT_FREE, now=now)
