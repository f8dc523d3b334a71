"""What assistants used: written down with the session, or kept until it is known whose conversation it was."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, Run, ToolCall, VoiceSession

Outcome = ToolCall.Outcome

OVER_BUDGET = "over_budget"
# Of calls whose conversation nobody knows; whoever holds the secret could name any number of conversations.
MOST_UNKNOWN = 500
UNKNOWN_KEPT = timedelta(days=1)
LONGEST_ARGUMENTS = 8_000
_UNKNOWN_LOCK = 7_310_226


@dataclass(frozen=True)
class Caller:
    """Who used a tool, as the platform says: by its conversation (MCP) or by its leg (webhook).

    With `run_id` a ticket of ours has said which run on that leg.
    """

    door: str
    conversation_id: str = ""
    call_control_id: str = ""
    run_id: int | None = None
    delivery_key: str | None = None


@dataclass(frozen=True)
class Told:
    """What the assistant is told: a text that can be read out, and the same as data."""

    outcome: str
    text: str
    code: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Use:
    """One call of a tool and its answer."""

    name: str
    arguments: Any
    told: Told
    called_at: datetime
    duration_ms: int = 0


def hold(caller: Caller) -> tuple[VoiceSession, int] | None:
    """The session of a caller, locked until the transaction ends, and the number of the run that called."""
    found = _whose(caller)
    if found is None:
        return None
    rows = VoiceSession.objects.select_for_update(of=("self",), no_key=True).select_related(
        "widget", "team", "prospect"
    )
    session = rows.get(pk=found[0])
    return session, found[1] or session.run_number


def answered_before(caller: Caller) -> Told | None:
    """What was answered when the same webhook was delivered before."""
    if caller.delivery_key is None:
        return None
    row = ToolCall.objects.filter(delivery_key=caller.delivery_key).first()
    return Told(row.outcome, row.text, row.code, row.result) if row else None


def spent(session: VoiceSession, name: str) -> int:
    """How often a tool was used in a visit; each has a budget of its own, so that none uses up another's."""
    return ToolCall.objects.filter(session=session, name=name[:60]).count()


def keep(session: VoiceSession, caller: Caller, use: Use) -> ToolCall:
    """Write a call down in a locked session's history."""
    row = _create(session, caller, use)
    _tell(row, session)
    return row


def keep_over_budget(session: VoiceSession, caller: Caller, use: Use) -> None:
    """Write the first call over the budget down, and count the others."""
    further = ToolCall.objects.filter(session=session, code=OVER_BUDGET)
    if not further.update(repeats=F("repeats") + 1):
        keep(session, caller, use)


def keep_unknown(caller: Caller, use: Use, *, most: int) -> None:
    """Keep a call until its conversation is known, in bounded numbers. Runs inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_UNKNOWN_LOCK])
    if answered_before(caller) is not None:
        return
    unknown = ToolCall.objects.filter(session=None)
    unknown.filter(called_at__lt=use.called_at - UNKNOWN_KEPT).delete()
    if _of(unknown, caller).count() < most and unknown.count() < MOST_UNKNOWN:
        _create(None, caller, use)


@transaction.atomic
def adopt_late(caller: Caller) -> None:
    """A call was kept while somebody made its conversation known, who could not see it yet."""
    found = hold(caller)
    if found is not None:
        adopt(found[0], conversation_id=caller.conversation_id, call_control_id=caller.call_control_id)


def adopt(session: VoiceSession, *, conversation_id: str = "", call_control_id: str = "") -> None:
    """Write what came before its conversation was known into a locked session's history, with its own time."""
    caller = Caller("", conversation_id, call_control_id)
    rows = _of(ToolCall.objects.filter(session=None).select_for_update(no_key=True), caller)
    for row in rows.order_by("called_at", "pk"):
        row.session = session
        row.save(update_fields=["session"])
        _tell(row, session)


def _whose(caller: Caller) -> tuple[UUID, int] | None:
    if caller.conversation_id:
        runs = Run.objects.filter(conversation_id=caller.conversation_id)
        return runs.values_list("session_id", "number").first()
    legs = CallLeg.objects.filter(call_control_id=caller.call_control_id, role=CallLeg.Role.PROSPECT)
    if caller.run_id is not None:
        runs = Run.objects.filter(pk=caller.run_id, session__in=legs.values("session_id"))
        return runs.values_list("session_id", "number").first()
    session_id = legs.values_list("session_id", flat=True).first() if caller.call_control_id else None
    return (session_id, 0) if session_id else None


def _of(rows: QuerySet[ToolCall], caller: Caller) -> QuerySet[ToolCall]:
    wanted = Q(pk__in=[])
    if caller.conversation_id:
        wanted |= Q(conversation_id=caller.conversation_id)
    if caller.call_control_id:
        wanted |= Q(call_control_id=caller.call_control_id)
    return rows.filter(wanted)


def _create(session: VoiceSession | None, caller: Caller, use: Use) -> ToolCall:
    return ToolCall.objects.create(
        session=session,
        door=caller.door,
        conversation_id=caller.conversation_id[:100],
        call_control_id=caller.call_control_id[:200],
        delivery_key=caller.delivery_key,
        name=use.name[:60],
        arguments=bounded(use.arguments),
        outcome=use.told.outcome,
        code=use.told.code,
        text=use.told.text,
        result=dict(use.told.result),
        called_at=use.called_at,
        duration_ms=use.duration_ms,
    )


def _tell(row: ToolCall, session: VoiceSession) -> None:
    what = {
        "call": row.pk,
        "tool": row.name,
        "arguments": row.arguments,
        "outcome": row.outcome,
        "code": row.code,
        "text": row.text,
        "duration_ms": row.duration_ms,
    }
    timeline.append(session, Kind.TOOL_CALLED, what, occurred_at=row.called_at)


def bounded(arguments: Any) -> Any:
    """The arguments as they came; of endless ones the beginning."""
    written = json.dumps(arguments, ensure_ascii=False)
    return arguments if len(written) <= LONGEST_ARGUMENTS else {"too_long": written[:1_000]}
