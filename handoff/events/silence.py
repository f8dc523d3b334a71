"""An assistant that was started and gives no sign of itself: whether it is there, and what follows when it is not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.engine import assistant_end
from handoff.events.reconciliation import intaking
from handoff.legs import connection
from handoff.models import Command
from sessions_app.conversation import transcript
from sessions_app.models import Run, ToolCall, VoiceSession
from telephony import observing
from telephony.events import CallIds
from telephony.observing import ConversationRecord

# A conversation is told of within a second or two. Its first word may take longer: with an MCP server attached it was
# seen to take 40 to 80 s (third party, 2026), so it is not what is waited for.
SHOWS_ITSELF_WITHIN = timedelta(seconds=20)


def watch(session: VoiceSession, number: int, call_control_id: str, *, now: datetime) -> None:
    """Telnyx says that a run is started: ask for its conversation if nothing tells of it in time."""
    run = _silent(session, number)
    if run is not None:
        intent = Intent(
            CommandKind.FETCH_ASSISTANT,
            keys.watch(run.pk),
            call_control_id,
            {"run": number},
            delay=SHOWS_ITSELF_WITHIN,
            run=run,
        )
        ledger.enqueue(session, intent, now=now)


def looked_up(command: Command, session: VoiceSession, found: Iterable[ConversationRecord], *, now: datetime) -> None:
    """What was told of a conversation that is there was lost; without one, or without an answer, nobody speaks."""
    if _silent(session, command.arguments["run"]) is None:
        return
    if session.current_leg is not None:
        carried = session.current_leg
        ids = CallIds(command.call_control_id, carried.call_leg_id or None, carried.call_session_id or None)
        told = [observing.conversation(one, ids, at=now) for one in found]
        intaking.take_news(told, leg=carried.call_leg_id, now=now)
    session.refresh_from_db()
    run, leg = _silent(session, command.arguments["run"]), connection.prospect_leg(session)
    if run is not None and leg is not None and leg.call_control_id == command.call_control_id:
        assistant_end.never_came(session, run, now=now)


def _silent(session: VoiceSession, number: int) -> Run | None:
    """The run, while it is the newest one and nothing has told of it."""
    run = session.current_run
    if run is None or run.number != number or session.ended_at is not None:
        return None
    if run.started_at is not None or run.ended_at is not None or transcript.was_told(session, number):
        return None
    return None if ToolCall.objects.filter(session=session, called_at__gte=run.requested_at).exists() else run
