"""What Telnyx keeps of a conversation: its transcript and its insights, asked for until they stand there."""

from datetime import datetime, timedelta

from handoff.commands import keys, kinds, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.commands.sending import Answer
from handoff.models import Command
from sessions_app.conversation import insights, runs, transcript
from sessions_app.models import Run, VoiceSession

# Telnyx keeps the record a moment after the conversation's end. Together these are what a closer waits for the AI's
# own data: a minute.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 4, 8, 16, 30))
# When Telnyx could not be reached all the while.
MOST_TRIES = 20


def fetch(session: VoiceSession, number: int, *, now: datetime) -> None:
    """Ask for the record of a run that is over; asking twice changes nothing."""
    run = _run(session, number)
    if run is None or not run.conversation_id:
        return
    insights.await_for(run, session, at=now)
    ledger.enqueue_all(session, [_asking(kind, run, number=0) for kind in kinds.OF_RECORD], now=now)


def resume(session: VoiceSession, run: Run, *, now: datetime) -> None:
    """Ask for a transcript for which nobody asks any more: its run's end was not told, or Telnyx did not answer."""
    asked = Command.objects.filter(run=run, kind=CommandKind.FETCH_TRANSCRIPT)
    newest = asked.order_by("-created_at").first()
    if newest is None:
        fetch(session, run.number, now=now)
    elif newest.due_at is None and newest.arguments["attempt"] + 1 < MOST_TRIES:
        _ask(CommandKind.FETCH_TRANSCRIPT, run, session, number=newest.arguments["attempt"] + 1, now=now)


def _ask(kind: CommandKind, run: Run, session: VoiceSession, *, number: int, now: datetime) -> None:
    ledger.enqueue(session, _asking(kind, run, number=number), now=now)


def _asking(kind: CommandKind, run: Run, *, number: int) -> Intent:
    arguments = {"conversation_id": run.conversation_id, "run": run.number, "attempt": number}
    delay = DELAYS[min(number, len(DELAYS) - 1)]
    return Intent(kind, keys.of_record(run.pk, kind, number), "", arguments, delay=delay, run=run)


def transcript_came(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    run = _run_of(command, session)
    if run is not None and not transcript.finalise(run, session, answer.content, at=now, is_last=_is_last(command)):
        _ask_again(command, run, session, now)


def insights_came(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    run = _run_of(command, session)
    if run is None:
        return
    insights.keep(session, answer.content, number=run.number, at=now)
    if not answer.content:
        _ask_again(command, run, session, now)


def failed(command: Command, session: VoiceSession, now: datetime) -> None:
    """Telnyx was not reached or refused; that says nothing about what it keeps."""
    run = _run_of(command, session)
    if run is not None:
        _ask_again(command, run, session, now)


def _ask_again(command: Command, run: Run, session: VoiceSession, now: datetime) -> None:
    if not _is_last(command):
        _ask(CommandKind(command.kind), run, session, number=command.arguments["attempt"] + 1, now=now)
    elif command.kind == CommandKind.FETCH_INSIGHTS:
        insights.give_up(run, session, at=now)


def _is_last(command: Command) -> bool:
    return bool(command.arguments["attempt"] + 1 >= len(DELAYS))


def _run_of(command: Command, session: VoiceSession) -> Run | None:
    return _run(session, command.arguments.get("run", 1))


def _run(session: VoiceSession, number: int) -> Run | None:
    return runs.find(session, number)
