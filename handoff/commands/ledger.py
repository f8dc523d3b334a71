"""The ledger of commands to Telnyx: each intent once, none sent after its time, none blindly repeated."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from handoff import heartbeat
from handoff.commands import dispatch, kinds
from handoff.commands.kinds import CommandKind
from handoff.models import Attempt, Command, Handoff
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import Run, VoiceSession
from telephony.client import TelnyxError

logger = logging.getLogger(__name__)

State = Command.State

# Telnyx ignores a repeated command id for 60 s; after 45 s nothing is repeated any more, only observed.
# https://developers.telnyx.com/docs/voice/programmable-voice/receiving-webhooks
SEND_WITHIN = timedelta(seconds=45)
# The client gives up after 5 s, so a command that is still "sent" then has lost its worker.
ANSWER_WITHIN = timedelta(seconds=6.5)
# A call's command that nobody takes for so long shows that its workers are dead or all busy.
RESCUED_AFTER = timedelta(seconds=3)
# Doubled at every try, and the sweep that sends again comes once a second: three refusals cost 4 to 7 s.
RETRY_AFTER = timedelta(milliseconds=250)
KEY_REFUSED = 401

_FIELDS = Command._meta.concrete_fields
_ONE = "({})".format(", ".join("%s" for _ in _FIELDS))
_WRITE_ONCE = "INSERT INTO {} ({}) VALUES {{}} ON CONFLICT (key) DO NOTHING RETURNING id".format(  # noqa: S608  Names.
    Command._meta.db_table, ", ".join(str(field.column) for field in _FIELDS)
)


@dataclass(frozen=True)
class Intent:
    """What is wanted of Telnyx, and for which run of the assistant or attempt of a hand-over.

    `key` names it, so that wanting it twice changes nothing.
    """

    kind: CommandKind
    key: str
    call_control_id: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    delay: timedelta = timedelta()
    run: Run | None = None
    attempt: Attempt | None = None


def enqueue(session: VoiceSession, intent: Intent, *, now: datetime, handoff: Handoff | None = None) -> Command | None:
    """Write a command down and have a worker send it after commit; None when it was written before."""
    return next(iter(enqueue_all(session, [intent], now=now, handoff=handoff)), None)


def enqueue_all(
    session: VoiceSession, intents: Iterable[Intent], *, now: datetime, handoff: Handoff | None = None
) -> list[Command]:
    """Write commands down in one statement and have workers send them; returns those that are new."""
    commands = _write_once([_command(session, intent, handoff, now) for intent in intents])
    for command in commands:
        if command.due_at == now:
            _send_after_commit(command.pk, command.kind)
    return commands


def _command(session: VoiceSession, intent: Intent, handoff: Handoff | None, now: datetime) -> Command:
    due_at = now + intent.delay
    return Command(
        key=intent.key,
        session=session,
        handoff=handoff,
        run=intent.run,
        attempt=intent.attempt,
        kind=intent.kind,
        call_control_id=intent.call_control_id,
        arguments=intent.arguments,
        created_at=now,
        due_at=due_at,
        send_by=due_at + SEND_WITHIN,
    )


def _write_once(commands: list[Command]) -> list[Command]:
    """Those that were not written before: the statement itself says so, which `bulk_create` does not pass on."""
    rows = [field.get_db_prep_save(getattr(one, field.attname), connection) for one in commands for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_ONCE.format(", ".join(_ONE for _ in commands)), rows)
        new = {key for (key,) in cursor.fetchall()}
    for command in commands:
        command._state.adding = command.pk not in new
    return [command for command in commands if command.pk in new]


def claim(command_id: UUID, *, now: datetime) -> Command | None:
    """Take a due command for sending; None when another worker has it, it is done, or it is too late."""
    taken = Command.objects.filter(pk=command_id, state=State.PENDING, due_at__lte=now, send_by__gt=now).update(
        state=State.SENT, sent_at=Coalesce(F("sent_at"), now), attempts=F("attempts") + 1, due_at=now + ANSWER_WITHIN
    )
    return Command.objects.get(pk=command_id) if taken else None


def confirm(command: Command, *, result: dict[str, Any], now: datetime) -> bool:
    """Runs inside a transaction; False when the command was settled in the meantime."""
    return _settle(command, State.CONFIRMED, now=now, result=result)


def refuse(command: Command, error: TelnyxError, *, now: datetime, latest: datetime | None = None) -> bool:
    """Settle a failed sending: repeat it soon, or let it be failed. Returns whether it is final.

    Nothing is repeated at or after `latest`, when it would come too late to be of use. The same command id goes out
    again only while Telnyx still remembers it, so a lost reply cannot do a thing twice.
    """
    if error.status == KEY_REFUSED:
        heartbeat.beat(heartbeat.KEY_REFUSED, now=now)
        logger.error("Telnyx refuses the API key: no call can be answered or connected until it is right")
    wait = RETRY_AFTER * 2 ** min(command.attempts, 4)
    if error.retry_after:
        wait = max(wait, timedelta(seconds=error.retry_after))
    if not error.permanent and now + wait < min(command.send_by, latest or command.send_by):
        Command.objects.filter(pk=command.pk, state=State.SENT).update(
            state=State.PENDING, due_at=now + wait, error=_describe(error)
        )
        return False
    final = State.UNKNOWN if error.outcome_unknown else State.FAILED
    return _settle(command, final, now=now, error=_describe(error))


def drop(handoff: Handoff, of: Collection[CommandKind]) -> None:
    """Take back what was not sent yet."""
    Command.objects.filter(handoff=handoff, kind__in=of, state=State.PENDING).update(state=State.DROPPED, due_at=None)


def open_of_kind(session: VoiceSession, kind: CommandKind) -> int:
    """How many commands of a kind a session still waits for."""
    return Command.objects.filter(session=session, kind=kind, state__in=[State.PENDING, State.SENT]).count()


def take_back(key: str) -> bool:
    """Drop one command that was not sent yet; False when it was, or is no more."""
    return bool(Command.objects.filter(key=key, state=State.PENDING).update(state=State.DROPPED, due_at=None))


def hasten(key: str, *, now: datetime) -> None:
    """Make a delayed command due at once."""
    moved = Command.objects.filter(key=key, state=State.PENDING, due_at__gt=now).update(
        due_at=now, send_by=now + SEND_WITHIN
    )
    if moved:
        _send_after_commit(*Command.objects.values_list("pk", "kind").get(key=key))


def overdue(*, now: datetime, limit: int = 50) -> list[UUID]:
    """Commands that may not be sent any more and have no outcome."""
    rows = Command.objects.filter(due_at__lte=now, send_by__lte=now).order_by("send_by")
    return list(rows.values_list("pk", flat=True)[:limit])


def ask_again(*, now: datetime, limit: int = 200) -> int:
    """Have workers send what is due: its task was lost, its worker has died, or its time has come. Returns how many."""
    orphans = Command.objects.filter(state=State.SENT, due_at__lte=now, send_by__gt=now)
    orphans.update(state=State.PENDING, due_at=now - RESCUED_AFTER)
    due = Command.objects.filter(state=State.PENDING, due_at__lte=now, send_by__gt=now).order_by("due_at")
    rows = list(due.values_list("pk", "due_at", "kind")[:limit])
    for command_id, due_at, kind in rows:
        dispatch.send_again(command_id, kind)
        if due_at is not None and due_at <= now - RESCUED_AFTER:
            dispatch.rescue(command_id)
    return len(rows)


@transaction.atomic
def expire(command_id: UUID, *, now: datetime) -> Command | None:
    """Settle a command whose send-by time has passed: never sent is failed, sent is unknown."""
    rows = Command.objects.filter(pk=command_id, state__in=[State.PENDING, State.SENT], send_by__lte=now)
    command = rows.select_related("session", "handoff").first()
    if command is None:
        return None
    final = State.UNKNOWN if command.sent_at else State.FAILED
    return command if _settle(command, final, now=now, error="send-by time passed") else None


def _settle(
    command: Command, state: str, *, now: datetime, error: str = "", result: dict[str, Any] | None = None
) -> bool:
    open_rows = Command.objects.filter(pk=command.pk, state__in=[State.PENDING, State.SENT])
    if not open_rows.update(state=state, finished_at=now, due_at=None, error=error, result=result or {}):
        return False
    kind = Kind.COMMAND_CONFIRMED if state == State.CONFIRMED else Kind.COMMAND_FAILED
    what = {"command": command.kind} | ({"error": error} if error else {})
    # The record is asked for until it stands there, and what came of that has entries of its own.
    if command.kind not in kinds.READS:
        timeline.append(command.session, kind, what, occurred_at=now)
    logger.info("command %s (%s): %s %s", command.pk, command.kind, state, error)
    return True


def _describe(error: TelnyxError) -> str:
    return f"status {error.status} code {error.code}"[:120]


def _send_after_commit(command_id: UUID, kind: str) -> None:
    transaction.on_commit(lambda: dispatch.send(command_id, kind))
