"""The only writer of history: every entry is numbered and pushed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from sessions_app import faults, indexing, live
from sessions_app.faults import Point
from sessions_app.models import TimelineEntry, VoiceSession

NEXT_SEQ = "UPDATE sessions_app_voicesession SET last_seq = last_seq + 1 WHERE id = %s RETURNING last_seq"


def append(
    session: VoiceSession, kind: str, payload: dict[str, Any] | None = None, *, occurred_at: datetime | None = None
) -> TimelineEntry:
    """Add the next entry to a session's history and push it after commit.

    Must run inside a transaction: the update locks the session's row, so numbers are given in commit order.
    """
    faults.reach(Point.BEFORE_ENTRY)
    seq = _next(session.pk)
    now = timezone.now()
    entry = TimelineEntry.objects.create(
        session=session, seq=seq, kind=kind, occurred_at=occurred_at or now, recorded_at=now, payload=payload or {}
    )
    session.last_seq = seq
    indexing.changed(session, kind, now=now)
    team_id, session_id = session.team_id, session.pk
    transaction.on_commit(lambda: _push(team_id=team_id, session_id=session_id, seq=seq, kind=kind))
    return entry


def _next(session_id: UUID) -> int:
    # Every fact writes several entries, so what two queries could do is one.
    with connection.cursor() as cursor:
        cursor.execute(NEXT_SEQ, [session_id])
        seq: int = cursor.fetchone()[0]
    return seq


def _push(*, team_id: int, session_id: UUID, seq: int, kind: str) -> None:
    faults.reach(Point.BEFORE_PUSH)
    live.announce(team_id=team_id, session_id=session_id, seq=seq, kind=kind)
