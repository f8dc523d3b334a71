"""Who is rung now, and why. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from handoff.closers.candidate import Candidate

SPOKEN_BEFORE = "spoke with this prospect before"


@dataclass(frozen=True)
class Choice:
    closer_id: int
    reason: str


@dataclass(frozen=True)
class Rules:
    """How a call is routed. Neither `assigned` nor `awaited` has to have the skills."""

    is_all_at_once: bool = False
    skills: frozenset[str] = frozenset()
    # Rung before anybody else, even when asked before.
    assigned: Choice | None = None
    # Nobody waits on the line yet, so that even an assigned closer who is not ready can be waited for.
    has_time: bool = False
    # Nobody else is rung until this one can be.
    awaited: Choice | None = None


class NoChoice(Enum):
    WAIT = "wait"  # somebody who was not asked yet may become free
    NOBODY = "nobody"


def choose(
    candidates: Iterable[Candidate], *, rules: Rules, tried: Collection[int], now: datetime
) -> list[Choice] | NoChoice:
    """Whom to ring now, one or everybody at once: never who is not ready, nor, unless assigned, who was `tried`."""
    everybody = list(candidates)
    ready_ids = {one.closer_id for one in everybody if one.is_ready}
    if rules.assigned and rules.assigned.closer_id in ready_ids:
        return [rules.assigned]
    if rules.assigned and rules.has_time:
        return NoChoice.WAIT
    if rules.awaited:
        return [rules.awaited] if rules.awaited.closer_id in ready_ids else NoChoice.WAIT
    fresh = [one for one in everybody if one.is_there and one.closer_id not in tried and one.skills >= rules.skills]
    ready = [one for one in fresh if one.is_ready]
    if not ready:
        return NoChoice.WAIT if fresh else NoChoice.NOBODY
    if rules.is_all_at_once:
        return [Choice(one.closer_id, "everybody is rung") for one in sorted(ready, key=lambda one: one.closer_id)]
    chosen = min(ready, key=lambda one: (not one.has_spoken, one.idle_since or now, one.closer_id))
    return [Choice(chosen.closer_id, _reason(chosen, rules, now))]


def has_anybody(candidates: Iterable[Candidate], skills: frozenset[str]) -> bool:
    """Whether the team has somebody with these skills, ready or not."""
    return any(one.skills >= skills for one in candidates)


def _reason(chosen: Candidate, rules: Rules, now: datetime) -> str:
    if chosen.has_spoken:
        return SPOKEN_BEFORE
    seconds = int((now - chosen.idle_since).total_seconds()) if chosen.idle_since else 0
    idle = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
    if rules.skills:
        return f"speaks {', '.join(sorted(rules.skills))}, idle {idle}"[:120]
    return f"longest idle, {idle}"
