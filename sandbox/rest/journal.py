"""Remembers every REST request, and the command ids of the last minute."""

import asyncio
import itertools
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.model import clock
from sandbox.model.commands import Subject, subject_of

LOG_LENGTH = 20_000
# The real platform ignores a repeated command id for this long and no longer.
# https://developers.telnyx.com/docs/voice/programmable-voice/receiving-webhooks
MEMORY_SECONDS = 60.0

# The commands that make something, and where its id stands in the answer.
MAKERS = {"dial": "call_control_id", "create_conference": "id"}

Answer = tuple[int, dict[str, Any]]
Key = tuple[str, str]


@dataclass
class Entry:
    n: int
    at: str
    method: str
    path: str
    command_id: str | None
    body: Any
    subject: Subject
    status: int | None = None
    # Whether it was carried out, whatever became of the answer; a repetition that was recognised was not.
    effective: bool = False
    # The leg or conference that it made.
    made: str | None = None
    fault: str | None = None

    def executed(self, answer: Answer) -> None:
        status, body = answer
        self.effective = status < 300
        if self.effective and self.subject.command in MAKERS:
            self.made = str(body["data"][MAKERS[self.subject.command]])

    def as_json(self) -> dict[str, Any]:
        flat = {name: value for name, value in asdict(self).items() if name != "subject"}
        return {**flat, "command": self.subject.command}

    @property
    def legs(self) -> tuple[str, ...]:
        """Every leg that it names or made."""
        return (*self.subject.legs, *((self.made,) if self.subject.command == "dial" and self.made else ()))


class Journal:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.entries: deque[Entry] = deque(maxlen=LOG_LENGTH)

    def open(self, method: str, path: str, body: Any) -> Entry:
        command_id = body.get("command_id") if isinstance(body, dict) else None
        entry = Entry(
            next(self._numbers),
            clock.iso(clock.now()),
            method,
            path,
            None if command_id is None else str(command_id),
            redacted(body),
            subject_of(method, path, body),
        )
        self.entries.append(entry)
        return entry

    def effective(self, call_control_id: str | None = None) -> list[Entry]:
        """Return what was truly carried out on calls and conferences, for all legs or for one."""
        return [
            entry
            for entry in self.entries
            if entry.effective and entry.method == "POST" and entry.legs and call_control_id in (None, *entry.legs)
        ]

    def forget(self) -> None:
        self.entries.clear()


class CommandMemory:
    """Answers a repeated command with the first one's answer instead of executing it again."""

    def __init__(self) -> None:
        self._answers: dict[Key, tuple[float, asyncio.Future[Answer]]] = {}

    def recall(self, key: Key) -> asyncio.Future[Answer] | None:
        limit = time.monotonic() - MEMORY_SECONDS
        self._answers = {known: value for known, value in self._answers.items() if value[0] > limit}
        remembered = self._answers.get(key)
        return remembered[1] if remembered else None

    def begin(self, key: Key) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[key] = (time.monotonic(), future)
        return future

    def age(self, seconds: float) -> None:
        """Let time pass for everything that is remembered."""
        self._answers = {key: (at - seconds, answer) for key, (at, answer) in self._answers.items()}

    def drop(self, key: Key) -> None:
        """A command that failed may be tried again under its id."""
        self._answers.pop(key, None)

    def forget(self) -> None:
        self._answers.clear()


def redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "***" if "password" in key or key == "token" else redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value
