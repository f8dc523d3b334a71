"""What the sockets of one process read: each thing once for all that want it, on threads of their own."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.utils import timezone

from dashboard.live.sharing import Latest, Once
from dashboard.render import callbacks, roster, snapshot
from sessions_app.models import Team

P = ParamSpec("P")
T = TypeVar("T")

# Left to asgiref, all sockets and pages of a process would wait for one another in a single thread. There are fewer
# than DATABASE_POOL, so that pages find a connection too.
THREADS = 4

Frames = list[tuple[int, str]]
# The epoch and where each session of the board stands.
Standing = tuple[str, dict[str, int]]

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dashboard")
_frames: Once[Frames] = Once(size=2000)
_team_states: Latest[roster.State] = Latest(pause=0.02)
_standings: Latest[Standing] = Latest(pause=0.02)
# Every socket compares in its own time, so a pause brings those of a second together.
_comparisons: Latest[Standing] = Latest(pause=1.0)
_checked: Latest[int | None] = Latest(pause=0.2)


def forget() -> None:
    """Drop everything that was read, as a new process starts."""
    for shared in (_frames, _team_states, _standings, _comparisons, _checked):
        shared.clear()


def in_thread(work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Its connection goes back to the pool as soon as it is done."""
    return database_sync_to_async(work, thread_sensitive=False, executor=_threads)


async def frames(team: Team, session_id: str, after: int, *, is_watched: bool) -> Frames | None:
    """The numbered frames after a position; None when they cannot all be read."""
    read = in_thread(snapshot.event_frames)
    try:
        return await _frames.get(
            (team.pk, session_id, after, is_watched),
            lambda: read(team, session_id, after, is_watched=is_watched),
        )
    except snapshot.NotContinuous:
        return None


async def team_state(team: Team, *, max_age: float = 0.0) -> roster.State:
    read = in_thread(roster.read)
    return await _team_states.get(team.pk, lambda: read(team, timezone.now()), max_age=max_age)


async def standing(team: Team) -> Standing:
    read = in_thread(snapshot.standing)
    return await _standings.get(team.pk, lambda: read(team))


async def standing_soon(team: Team) -> Standing:
    """The same for those who can wait a second."""
    return await _comparisons.get(team.pk, lambda: standing(team))


async def checked() -> int | None:
    """How many seconds ago overdue callbacks were looked for: an empty inbox must not be a silent one."""
    return await _checked.get("sweep", in_thread(callbacks.checked_seconds))
