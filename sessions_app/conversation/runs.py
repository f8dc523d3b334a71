"""The assistant's runs in a visit: which one an event belongs to, and what is written of each."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core import signing

from sessions_app import timeline
from sessions_app.conversation import tool_calls
from sessions_app.kinds import Kind
from sessions_app.models import Run, VoiceSession
from sessions_app.models.people import AssistantRun
from telephony.events import Event, GatherEnded

_SALT = "agileadapt.run"
# The turns of a run take the positions from (number - 1) times this on, so that their order needs no look at others.
POSITIONS = 10_000


def begin(
    session: VoiceSession,
    *,
    purpose: str,
    mode: str,
    now: datetime,
    instruction: str = "",
    offered: Sequence[dict[str, Any]] = (),
    history: Sequence[dict[str, str]] = (),
) -> Run:
    """Write the next run of a locked session down; from here on the assistant counts as running."""
    run = Run.objects.create(
        session=session,
        number=session.run_number + 1,
        purpose=purpose,
        mode=mode,
        instruction=instruction,
        offered=list(offered),
        history=list(history),
        requested_at=now,
    )
    _mirror(run, session)
    return run


def find(session: VoiceSession, number: int) -> Run | None:
    """A run of a locked session, with which the newest one was read."""
    newest = session.current_run
    if newest is not None and newest.number == number:
        return newest
    return Run.objects.filter(session=session, number=number).first()


def number_of(event: Event, session: VoiceSession) -> int:
    """The run that an event tells of: by its conversation, by our mark on it, or else by its time."""
    if session.run_number < 2:
        return 1
    runs = list(Run.objects.filter(session=session))
    named = [run.number for run in runs if run.conversation_id and run.conversation_id == event.ids.conversation_id]
    marked = [run.number for run in runs if run.pk == read_mark(event.client_state)]
    before = [run.number for run in runs if run.requested_at <= event.occurred_at]
    if isinstance(event, GatherEnded) and not named and marked:
        return _ended(event, runs, marked[0])
    return next(iter(named + marked), max(before, default=1))


def _ended(event: GatherEnded, runs: Sequence[Run], marked: int) -> int:
    """The gather that is over: not one that has not begun, whatever the mark says.

    Whether Telnyx tells of a gather's end with the state of its own command or of the newest on the leg is not
    documented, and it names no conversation.
    """
    run = next(one for one in runs if one.number == marked)
    awaited = [one.number for one in runs if one.number < marked and one.mode == AssistantRun.GATHER and not one.status]
    has_begun = run.started_at is not None or run.conversation_id is not None
    began_at = run.started_at or run.requested_at
    return marked if has_begun and began_at <= event.occurred_at else max(awaited, default=marked)


def at_work(session: VoiceSession, *, at: datetime) -> None:
    """The assistant did something on a locked session's call: it counts as running, though its beginning is untold."""
    _mirror(_row(session, max(session.run_number, 1), at), session)


def started(session: VoiceSession, number: int, *, at: datetime) -> None:
    run = _row(session, number, at)
    is_news = run.started_at is None
    if run.started_at is None or at < run.started_at:
        run.started_at = at
        run.save(update_fields=["started_at"])
        _mirror(run, session)
    if is_news:
        timeline.append(session, Kind.ASSISTANT_STARTED, _what(run), occurred_at=at)


def ended(session: VoiceSession, number: int, *, at: datetime) -> None:
    run = _row(session, number, at)
    is_news = run.ended_at is None
    if run.ended_at is None or at < run.ended_at:
        run.ended_at = at
        run.save(update_fields=["ended_at"])
        _mirror(run, session)
    if is_news:
        timeline.append(session, Kind.ASSISTANT_ENDED, _what(run), occurred_at=at)


def came_to(session: VoiceSession, number: int, status: str, *, at: datetime) -> None:
    """Keep what a gather came to; nothing else is awaited of it."""
    run = _row(session, number, at)
    run.status, run.release_at = status[:20] or "unknown", None
    run.save(update_fields=["status", "release_at"])


def bind(session: VoiceSession, number: int, conversation_id: str, *, at: datetime) -> None:
    """Keep the id of a run's conversation; it binds once."""
    if not conversation_id or Run.objects.filter(conversation_id=conversation_id[:100]).exists():
        return
    run = _row(session, number, at)
    if run.conversation_id is None:
        run.conversation_id = conversation_id[:100]
        run.save(update_fields=["conversation_id"])
        _mirror(run, session)  # An assistant that we did not start may be told of by its conversation first.
        tool_calls.adopt(session, conversation_id=run.conversation_id)


def mark(run: Run) -> str:
    """The `client_state` by which the events of this run are known; Base64, as Telnyx demands."""
    signed = signing.Signer(salt=_SALT).sign(str(run.pk))
    return base64.b64encode(signed.encode()).decode()


def read_mark(client_state: str | None) -> int | None:
    """The key of the run; None unless the mark is ours."""
    if not client_state:
        return None
    try:
        signed = base64.b64decode(client_state, validate=True).decode()
        return int(signing.Signer(salt=_SALT).unsign(signed))
    except (binascii.Error, UnicodeDecodeError, signing.BadSignature, ValueError):
        return None


def _row(session: VoiceSession, number: int, at: datetime) -> Run:
    """The run's row. An assistant that we did not start, as on an anonymous call, gets its row from its first event."""
    newest = session.current_run
    if newest is not None and newest.number == number:
        return newest
    run, _ = Run.objects.get_or_create(session=session, number=number, defaults={"requested_at": at})
    return run


def _mirror(run: Run, session: VoiceSession) -> None:
    """The session itself tells of its newest run."""
    if run.number < session.run_number:
        return
    session.current_run, session.run_number = run, run.number
    session.assistant_started_at, session.assistant_ended_at = run.started_at, run.ended_at
    session.save(update_fields=["current_run", "run_number", "assistant_started_at", "assistant_ended_at"])


def _what(run: Run) -> dict[str, Any]:
    return {"run": run.number, "purpose": run.purpose}
