"""Keep a verified delivery, once and in one statement; the door has connections of its own for it."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg_pool import AsyncConnectionPool

from sessions_app.models import WebhookDelivery
from telephony.events import Event

MAX_ID = 120
# Who stores a delivery works through it at once. If it dies before that, anybody does from then on.
LEASE = timedelta(seconds=3)
# Telnyx waits for its answer; what could not be stored by then comes again.
STORED_WITHIN_SECONDS = 5

# A repetition is counted.
INSERT = """
    INSERT INTO sessions_app_webhookdelivery AS kept (
        event_id, event_type, door, occurred_at, received_at, body, content_type, status, next_attempt_at,
        call_control_id, call_leg_id, call_session_id, conversation_id,
        attempts, duplicates, error, reason, holds_line
    )
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, '', '', false)
    ON CONFLICT (event_id) DO UPDATE SET duplicates = kept.duplicates + 1
    RETURNING id, status = 'stored'
"""


@dataclass(frozen=True)
class Incoming:
    """A verified delivery: what it says, the bytes that were signed, and the door at which it came."""

    event: Event
    body: bytes
    content_type: str
    door: str
    received_at: datetime


@dataclass(frozen=True)
class Stored:
    """The row that holds a delivery; of a repetition, the row of the first.

    One that `waits` is still to be worked through, also when it was stored before: while a repetition is counted its
    row is held, and whoever would have worked through it passed it over.
    """

    pk: int
    waits: bool


def key(event: Event) -> str:
    """The event's id, under which it is kept once; what is too long to be one is told by its digest."""
    if len(event.id) <= MAX_ID:
        return event.id
    return f"sha256:{hashlib.sha256(event.id.encode()).hexdigest()}"


def insert(incoming: Incoming) -> Stored:
    """Keep a delivery within the present transaction, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, _values(incoming))
        return Stored(*cursor.fetchone())


def keep_connection() -> None:
    """Give this thread a connection of its own, beside the pool: no page can keep it from working."""
    given = connection.settings_dict
    options = {name: value for name, value in given["OPTIONS"].items() if name != "pool"}
    connection.close()
    connection.settings_dict = given | {"OPTIONS": options, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}


class Pool:
    """Connections that nothing but the door uses: no page and no held row keeps a delivery from being stored."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[Any] | None = None
        self._opening = asyncio.Lock()

    async def insert(self, incoming: Incoming) -> Stored:
        """Keep a delivery: a return means that it is durable. Raises psycopg.Error or psycopg_pool.PoolTimeout."""
        pool = self._pool or await self._open()
        async with asyncio.timeout(STORED_WITHIN_SECONDS), pool.connection() as own:
            cursor = await own.execute(INSERT, _values(incoming))
            return Stored(*await cursor.fetchone())

    async def _open(self) -> AsyncConnectionPool[Any]:
        """At the first delivery: not every server tells when it starts."""
        async with self._opening:
            if self._pool is None:
                pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
                    kwargs=_parameters(),
                    min_size=1,
                    max_size=settings.INBOX_POOL,
                    timeout=STORED_WITHIN_SECONDS,
                    check=AsyncConnectionPool.check_connection,
                    open=False,
                )
                await pool.open()
                self._pool = pool
        return self._pool


def _parameters() -> dict[str, Any]:
    """As Django itself connects, but each statement commits by itself."""
    given = connection.get_connection_params()
    wanted = {name: value for name, value in given.items() if name not in {"context", "cursor_factory", "pool"}}
    limit = f"-c statement_timeout={STORED_WITHIN_SECONDS}s"
    options = f"{wanted.get('options', '')} {limit}".strip()
    return {**wanted, "options": options, "autocommit": True, "prepare_threshold": 1}


def _values(incoming: Incoming) -> list[Any]:
    event, ids = incoming.event, incoming.event.ids
    return [
        key(event),
        event.type[:100],
        incoming.door,
        event.occurred_at,
        incoming.received_at,
        incoming.body,
        incoming.content_type[:80],
        WebhookDelivery.Status.STORED,
        incoming.received_at + LEASE,
        (ids.call_control_id or "")[:200],
        (ids.call_leg_id or "")[:100],
        (ids.call_session_id or "")[:100],
        (ids.conversation_id or "")[:100],
    ]
