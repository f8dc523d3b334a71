"""The only writer of history: every entry is numbered and pushed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from sessions_app import faults
from sessions_app.faults import Point
from sessions_app.kinds import Kind
from sessions_app.models import TimelineEntry, VoiceSession
from sessions_app.search import indexing
from sessions_app.timeline import live

# One statement numbers, writes and marks for the search: every fact has several entries, and every commit waits for all
# of them. Whatever else it does hangs on the update, which locks the session's row.
NUMBER_AND_WRITE = f"""
    WITH numbered AS (
        UPDATE sessions_app_voicesession SET last_seq = last_seq + 1 WHERE id = %(session)s
        RETURNING id, last_seq, team_id, created_at
    ), marked AS ({indexing.MARK})
    INSERT INTO sessions_app_timelineentry (session_id, seq, kind, occurred_at, recorded_at, payload)
    SELECT id, last_seq, %(kind)s, %(occurred_at)s, %(recorded_at)s, %(payload)s FROM numbered RETURNING id, seq
"""  # noqa: S608  Both parts are constants.


def append(
    session: VoiceSession, kind: Kind, payload: dict[str, Any] | None = None, *, occurred_at: datetime | None = None
) -> TimelineEntry:
    """Add the next entry to a session's history and push it after commit.

    Must run inside a transaction: the update locks the session's row, so numbers are given in commit order.
    """
    faults.reach(Point.BEFORE_ENTRY)
    now = timezone.now()
    entry = TimelineEntry(
        session=session, kind=kind, occurred_at=occurred_at or now, recorded_at=now, payload=payload or {}
    )
    values: dict[str, Any] = {
        "session": entry.session_id,
        "kind": entry.kind,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "payload": Jsonb(entry.payload),
        "changes_words": indexing.changes_words(kind),
    }
    with connection.cursor() as cursor:
        cursor.execute(NUMBER_AND_WRITE, values)
        entry.pk, entry.seq = cursor.fetchone()
    entry._state.adding = False
    session.last_seq = entry.seq
    team_id, session_id, seq = session.team_id, session.pk, entry.seq
    transaction.on_commit(lambda: _push(team_id=team_id, session_id=session_id, seq=seq, kind=kind))
    return entry


def _push(*, team_id: int, session_id: UUID, seq: int, kind: str) -> None:
    faults.reach(Point.BEFORE_PUSH)
    live.announce(team_id=team_id, session_id=session_id, seq=seq, kind=kind)
