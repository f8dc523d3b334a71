"""The prospect's page, live: after every change of its session it is sent the whole state."""

import asyncio
from collections.abc import Mapping
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import timezone

from accounts.roles import Action, Role, may
from sessions_app.timeline import groups
from sessions_app.visitor_page import page
from sessions_app.visits import visits

HELLO_SECONDS = 5
MAX_FRAME = 4_096
# Several entries often come at once; the page is sent one state for all of them.
GATHER_SECONDS = 0.03
# A push may be lost; the page is never further behind than this. It is also asked whether it is still there.
REFRESH_SECONDS = 8

UNKNOWN_SESSION = 4401

FRAMES: Mapping[str, Action] = {"hello": Action.VISIT_FOLLOW, "here": Action.VISIT_FOLLOW}


class ProspectConsumer(AsyncJsonWebsocketConsumer):
    """Waits for the session token in the first frame: a token in the address would stand in logs."""

    group: str | None = None
    asking: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self.token = ""
        self.is_asked = False
        self.last: dict[str, Any] | None = None
        self.changed = asyncio.Event()
        self.work = asyncio.ensure_future(self._hang_up_unless_introduced())
        await self.accept()

    async def disconnect(self, code: int) -> None:
        self.work.cancel()
        if self.asking:
            self.asking.cancel()
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        if bytes_data is not None or text_data is None or len(text_data) > MAX_FRAME:
            await self.close(code=1009)
            return
        try:
            await super().receive(text_data=text_data)
        except ValueError:
            await self.close(code=1008)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if not isinstance(kind, str) or kind not in FRAMES or not may({Role.PROSPECT}, FRAMES[kind], is_own=True):
            return
        if kind == "here" and self.is_asked:
            self.is_asked = False
            await database_sync_to_async(self._seen)()
        if self.group is not None or kind != "hello":
            return
        self.token = str(content.get("token", ""))
        session_id = await database_sync_to_async(self._session_id)()
        if session_id is None:
            await self.close(code=UNKNOWN_SESSION)
            return
        self.group = groups.session(session_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        self.work.cancel()
        self.work = asyncio.ensure_future(self._show_changes())
        self.asking = asyncio.ensure_future(self._ask())

    async def live_event(self, message: dict[str, Any]) -> None:
        self.changed.set()

    async def _hang_up_unless_introduced(self) -> None:
        await asyncio.sleep(HELLO_SECONDS)
        await self.close(code=UNKNOWN_SESSION)

    async def _show_changes(self) -> None:
        while True:
            self.changed.clear()
            state = await database_sync_to_async(self._state)()
            if state is None:
                await self.close(code=UNKNOWN_SESSION)
                return
            if state != self.last:
                self.last = state
                await self.send_json(state)
            await self._wait()

    async def _ask(self) -> None:
        """An open socket does not prove that somebody is at its other end: an answer does."""
        while True:
            self.is_asked = True
            await self.send_json({"type": "ping"})
            await asyncio.sleep(REFRESH_SECONDS)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self.changed.wait(), REFRESH_SECONDS)
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_SECONDS)

    def _seen(self) -> None:
        visits.page_seen(self.token, now=timezone.now())

    def _session_id(self) -> str | None:
        session = visits.session_of(self.token)
        return str(session.pk) if session else None

    def _state(self) -> dict[str, Any] | None:
        session = visits.session_of(self.token)
        return page.state(session) if session else None
