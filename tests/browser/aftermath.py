"""What a visit went through, for the report of a failed browser test: the pages alone seldom say why."""

from typing import Any

from tests.browser.scene import Database

VISITS = 2
LINES = 150

_STORY = """
    select at, line from (
        select occurred_at as at, 'timeline  ' || kind as line
            from sessions_app_timelineentry where session_id = %(visit)s
        union all
        select coalesce(sent_at, created_at), 'command   ' || concat_ws(' ', kind, state, error, key)
            from handoff_command where session_id = %(visit)s
        union all
        select received_at, 'delivery  ' || concat_ws(' ', event_type, status, door, reason, error)
            from sessions_app_webhookdelivery where session_id = %(visit)s
        union all
        select ended_at, 'leg ended ' || concat_ws(' ', role, call_control_id, hangup_source, sip_cause)
            from sessions_app_callleg where session_id = %(visit)s and ended_at is not null
    ) as story order by at, line limit %(lines)s
"""


def tell(database: Database) -> str:
    """The newest visits, step by step, by seconds from their beginning. Names, answers and sentences stay out."""
    query = "select * from sessions_app_voicesession order by created_at desc limit %s"
    visits = database.execute(query, [VISITS]).fetchall()
    return "\n\n".join(_of(database, visit) for visit in visits) or "no visit"


def _of(database: Database, visit: dict[str, Any]) -> str:
    steps = database.execute(_STORY, {"visit": visit["id"], "lines": LINES}).fetchall()
    heading = f"{visit['id']} {visit['connection_mode']} ended: {visit['end_reason'] or visit['ended_at']}"
    lines = [f"{(step['at'] - visit['created_at']).total_seconds():8.3f} {step['line']}" for step in steps]
    return "\n".join([heading, *lines])
