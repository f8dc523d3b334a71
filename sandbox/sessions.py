"""Signed-in browsers: one session per SDK client, surviving its socket for a while."""

import json
import logging
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.credentials import Credential

if TYPE_CHECKING:
    from sandbox.calls import Leg

logger = logging.getLogger(__name__)

KEPT_SECONDS = 90.0


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

    @property
    def is_registered(self) -> bool:
        return self.socket is not None and not self.socket.closed

    def same_client(self, other: "Session") -> bool:
        if self.credential or other.credential:
            return self.credential is other.credential
        return self.assistant_id == other.assistant_id

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


class Sessions:
    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def add(self, session: Session) -> Session:
        self._drop_old()
        self._by_id[session.sessid] = session
        return session

    def resume(self, sessid: str, candidate: Session) -> Session | None:
        """Return the kept session of this id when it belongs to the same client."""
        kept = self._by_id.get(sessid)
        if kept is None or not kept.same_client(candidate):
            return None
        kept.lost_at = None
        kept.registered_at = time.monotonic()
        return kept

    def newest(self, sip_username: str) -> Session | None:
        """Return the session that registered last with this credential."""
        matching = [
            session
            for session in self._by_id.values()
            if session.is_registered and session.credential and session.credential.sip_username == sip_username
        ]
        return max(matching, key=lambda session: session.registered_at, default=None)

    def all(self) -> list[Session]:
        return list(self._by_id.values())

    def remove(self, session: Session) -> None:
        self._by_id.pop(session.sessid, None)

    def _drop_old(self) -> None:
        limit = time.monotonic() - KEPT_SECONDS
        for session in self.all():
            if not session.legs and session.lost_at is not None and session.lost_at < limit:
                self.remove(session)
