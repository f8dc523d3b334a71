"""Stands where Telnyx stands in a replay: answers each command as the recorded one was answered. No network."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flight_recorder.replay.ghost import Ghost
from flight_recorder.replay.script import Script
from handoff.commands.kinds import CommandKind
from handoff.commands.sending import Answer
from handoff.events import hang_ups
from handoff.models import Command
from sessions_app.conversation import runs
from telephony.client import TelnyxError
from telephony.events import InsightResult, Message

Json = Mapping[str, Any]

_ROLES = {"assistant": "assistant", "prospect": "user"}
_ERROR = re.compile(r"status (\w+) code (\S+)")
_PROMPT = timedelta(milliseconds=20)


@dataclass(frozen=True)
class Reply:
    """What Telnyx says to one command; `is_alive` is its leg when the command was sent."""

    command: Command
    key: str
    at: datetime
    is_alive: bool


class Carrier:
    def __init__(self, ghost: Ghost, script: Script) -> None:
        self.ghost, self.commands = ghost, script.commands
        self.unrecorded: set[str] = set()
        self._hung_up: set[str] = set()
        hangups = [fact for fact in script.facts if fact.webhook.get("event_type") == "call.hangup"]
        self._ends = {ghost.text(fact.webhook["call_control_id"]): fact for fact in hangups}

    def takes(self, command: Command, key: str, *, now: datetime, sent: Container[str]) -> Reply:
        recorded = self.commands.get(key)
        end = self._ends.get(command.call_control_id)
        is_alive = end is None or end.at > now or any(cause not in sent for cause in end.needs)
        if recorded is None or not recorded["sent_at"]:
            self.unrecorded.add(key)
            return Reply(command, key, now + _PROMPT, is_alive)
        began, finished = _instant(recorded["sent_at"]), _instant(recorded["finished_at"])
        return Reply(command, key, now + (finished - began if began and finished else _PROMPT), is_alive)

    def answer(self, reply: Reply) -> Answer:
        """Raises TelnyxError where the recorded command failed."""
        recorded = self.commands.get(reply.key, {})
        if recorded.get("state") in {"failed", "unknown"}:
            raise _error(recorded)
        kind, command = reply.command.kind, reply.command
        if kind == CommandKind.HANG_UP:
            self._hang_up(command.call_control_id)
        if kind == CommandKind.LOOK_UP:
            return Answer({"is_alive": reply.is_alive})
        result = {
            name: self.ghost.text(value) if isinstance(value, str) else value
            for name, value in recorded.get("answer", {}).items()
        }
        if kind == CommandKind.FETCH_TRANSCRIPT:
            return Answer(result, content=self._transcript(command) if result.get("messages") else [])
        if kind == CommandKind.FETCH_INSIGHTS:
            told = self.ghost.recording["insights"] if result.get("insights") else []
            insights = [
                InsightResult(insight_id=one["insight_id"], name=one["name"], result=one["result"]) for one in told
            ]
            return Answer(result, content=insights)
        if kind == CommandKind.FETCH_ASSISTANT:
            return Answer(result, content=[])
        return Answer(result or _made_up(kind))

    def _hang_up(self, leg: str) -> None:
        """A leg is over with the first; where word of its end was lost, the answer to the next one says so."""
        if leg in self._hung_up:
            raise TelnyxError("over", permanent=True, status=422, code=hang_ups.ENDED_ALREADY)
        self._hung_up.add(leg)

    def _transcript(self, command: Command) -> list[Message]:
        """What the recorded session knows of that run in the end."""
        first = (command.arguments.get("run", 1) - 1) * runs.POSITIONS
        turns = self.ghost.recording["transcript"]
        mine = [turn for turn in turns if first <= turn["position"] < first + runs.POSITIONS]
        return [
            Message(role=_ROLES[turn["speaker"]], content=turn["text"]) for turn in mine if turn["speaker"] in _ROLES
        ]


def _made_up(kind: str) -> dict[str, Any]:
    """The answer to a command that the recording does not know: ids of which no event will ever tell."""
    if kind in {CommandKind.DIAL, CommandKind.LISTEN}:
        return {name: f"replay:{uuid4()}" for name in ("call_control_id", "call_leg_id", "call_session_id")}
    if kind in {CommandKind.START_GATHER, CommandKind.START_ASSISTANT}:
        return {"conversation_id": f"replay:{uuid4()}"}
    return {"conference_id": f"replay:{uuid4()}"} if kind == CommandKind.CREATE_CONFERENCE else {}


def _error(recorded: Json) -> TelnyxError:
    told = _ERROR.match(recorded["error"])
    status, code = told.groups() if told else ("None", "None")
    return TelnyxError(
        "as recorded",
        permanent=True,
        status=int(status) if status.isdigit() else None,
        code=None if code == "None" else code,
        outcome_unknown=recorded["state"] == "unknown",
    )


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
