"""Signed-in browsers: one session per SDK client, surviving its socket for a while."""

import asyncio
import json
import logging
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.model import clock
from sandbox.model.credentials import Credential

if TYPE_CHECKING:
    from sandbox.model.calls import Leg

logger = logging.getLogger(__name__)

KEPT_SECONDS = 90.0
# For how long a page that went away still reads as registered: the registrar learns of it late.
STALE_SECONDS = 60.0


@dataclass(eq=False)
class Session:
    """`credential` is None for a visitor who signed in anonymously to `assistant_id`."""

    credential: Credential | None = None
    assistant_id: str = ""
    conversation_id: str = ""
    sessid: str = field(default_factory=lambda: str(uuid.uuid4()))
    voice_sdk_id: str = field(default_factory=lambda: secrets.token_hex(16))
    call_report_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    socket: web.WebSocketResponse | None = None
    legs: dict[str, "Leg"] = field(default_factory=dict)
    registered_at: float = field(default_factory=time.monotonic)
    lost_at: float | None = None
    # Unix seconds; None for a login without end.
    expires_at: float | None = None
    expiry: asyncio.TimerHandle | None = None

    @property
    def is_registered(self) -> bool:
        return self.socket is not None and not self.socket.closed

    def is_same_client(self, other: "Session") -> bool:
        if self.credential or other.credential:
            return self.credential is other.credential
        return self.assistant_id == other.assistant_id

    def is_same_kind(self, other: "Session") -> bool:
        """Whether the other may take its place on its own socket: a login may be renewed with another credential."""
        return bool(self.credential) == bool(other.credential) and self.assistant_id == other.assistant_id

    def stop_expiry(self) -> None:
        if self.expiry:
            self.expiry.cancel()
            self.expiry = None

    async def request(self, method: str, params: dict[str, Any]) -> None:
        """Send a server frame; a lost socket is no error, the browser may come back."""
        await self._write({"id": str(uuid.uuid4()), "method": method, "params": params})

    async def reply(self, frame_id: Any, result: dict[str, Any]) -> None:
        await self._write({"id": frame_id, "result": result})

    async def _write(self, frame: dict[str, Any]) -> None:
        if not self.socket or self.socket.closed:
            return
        try:
            await self.socket.send_str(json.dumps({"jsonrpc": "2.0", **frame, "voice_sdk_id": self.voice_sdk_id}))
        except (ConnectionError, RuntimeError) as error:
            logger.info("session %s: frame not sent (%s)", self.sessid, type(error).__name__)


@dataclass(eq=False)
class Registration:
    """Where a credential rings: at the session that registered last with it, as long as that is there."""

    session: Session
    at: datetime = field(default_factory=clock.now)
    # Monotonic seconds.
    gone_at: float | None = None

    @property
    def reads_as_registered(self) -> bool:
        return self.gone_at is None or time.monotonic() - self.gone_at < STALE_SECONDS


class Sessions:
    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}
        self._registrations: dict[str, Registration] = {}

    def add(self, session: Session) -> Session:
        self._drop_old()
        self._by_id[session.sessid] = session
        return session

    def resume(self, sessid: str, candidate: Session) -> Session | None:
        """Return the kept session of this id when it belongs to the same client."""
        kept = self._by_id.get(sessid)
        return kept if kept and kept.is_same_client(candidate) else None

    def register(self, session: Session, login: Session) -> None:
        """Take over what a page has just logged in with; who registered before with this credential rings no more."""
        session.credential, session.expires_at = login.credential, login.expires_at
        session.lost_at, session.registered_at = None, time.monotonic()
        self._gone(session)
        if session.credential:
            self._registrations[session.credential.sip_username] = Registration(session)

    def lost(self, session: Session) -> None:
        session.lost_at = time.monotonic()
        self._gone(session)

    def _gone(self, session: Session) -> None:
        for known in self._registrations.values():
            if known.session is session and known.gone_at is None:
                known.gone_at = time.monotonic()

    def registration(self, sip_username: str) -> Registration | None:
        """Return the last registration with this credential, also of a page that has gone since."""
        return self._registrations.get(sip_username)

    def callee(self, sip_username: str) -> Session | None:
        """Return the session at which a credential rings."""
        known = self._registrations.get(sip_username)
        return known.session if known and known.gone_at is None and known.session.is_registered else None

    def all(self) -> list[Session]:
        return list(self._by_id.values())

    def remove(self, session: Session) -> None:
        self._by_id.pop(session.sessid, None)
        session.stop_expiry()
        self._gone(session)

    def clear(self) -> None:
        for session in self.all():
            self.remove(session)
        self._registrations.clear()

    def _drop_old(self) -> None:
        limit = time.monotonic() - KEPT_SECONDS
        for session in self.all():
            if not session.legs and session.lost_at is not None and session.lost_at < limit:
                self.remove(session)


async def refuse(socket: web.WebSocketResponse | None, frame_id: Any, code: int, message: str) -> None:
    if socket and not socket.closed:
        await socket.send_json({"jsonrpc": "2.0", "id": frame_id, "error": {"code": code, "message": message}})
