"""What the sockets of one process read: each thing once for all that want it, on threads of their own."""

from django.utils import timezone

from dashboard.live.sharing import Latest, Once
from dashboard.render import callbacks, roster, snapshot
from sessions_app.http.threads import Threads
from sessions_app.models import Team

Frames = list[tuple[int, str]]
# The epoch and where each session of the board stands.
Standing = tuple[str, dict[str, int]]

threads = Threads(4, name="dashboard")
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


async def frames(team: Team, session_id: str, after: int, *, is_watched: bool) -> Frames | None:
    """The numbered frames after a position; None when they cannot all be read."""
    read = threads.lend(snapshot.event_frames)
    try:
        return await _frames.get(
            (team.pk, session_id, after, is_watched),
            lambda: read(team, session_id, after, is_watched=is_watched),
        )
    except snapshot.NotContinuous:
        return None


async def team_state(team: Team, *, max_age: float = 0.0) -> roster.State:
    read = threads.lend(roster.read)
    return await _team_states.get(team.pk, lambda: read(team, timezone.now()), max_age=max_age)


async def standing(team: Team) -> Standing:
    read = threads.lend(snapshot.standing)
    return await _standings.get(team.pk, lambda: read(team))


async def standing_soon(team: Team) -> Standing:
    """The same for those who can wait a second."""
    return await _comparisons.get(team.pk, lambda: standing(team))


async def checked() -> int | None:
    """How many seconds ago overdue callbacks were looked for: an empty inbox must not be a silent one."""
    return await _checked.get("sweep", threads.lend(callbacks.checked_seconds))
