"""Start the assistant: for the first time, given back by a closer, or to book a callback."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from handoff import announcements
from handoff.commands import keys, kinds, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.models import Command
from sessions_app.answers import captured, versions
from sessions_app.conversation import gather_request, runs
from sessions_app.models import CallLeg, Run, TranscriptTurn, VoiceSession
from sessions_app.models.people import AssistantRun
from sessions_app.visits import visitor_values

# What a returning assistant is given to remember; the newest turns matter.
REMEMBERED_TURNS = 60
WITH_THE_ANSWER = "answer"
# While another assistant still ends on the leg.
MOST_STARTS_AGAIN = 3
LETTING_GO = timedelta(seconds=2)
_ROLES: dict[str, str] = {
    TranscriptTurn.Speaker.ASSISTANT: "assistant",
    TranscriptTurn.Speaker.PROSPECT: "user",
}
_OPEN_QUESTION = {"type": "string", "description": "Is there anything else that I can note for you?"}
_ANYTHING_ELSE = {"type": "object", "properties": {"anything_else": _OPEN_QUESTION}, "required": ["anything_else"]}


@dataclass(frozen=True)
class Errand:
    """What an assistant that returns has to find out: the configured one is told in words, a gather as a schema.

    `offered` are the callback times that may be named: {"label": …, "at": ISO 8601}.
    """

    instruction: str
    parameters: Mapping[str, Any]
    offered: Sequence[dict[str, Any]] = ()


def answer(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """Answer the prospect's call, together with its assistant where the installation begins so."""
    intent = Intent(CommandKind.ANSWER, keys.answer(leg.pk), leg.call_control_id)
    is_first = not session.run_number and not session.handover_phase and session.previous_id is None
    is_assistants = session.widget.assistant_run == AssistantRun.ASSISTANT
    if settings.TELNYX_ASSISTANT_START == WITH_THE_ANSWER and is_first and is_assistants:
        run = _begin(session, Run.Purpose.QUALIFY, now=now)
        intent = replace(intent, arguments=_assistant(run, greeting=session.widget.greeting), run=run)
    ledger.enqueue(session, intent, now=now)


def first(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """Let the assistant take the call as the widget says."""
    run = _begin(session, Run.Purpose.QUALIFY, now=now)
    _start(run, leg, greeting=session.widget.greeting, parameters=versions.schema(session), now=now)


def give_back(session: VoiceSession, leg: CallLeg, *, instruction: str, now: datetime, delay: timedelta) -> None:
    """Return the prospect to the assistant, who remembers the conversation; `hasten` when the leg is free."""
    run = _begin(session, Run.Purpose.RETURNED, now=now, instruction=instruction, history=_remembered(session))
    _start(run, leg, greeting=announcements.returned(), parameters=_missing(session), now=now, delay=delay)


def begin(session: VoiceSession, leg: CallLeg, errand: Errand, *, purpose: str, greeting: str, now: datetime) -> Run:
    """Let an assistant that remembers the conversation return on an errand."""
    run = _begin(
        session,
        purpose,
        now=now,
        instruction=errand.instruction,
        offered=errand.offered,
        history=_remembered(session),
    )
    _start(run, leg, greeting=greeting, parameters=errand.parameters, now=now)
    return run


def restart(session: VoiceSession, failed: Run, leg: CallLeg, *, now: datetime) -> None:
    """Begin a run again that failed for a reason of the platform's own."""
    run = _begin(
        session,
        failed.purpose,
        now=now,
        instruction=failed.instruction,
        offered=failed.offered,
        history=_remembered(session),
    )
    started = _starts(failed)[0]
    arguments = {**started.arguments, "greeting": announcements.once_more(), **_common(run)}
    _ask(run, CommandKind(started.kind), keys.start(run.pk), leg, arguments, now=now)


def start_again(run: Run, leg: CallLeg, *, now: datetime) -> bool:
    """Ask once more for a run whose start was refused while another was ending; False when that was done often enough.

    How long Telnyx takes to let go of an assistant that has ended or was stopped is not documented.
    """
    tried = _starts(run)
    if len(tried) > MOST_STARTS_AGAIN:
        return False
    first, key = tried[0], keys.start(run.pk, len(tried))
    _ask(run, CommandKind(first.kind), key, leg, first.arguments, now=now, delay=LETTING_GO)
    return True


def _starts(run: Run) -> list[Command]:
    """The commands by which a run was to begin, the first one first."""
    return list(Command.objects.filter(run=run, kind__in=kinds.STARTS).order_by("created_at"))


def _begin(session: VoiceSession, purpose: str, **more: Any) -> Run:
    return runs.begin(session, purpose=purpose, mode=session.widget.assistant_run, **more)


def _start(
    run: Run,
    leg: CallLeg,
    *,
    greeting: str,
    parameters: Mapping[str, Any],
    now: datetime,
    delay: timedelta = timedelta(),
) -> None:
    if run.mode == AssistantRun.GATHER:
        kind, arguments = CommandKind.START_GATHER, _gather(run, greeting=greeting, parameters=parameters)
    else:
        kind, arguments = CommandKind.START_ASSISTANT, _assistant(run, greeting=greeting)
    _ask(run, kind, keys.start(run.pk), leg, arguments, now=now, delay=delay)


def _ask(
    run: Run,
    kind: CommandKind,
    key: str,
    leg: CallLeg,
    arguments: dict[str, Any],
    *,
    now: datetime,
    delay: timedelta = timedelta(),
) -> None:
    intent = Intent(kind, key, leg.call_control_id, arguments, delay=delay, run=run)
    ledger.enqueue(run.session, intent, now=now)


def _gather(run: Run, *, greeting: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    widget = run.session.widget
    asked = gather_request.arguments(
        parameters=parameters, greeting=greeting, voice=widget.voice, instructions=run.instruction
    )
    return asked | _common(run)


def _assistant(run: Run, *, greeting: str) -> dict[str, Any]:
    arguments = {
        "assistant_id": run.session.widget.assistant_id,
        "greeting": greeting,
        "dynamic_variables": {**visitor_values.for_assistant(run.session), "company": run.session.team.name},
    }
    common = _common(run)
    if run.instruction:  # Beside the assistant's own instructions, which naming them anew would replace.
        common["history"] = [*run.history, {"role": "system", "content": run.instruction}]
    return arguments | common


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
    known = captured.known(session)
    left = {name: value for name, value in schema.get("properties", {}).items() if name not in known}
    return {"type": "object", "properties": left} if left else _ANYTHING_ELSE
