"""The door for Telnyx's webhooks, an ASGI application of its own in front of Django.

It reads the body while it arrives, verifies it, stores it and answers: 200 means that it is stored. What follows from
it is worked out beside the door, which nothing can hold up: no page, no session that somebody holds, no slow Telnyx.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psycopg
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from psycopg_pool import PoolTimeout

from accounts.roles import Action
from sessions_app.account import signatures
from sessions_app.http.uploads import Receive, Scope, Send, respond
from sessions_app.inbox.store import Incoming
from telephony import inbound
from telephony.events import Event
from telephony.inbound import BodyUnreadable, SignatureRefused

logger = logging.getLogger(__name__)

CONTENT_TYPES = frozenset({"application/json", "application/x-www-form-urlencoded"})
METHOD_NOT_ALLOWED = 405
STORED = b'{"status": "stored"}'
# What a database that is away, full or slow raises, and the thread or connection that waits for it.
UNSTORED = (psycopg.Error, DatabaseError, PoolTimeout, TimeoutError, OSError)

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """A stored delivery; `folded` is done when it was worked through, which may be never."""

    pk: int
    folded: asyncio.Future[None]


class Inbox(Protocol):
    """Where deliveries are kept, and worked through from."""

    async def keep(self, incoming: Incoming) -> Kept:
        """Returns when the delivery is durable. Raises one of UNSTORED."""
        ...

    async def ask(self, look: Callable[[], T]) -> T:
        """Have something read from the database, on a thread that may wait for it."""
        ...


class Answer(Protocol):
    """Answers a delivery that asks for more than its receipt. It may come before `keeping` is done, or has failed."""

    async def __call__(self, event: Event, keeping: asyncio.Future[Kept], inbox: Inbox) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Lane:
    """One address: the name under which its deliveries are kept, who may use it, and what it answers."""

    door: str
    asks: Action
    answer: Answer | None = None


LANES = {f"/webhooks/telnyx/{door}": Lane(door, Action.DELIVERY_STORE) for door in ("call-control", "insights")}


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Door:
    """Serves the lanes; `inbox` keeps what they take. Whoever stands in front of it bounds the bodies."""

    def __init__(self, inbox: Inbox, lanes: Mapping[str, Lane]) -> None:
        self.inbox, self.lanes = inbox, lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = self.lanes[scope["path"]]
        try:
            body = await self._deliver(lane, scope, receive)
        except _Refused as refused:
            await respond(send, refused.status, allow="POST" if refused.status == METHOD_NOT_ALLOWED else "")
        except _Gone:
            return
        else:
            await respond(send, 200, body)

    async def _deliver(self, lane: Lane, scope: Scope, receive: Receive) -> bytes:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] != "POST":
            raise _Refused(METHOD_NOT_ALLOWED)
        content_type = headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() not in CONTENT_TYPES:
            raise _Refused(415)
        body = await _body(receive)
        now = timezone.now()
        event = await self._verified(body, headers)
        keeping = asyncio.ensure_future(self.inbox.keep(Incoming(event, body, content_type, lane.door, now)))
        keeping.add_done_callback(_note)
        if lane.answer is not None:
            return json.dumps(await lane.answer(event, keeping, self.inbox)).encode()
        try:
            await keeping
        except UNSTORED as error:
            raise _Refused(503) from error  # Not stored, so not 2xx: Telnyx sends it again.
        return STORED

    async def _verified(self, body: bytes, headers: Mapping[str, str]) -> Event:
        try:
            event = inbound.receive(body, headers, keys=settings.TELNYX_PUBLIC_KEYS, now=timezone.now())
        except SignatureRefused as error:
            logger.warning("delivery refused: %s", error)
            refused = error
            raise _Refused(await self.inbox.ask(lambda: signatures.status(refused))) from error
        except BodyUnreadable as error:
            logger.warning("delivery unreadable: %s", error)
            raise _Refused(400) from error
        signatures.verified()
        return event


class _Gone(Exception):
    """The sender went away."""


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _note(keeping: asyncio.Future[Kept]) -> None:
    if not keeping.cancelled() and (error := keeping.exception()) is not None:
        logger.error("Could not store a delivery: %s", type(error).__name__)
