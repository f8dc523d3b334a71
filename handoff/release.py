"""The assistant is done with the prospect, or should be: what follows."""

from datetime import datetime

from handoff import services, telling
from handoff.callbacks import booking
from handoff.machine import Fact, State
from handoff.models import Handoff
from sessions_app import fields, runs
from sessions_app.gather import versions
from sessions_app.models import Run, VoiceSession


def assistant_done(session: VoiceSession, number: int, reason: str, *, now: datetime) -> None:
    """A run is over. Its hand-over begins, unless it has begun; an older run's end is of no matter any more."""
    if number != max(session.run_number, 1):
        return
    run = runs.current(session)
    handoff = services.open_handoff(session)
    if run is not None and run.purpose == Run.Purpose.CALLBACK and handoff is None:
        booking.run_over(session, run, now=now)
    elif handoff is None:
        services.trigger(session, reason, now=now)
    elif handoff.prospect_free_at is None:
        assistant_ended(handoff, now=now)


def assistant_ended(handoff: Handoff, *, now: datetime) -> None:
    """A closer who takes over is announced first; otherwise the prospect is free at once."""
    if handoff.takes_now and handoff.state == State.SEATED and handoff.session.ended_at is None:
        telling.tell_taking_over(handoff, now)
    else:
        services.apply(handoff, Fact.PROSPECT_FREE, now=now)


def announced(session: VoiceSession, *, now: datetime) -> None:
    """The sentence that announces the closer was spoken, or cannot be."""
    handoff = services.open_handoff(session)
    if handoff is not None and handoff.state == State.SEATED:
        services.apply(handoff, Fact.PROSPECT_FREE, now=now)


def answers_known(session: VoiceSession, *, now: datetime) -> None:
    """Ring a closer early once the configured share of the required answers is known."""
    wanted = session.widget.pre_alert_percent
    required = versions.required(session)
    if not (wanted and required and session.is_assistant_running):
        return
    run = runs.current(session)
    if run is not None and run.purpose != Run.Purpose.QUALIFY:
        return
    known = len(fields.known(session) & set(required))
    if known * 100 >= wanted * len(required):
        services.trigger(session, "fields_known", now=now)
