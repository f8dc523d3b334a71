"""Misbehaviour on demand: which request or webhook goes wrong, how, and how often."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

REQUEST_MODES = frozenset(("status", "slow", "lose_reply", "reset", "hang"))
WEBHOOK_MODES = frozenset(("duplicate", "drop", "delay", "reorder"))
WEBHOOK_PREFIX = "webhook "
ALWAYS = 1_000_000


class FaultError(ValueError):
    """A fault description is wrong; the message says where."""


@dataclass
class Fault:
    match: str
    mode: str
    status: int = 500
    seconds: float = 1.0
    times: int = ALWAYS

    @classmethod
    def from_json(cls, data: Any) -> "Fault":
        if not isinstance(data, dict) or not isinstance(data.get("match"), str):
            raise FaultError("a fault is an object with 'match' and 'mode'")
        match, mode = data["match"], data.get("mode")
        allowed = WEBHOOK_MODES if match.startswith(WEBHOOK_PREFIX) else REQUEST_MODES
        if mode not in allowed:
            raise FaultError(f"mode for {match!r} must be one of {', '.join(sorted(allowed))}")
        try:
            return cls(
                match=match,
                mode=str(mode),
                status=int(data.get("status", 500)),
                seconds=float(data.get("seconds", 1.0)),
                times=int(data.get("times", ALWAYS)),
            )
        except (TypeError, ValueError) as error:
            raise FaultError(f"status, seconds and times of {match!r} must be numbers") from error

    def as_json(self) -> dict[str, Any]:
        return {
            "match": self.match,
            "mode": self.mode,
            "status": self.status,
            "seconds": self.seconds,
            "times": self.times,
        }


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        self._faults = faults

    def remaining(self) -> list[Fault]:
        return [fault for fault in self._faults if fault.times > 0]

    def for_request(self, method: str, path: str) -> Fault | None:
        return self._take(f"{method} {path}")

    def for_webhook(self, event_type: str) -> Fault | None:
        return self._take(WEBHOOK_PREFIX + event_type)

    def _take(self, subject: str) -> Fault | None:
        """Return the first fault for the subject and use it up once; `*` in its match stands for any text."""
        for fault in self.remaining():
            if fnmatchcase(subject, fault.match):
                fault.times -= 1
                return fault
        return None
