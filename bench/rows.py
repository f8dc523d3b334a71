"""What the application's own rows say: which webhook became which numbered event, and when a hand-over moved."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Json

from bench.recorder import Position

# An entry carries the time of the webhook that it came from; one webhook may write several, the last completes it.
ENTRIES_OF_WEBHOOKS = """
    SELECT delivery.event_id, delivery.event_type, entry.session_id::text AS session, max(entry.seq) AS seq
    FROM sessions_app_webhookdelivery AS delivery
    JOIN sessions_app_timelineentry AS entry
      ON entry.session_id = delivery.session_id AND entry.occurred_at = delivery.occurred_at
    WHERE delivery.event_id = ANY(%s)
    GROUP BY 1, 2, 3
"""
# Each with the columns of its newest attempt, and what was measured of that, beside its own.
HANDOFFS = """
    SELECT measures.*, attempt.*, attempt.number AS attempt, handoff.* FROM handoff_handoff AS handoff
    LEFT JOIN LATERAL (
        SELECT * FROM handoff_attempt WHERE handoff_id = handoff.id ORDER BY number DESC LIMIT 1
    ) AS attempt ON true
    LEFT JOIN handoff_measures AS measures ON measures.attempt_id = attempt.id
"""
HANDOFF_OF_CALL = f"""
    {HANDOFFS}
    JOIN sessions_app_voicesession AS session ON session.id = handoff.session_id
    WHERE session.call_control_id = %s
"""
ASK_ONLY = "UPDATE sessions_app_widgetconfig SET gather_schema = %s, pre_alert_percent = NULL"

# To closers whose hand-over was ended behind the machine's back.
END_ATTEMPTS = "UPDATE handoff_attempt SET over_at = now() WHERE over_at IS NULL"
CLOSE_EVERYTHING = (
    "UPDATE handoff_offer SET state = 'withdrawn' WHERE state = 'ringing'",
    "UPDATE handoff_handoff SET state = 'completed', deadline_at = NULL WHERE deadline_at IS NOT NULL",
    END_ATTEMPTS,
    "UPDATE sessions_app_voicesession SET ended_at = now() WHERE ended_at IS NULL",
)


class Rows:
    def __init__(self, database_url: str) -> None:
        self.connection = psycopg.connect(database_url, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        self.connection.close()

    def positions(self, event_ids: Collection[str]) -> dict[str, Position]:
        """The number under which each webhook is on the dashboards; those that changed nothing have none."""
        rows = self.connection.execute(ENTRIES_OF_WEBHOOKS, [list(event_ids)])
        return {row["event_id"]: (row["session"], row["seq"]) for row in rows}

    def handoff(self, call_control_id: str) -> dict[str, Any]:
        return self.connection.execute(HANDOFF_OF_CALL, [call_control_id]).fetchone() or {}

    def ask_only(self, name: str) -> None:
        """Let the assistant end by itself after one answer, and nobody be rung before it does."""
        schema = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
        self.connection.execute(ASK_ONLY, [Json(schema)])

    def close_everything(self) -> None:
        """Nothing is open any more, so that a failed conversation does not disturb the next one."""
        for statement in CLOSE_EVERYTHING:
            self.connection.execute(statement)

    def unsettled(self, event_ids: Collection[str]) -> int:
        """How many of these webhooks are not stored, or stored but not processed."""
        query = (
            "SELECT count(*) AS n FROM sessions_app_webhookdelivery WHERE event_id = ANY(%s) AND status = 'processed'"
        )
        row = self.connection.execute(query, [list(event_ids)]).fetchone()
        return len(event_ids) - (row["n"] if row else 0)


def seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
