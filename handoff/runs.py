"""Start the assistant: for the first time, given back by a closer, or to book a callback."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from handoff import sentences
from handoff.commands import ledger
from handoff.commands.ledger import Intent
from sessions_app import fields, runs
from sessions_app.gather import request, versions
from sessions_app.models import CallLeg, Run, TranscriptTurn, VoiceSession
from sessions_app.models.people import AssistantRun

# What a returning assistant is given to remember; the newest turns matter.
REMEMBERED_TURNS = 60
_ROLES: dict[str, str] = {
    TranscriptTurn.Speaker.ASSISTANT: "assistant",
    TranscriptTurn.Speaker.PROSPECT: "user",
}
_OPEN_QUESTION = {"type": "string", "description": "Is there anything else that I can note for you?"}
_ANYTHING_ELSE = {"type": "object", "properties": {"anything_else": _OPEN_QUESTION}, "required": ["anything_else"]}


def first(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """Let the assistant take the call as the widget says."""
    widget = session.widget
    run = runs.begin(session, purpose=Run.Purpose.QUALIFY, now=now)
    if widget.assistant_run == AssistantRun.GATHER:
        _enqueue(run, _gather(run, leg, parameters=versions.schema(session), greeting=widget.greeting), now)
    else:
        _enqueue(run, _assistant(run, leg, greeting=widget.greeting), now)


def give_back(session: VoiceSession, leg: CallLeg, *, instruction: str, now: datetime, delay: timedelta) -> None:
    """Return the prospect to the assistant, who remembers the conversation; `hasten` when the leg is free."""
    run = runs.begin(
        session,
        purpose=Run.Purpose.RETURNED,
        now=now,
        instruction=instruction,
        history=_remembered(session),
    )
    if session.widget.assistant_run == AssistantRun.GATHER:
        intent = _gather(run, leg, parameters=_missing(session), greeting=sentences.returned(), delay=delay)
    else:
        intent = _assistant(run, leg, greeting=sentences.returned(), delay=delay)
    _enqueue(run, intent, now)


def begin(
    session: VoiceSession,
    leg: CallLeg,
    *,
    purpose: str,
    greeting: str,
    instruction: str,
    parameters: Mapping[str, Any],
    offered: Sequence[dict[str, Any]] = (),
    now: datetime,
) -> Run:
    """Let an assistant that remembers the conversation gather `parameters`, a JSON schema."""
    run = runs.begin(
        session,
        purpose=purpose,
        now=now,
        instruction=instruction,
        offered=offered,
        history=_remembered(session),
    )
    _enqueue(run, _gather(run, leg, parameters=parameters, greeting=greeting), now)
    return run


def key(run: Run) -> str:
    return f"run:{run.pk}:start"


def _enqueue(run: Run, intent: Intent, now: datetime) -> None:
    ledger.enqueue(run.session, intent, now=now)


def _gather(
    run: Run, leg: CallLeg, *, parameters: Mapping[str, Any], greeting: str, delay: timedelta = timedelta()
) -> Intent:
    arguments = request.arguments(
        parameters=parameters, greeting=greeting, voice=run.session.widget.voice, instructions=run.instruction
    )
    return Intent("start_gather", key(run), leg.call_control_id, arguments | _common(run), delay=delay)


def _assistant(run: Run, leg: CallLeg, *, greeting: str, delay: timedelta = timedelta()) -> Intent:
    arguments = {
        "assistant_id": run.session.widget.assistant_id,
        "greeting": greeting,
        "dynamic_variables": {"company": run.session.team.name},
    }
    common = _common(run)
    if run.instruction:  # Beside the assistant's own instructions, which naming them anew would replace.
        common["history"] = [*run.history, {"role": "system", "content": run.instruction}]
    return Intent("start_assistant", key(run), leg.call_control_id, arguments | common, delay=delay)


def _common(run: Run) -> dict[str, Any]:
    return {"run": run.number, "history": run.history, "mark": runs.mark(run)}


def _remembered(session: VoiceSession) -> list[dict[str, str]]:
    turns = TranscriptTurn.objects.filter(session=session, speaker__in=_ROLES)
    # A page can make up what the assistant is said to have promised.
    turns = turns.exclude(is_relayed=True, speaker=TranscriptTurn.Speaker.ASSISTANT)
    turns = turns.order_by("-position")[:REMEMBERED_TURNS]
    return [{"role": _ROLES[turn.speaker], "content": turn.text} for turn in reversed(turns)]


def _missing(session: VoiceSession) -> dict[str, Any]:
    """The questions that have no answer yet; one open question when all have."""
    schema = versions.schema(session)
    known = fields.known(session)
    left = {name: value for name, value in schema.get("properties", {}).items() if name not in known}
    if not left:
        return _ANYTHING_ELSE
    required = [name for name in schema.get("required", []) if name in left]
    return {"type": "object", "properties": left, "required": required}
