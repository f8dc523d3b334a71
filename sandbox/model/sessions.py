"""Signed-in browsers: one session per SDK client, surviving its socket for a while."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.model import clock
from sandbox.model.legs import Session

KEPT_SECONDS = 90.0
# For how long a page that went away still reads as registered: the registrar learns of it late.
STALE_SECONDS = 60.0


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
