"""Misbehaviour on demand: which request or webhook goes wrong, how, and how often."""

import random
from collections import Counter
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from sandbox.model.commands import Subject

REQUEST_MODES = frozenset(("status", "slow", "lose_reply", "reset", "hang", "execute_then_hang", "ignore"))
WEBHOOK_MODES = frozenset(("duplicate", "drop", "delay", "reorder"))
# The gateway's answer to a page says `code`: TRYING, UNREGED, FAIL_WAIT, …
SOCKET_MODES = frozenset(("state",))
WEBHOOK_PREFIX, SOCKET_PREFIX = "webhook ", "socket "
MODES = {WEBHOOK_PREFIX: WEBHOOK_MODES, SOCKET_PREFIX: SOCKET_MODES}
ALWAYS = 1_000_000


class FaultError(ValueError):
    """A fault description is wrong; the message says where."""


@dataclass
class Fault:
    """`match` is a method and path, or "webhook" and a type, with `*` for any text; `command` is our word for it.

    Given together with `call_control_id`, all must fit. The fault begins with the `nth` fitting request, and lasts
    for `times` of them.
    """

    mode: str
    match: str = "*"
    command: str | None = None
    call_control_id: str | None = None
    nth: int = 1
    times: int = ALWAYS
    status: int = 500
    code: str | None = None
    seconds: float = 1.0

    @classmethod
    def from_json(cls, data: Any) -> "Fault":
        if not isinstance(data, dict) or not ({"match", "command"} & data.keys()):
            raise FaultError("a fault is an object with 'mode', and with 'match' or 'command'")
        unknown = data.keys() - {known.name for known in fields(cls)}
        if unknown:
            raise FaultError(f"a fault has no {', '.join(sorted(unknown))}")
        try:
            fault = cls(
                mode=str(data.get("mode")),
                match=str(data.get("match", "*")),
                command=_text(data.get("command")),
                call_control_id=_text(data.get("call_control_id")),
                nth=int(data.get("nth", 1)),
                times=int(data.get("times", ALWAYS)),
                status=int(data.get("status", 500)),
                code=_text(data.get("code")),
                seconds=float(data.get("seconds", 1.0)),
            )
        except (TypeError, ValueError) as error:
            raise FaultError(f"nth, times, status and seconds must be numbers: {data}") from error
        allowed = next((modes for prefix, modes in MODES.items() if fault.match.startswith(prefix)), REQUEST_MODES)
        if fault.mode not in allowed:
            raise FaultError(f"mode for {fault.match!r} must be one of {', '.join(sorted(allowed))}")
        return fault

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def fits(self, subject: Subject) -> bool:
        return (
            self.times > 0
            and fnmatchcase(subject.name, self.match)
            and self.command in (None, subject.command)
            and (self.call_control_id is None or self.call_control_id in subject.legs)
        )


@dataclass(frozen=True)
class Disorder:
    """Bad weather for all webhooks: shares of them are lost, sent twice or delayed, and their order is shuffled.

    `delay_seconds` is the longest delay; `shuffle_seconds` holds each one back for a random part of that time. The
    same seed treats the n-th webhook of a type alike.
    """

    seed: int = 0
    lose: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_seconds: float = 2.0
    shuffle_seconds: float = 0.0

    @classmethod
    def from_json(cls, data: Any) -> "Disorder":
        if not isinstance(data, dict) or not data.keys() <= {known.name for known in fields(cls)}:
            raise FaultError(f"disorder is an object with {', '.join(known.name for known in fields(cls))}")
        if any(isinstance(value, bool) or not isinstance(value, int | float) or value < 0 for value in data.values()):
            raise FaultError("every entry of a disorder is a number of at least 0")
        return cls(**data)

    def pauses(self, event_type: str, number: int) -> list[float]:
        """Return how long to hold back each copy of the n-th webhook of this type; none when it is lost."""
        # A generator of its own, so that what happens to one webhook does not hang on what others there were.
        chance = random.Random(f"{self.seed}/{event_type}/{number}")
        if chance.random() < self.lose:
            return []
        copies = 2 if chance.random() < self.duplicate else 1
        return [
            chance.uniform(0, self.shuffle_seconds)
            + (chance.uniform(0, self.delay_seconds) if chance.random() < self.delay else 0.0)
            for _ in range(copies)
        ]


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: Counter[str] = Counter()
        self.disorder = Disorder()

    def replace(self, faults: list[Fault]) -> None:
        self._faults = faults

    def upset(self, disorder: Disorder) -> None:
        self.disorder = disorder
        self._seen.clear()

    def remaining(self) -> list[Fault]:
        return [fault for fault in self._faults if fault.times > 0]

    def for_request(self, subject: Subject) -> Fault | None:
        return self._take(subject)

    def for_webhook(self, event_type: str, call_control_id: str = "") -> Fault | None:
        return self._take(Subject(WEBHOOK_PREFIX + event_type, "", (call_control_id,)))

    def for_socket(self, method: str) -> Fault | None:
        return self._take(Subject(SOCKET_PREFIX + method, ""))

    def pauses(self, event_type: str) -> list[float]:
        self._seen[event_type] += 1
        return self.disorder.pauses(event_type, self._seen[event_type])

    def _take(self, subject: Subject) -> Fault | None:
        """Return the first fault that is due for the subject, and use it up once."""
        for fault in self._faults:
            if fault.fits(subject):
                if fault.nth <= 1:
                    fault.times -= 1
                    return fault
                fault.nth -= 1
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
