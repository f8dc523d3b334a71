"""Who is rung, and why. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


@dataclass(frozen=True)
class Candidate:
    """A closer as the routing sees them. `missing` names what keeps them from being ready."""

    closer_id: int
    is_available: bool
    is_alive: bool
    is_busy: bool
    missing: tuple[str, ...]
    idle_since: datetime | None


@dataclass(frozen=True)
class Choice:
    closer_id: int
    reason: str


class NoChoice(Enum):
    WAIT = "wait"  # somebody who was not asked yet may become free
    NOBODY = "nobody"


def choose(candidates: Iterable[Candidate], *, tried: Collection[int], now: datetime) -> Choice | NoChoice:
    """The ready closer who has been idle longest, among those not asked before."""
    fresh = [one for one in candidates if one.closer_id not in tried and one.is_available and one.is_alive]
    ready = [one for one in fresh if not one.is_busy and not one.missing]
    if ready:
        chosen = min(ready, key=lambda one: (one.idle_since or now, one.closer_id))
        return Choice(chosen.closer_id, f"longest idle, {_duration(chosen.idle_since, now)}")
    return NoChoice.WAIT if fresh else NoChoice.NOBODY


def _duration(since: datetime | None, now: datetime) -> str:
    seconds = int((now - since).total_seconds()) if since else 0
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
