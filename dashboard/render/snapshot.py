"""What a socket is told: whole snapshots with positions, and numbered events, as JSON text that sockets share."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dashboard.render import entries, fragments
from dashboard.render.frames import encode
from sessions_app import selectors as sessions
from sessions_app.models import Team, TimelineEntry, VoiceSession

# A socket that missed more than this many entries of one session is better served by a snapshot.
LONGEST_GAP = 200


class NotContinuous(Exception):
    """The entries after a position cannot all be read: the page needs a snapshot."""


def find(team: Team, session_id: str | UUID | None) -> VoiceSession | None:
    """The session when it exists and belongs to the team."""
    try:
        key = session_id if isinstance(session_id, UUID) else UUID(str(session_id))
    except ValueError:
        return None
    return sessions.session_for(team, key)


@dataclass(frozen=True)
class Snapshot:
    epoch: str
    cursors: dict[str, int]
    watching: str | None
    fragments: list[fragments.Fragment]

    def frame(self) -> str:
        return encode(
            {
                "type": "snapshot",
                "epoch": self.epoch,
                "cursors": self.cursors,
                "watching": self.watching,
                "fragments": self.fragments,
            }
        )


def take(team: Team, watching: str | None) -> Snapshot:
    """Read the positions first and the rest after: the rest may be newer, never older, and events repeat safely."""
    epoch = sessions.epoch()
    visible = sessions.visible_sessions(team)
    watched = find(team, watching) if watching else None
    cursors = {str(session.pk): session.last_seq for session in visible}
    if watched:
        cursors.setdefault(str(watched.pk), watched.last_seq)
    return Snapshot(
        epoch=epoch,
        cursors=cursors,
        watching=str(watched.pk) if watched else None,
        fragments=[fragments.board(visible), fragments.detail(watched, was_asked=bool(watching))],
    )


def standing(team: Team) -> tuple[str, dict[str, int]]:
    """The epoch and where each session of the board stands now."""
    return sessions.epoch(), {str(key): seq for key, seq in sessions.positions(team).items()}


def event_frames(team: Team, session_id: str, after: int, *, is_watched: bool) -> list[tuple[int, str]]:
    """The entries after a position as numbered frames, the page's new state on the last one; raises NotContinuous."""
    session = find(team, session_id)
    if session is None:
        raise NotContinuous
    rows = sessions.entries_after(session.pk, after, LONGEST_GAP + 1)
    if len(rows) > LONGEST_GAP or [row.seq for row in rows] != list(range(after + 1, after + 1 + len(rows))):
        raise NotContinuous
    changed = _changed(session, rows, is_watched=is_watched) if rows else []
    return [(row.seq, encode(_event(session, row, changed if row is rows[-1] else []))) for row in rows]


def _event(session: VoiceSession, row: TimelineEntry, changed: list[fragments.Fragment]) -> dict[str, Any]:
    return {
        "type": "event",
        "session": str(session.pk),
        "seq": row.seq,
        "kind": row.kind,
        "entry": entries.entry(row).for_frame(),
        "fragments": changed,
    }


def _changed(session: VoiceSession, rows: list[TimelineEntry], *, is_watched: bool) -> list[fragments.Fragment]:
    card = [fragments.card(session)]
    if not is_watched:
        return card
    parts = fragments.parts(session, rows)
    return [*card, *parts, *fragments.turns(session, rows), *fragments.new_entries(rows)]


def watch_frame(team: Team, session_id: str | None) -> tuple[str | None, int, str]:
    """What a socket is told that looks at another session: its key, its position and the frame."""
    session = find(team, session_id) if session_id else None
    detail = fragments.detail(session, was_asked=bool(session_id))
    key = str(session.pk) if session else None
    frame = encode({"type": "watching", "session": key, "fragments": [detail]})
    return key, session.last_seq if session else 0, frame
