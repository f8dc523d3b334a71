"""What the conversations of the browser tests have in common: the words, the rows, the assistant's end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Browser, BrowserContext
from psycopg import sql

from bench.rows import END_ATTEMPTS, HANDOFFS
from launcher.sandbox_control import SandboxControl

OpenBrowser = Callable[[Path | None], Browser]
OpenContext = Callable[..., BrowserContext]
Speech = Callable[[str], Path]
Database = psycopg.Connection[dict[str, Any]]

ANSWERS = {
    "full_name": "Jordan Blake",
    "email": "jordan.blake@example.com",
    "budget": "about twelve thousand dollars",
    "timeline": "next month",
}
PROSPECT_SAYS = "Hello, this is Jordan Blake. I would like to know more about solar panels for my house, please."
CLOSER_SAYS = "Good morning Jordan, this is Alice from the sales team. It is good to meet you, how can I help?"

# The closer's line waits beside a call that the assistant still holds.
SEATED = "#desk[data-state=seated][data-standby]"
# Short enough that a test may wait for it to pass unanswered.
SHORT_RING_SECONDS = 4


def close_everything(database: Database) -> None:
    """Nobody is available, nothing is open, and calls are routed as they are by default."""
    database.execute(
        "update handoff_closer set is_available = false, seen_at = null, softphone_registered = false,"
        " last_call_ended_at = null, missed_at = null, capacity = 1, skills = '{}'"
    )
    database.execute("update handoff_offer set state = 'withdrawn' where state = 'ringing'")
    database.execute("update handoff_handoff set state = 'completed', deadline_at = null where deadline_at is not null")
    database.execute(END_ATTEMPTS)
    database.execute("update sessions_app_voicesession set ended_at = now() where ended_at is null")
    database.execute("update sessions_app_callleg set ended_at = now() where ended_at is null")
    database.execute("delete from sessions_app_legrefusal")
    database.execute("update sessions_app_team set max_legs = null")
    route(database, method="bridge", ring_seconds=25)


def route(
    database: Database, *, method: str = "bridge", ring_seconds: int = 25, strategy: str = "longest_idle"
) -> None:
    database.execute(
        "update handoff_routingpolicy set method = %s, ring_seconds = %s, strategy = %s, listens_in = false",
        [method, ring_seconds, strategy],
    )


def newest(database: Database, table: str, order: str) -> dict[str, Any]:
    query = sql.SQL("select * from {} order by {} desc limit 1").format(sql.Identifier(table), sql.Identifier(order))
    row = database.execute(query).fetchone()
    assert row is not None
    return row


def newest_handoff(database: Database) -> dict[str, Any]:
    row = database.execute(f"{HANDOFFS} order by triggered_at desc limit 1").fetchone()
    assert row is not None
    return row


def prospect_leg(sandbox: SandboxControl, role: str = "prospect") -> str:
    return str(sandbox.wait_for("the prospect's leg", lambda control: control.legs(role=role))[-1]["call_control_id"])


def finish_assistant(sandbox: SandboxControl, role: str = "prospect") -> None:
    sandbox.end_assistant(prospect_leg(sandbox, role))


def sent(sandbox: SandboxControl, method: str, path_end: str) -> list[Any]:
    """The requests of the application to the carrier that came to such an address."""
    requests = sandbox.requests()
    return [one for one in requests if one["method"] == method and one["path"].endswith(path_end)]


def spoken_sentences(control: SandboxControl) -> list[str]:
    """What the application had said to the prospect, beside the assistant."""
    requests = control.requests()
    return [request["body"]["payload"] for request in requests if request["path"].endswith("/actions/speak")]
