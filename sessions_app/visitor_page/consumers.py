"""The prospect's page, live: after every change of its session it is sent the whole state."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine, Mapping
from typing import Any, ClassVar

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.utils import timezone

from accounts.roles import Action, Role, may
from sessions_app.http import limits, sockets
from sessions_app.http.client_ip import behind_proxies
from sessions_app.http.threads import Threads
from sessions_app.timeline import groups
from sessions_app.visitor_page import page
from sessions_app.visits import tokens, visits

logger = logging.getLogger(__name__)

HELLO_SECONDS = 5
MAX_FRAME_BYTES = 4_096
# A page and what is left of it after reloads; the newest stays.
SOCKETS_PER_SESSION = 5
# Several entries often come at once; the page is sent one state for all of them.
GATHER_SECONDS = 0.03
# A push may be lost; the page is never further behind than this. It is also asked whether it is still there.
REFRESH_SECONDS = 8

UNKNOWN_SESSION = 4401

FRAMES: Mapping[str, Action] = {"hello": Action.VISIT_FOLLOW, "here": Action.VISIT_FOLLOW}

_of_session = sockets.OpenSockets()
_of_network = sockets.OpenSockets()


def most_of_network() -> int:
    """As many as an address can have tokens for: those of one hour, for as long as a token lives."""
    return int(settings.TOKEN_LIMIT_PER_ADDRESS * tokens.LIFETIME.total_seconds() / limits.WINDOW_SECONDS)


_threads = Threads(2, name="visitor-page")


class ProspectConsumer(AsyncJsonWebsocketConsumer):
    """Waits for the session token in the first frame: a token in the address would stand in logs."""

    clock: ClassVar[Any] = staticmethod(time.monotonic)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.network = self.group = ""
        self.tasks: set[asyncio.Task[None]] = set()
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Not when it is told of the end: a server that has waited too long for us, or an error of ours, tells none.
            await self._let_go()

    async def connect(self) -> None:
        self.token = ""
        self.is_asked = False
        self.last: dict[str, Any] | None = None
        self.changed = asyncio.Event()
        self.budget = sockets.FrameBudget(at=self.clock())
        network = self._network()
        if _of_network.count(network) >= most_of_network():
            await self.close(code=sockets.MISBEHAVED)
            return
        self.network = network
        _of_network.add(network, self, most=most_of_network())
        self.introduction = self._start(self._hang_up_unless_introduced())
        await self.accept()

    async def _let_go(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.network:
            _of_network.discard(self.network, self)
        if self.group:
            _of_session.discard(self.group, self)
            await self.channel_layer.group_discard(self.group, self.channel_name)

    def _network(self) -> str:
        peer = self.scope.get("client") or ("",)
        sent = [value.decode("latin-1") for name, value in self.scope["headers"] if name == b"x-forwarded-for"]
        return limits.network(behind_proxies(str(peer[0]), ",".join(sent)))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._until_it_fails(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _until_it_fails(self, work: Coroutine[Any, Any, None]) -> None:
        """A page that is told nothing any more has to know, so that it comes back."""
        try:
            await work
        except Exception:
            logger.exception("Could not follow a session")
            await self.give_up(sockets.FAILED)

    async def give_up(self, code: int) -> None:
        # The connection may be going away already; nobody is left to hear it.
        with contextlib.suppress(RuntimeError, OSError):
            await self.close(code=code)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        if text_data is None:
            await self.close(code=sockets.MISBEHAVED)
        elif len(text_data.encode(errors="replace")) > MAX_FRAME_BYTES:
            await self.close(code=sockets.TOO_BIG)
        elif not self.budget.spend(self.clock()):
            await self.close(code=sockets.MISBEHAVED)
        else:
            try:
                content = await self.decode_json(text_data)
            except (ValueError, RecursionError):
                await self.close(code=sockets.MISBEHAVED)
                return
            await self.receive_json(content)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if not isinstance(kind, str) or kind not in FRAMES or not may({Role.PROSPECT}, FRAMES[kind], is_own=True):
            return
        if kind == "here" and self.is_asked:
            self.is_asked = False
            await _threads.lend(self._seen)()
        if self.group or kind != "hello":
            return
        # It has introduced itself; how long we take to look it up is no fault of the page's.
        self.introduction.cancel()
        self.token = str(content.get("token", ""))
        session_id = await _threads.lend(self._session_id)()
        if session_id is None:
            await self.close(code=UNKNOWN_SESSION)
            return
        self.group = groups.session(session_id)
        oldest = _of_session.add(self.group, self, most=SOCKETS_PER_SESSION)
        if oldest is not None:
            await oldest.give_up(sockets.MISBEHAVED)
        await self.channel_layer.group_add(self.group, self.channel_name)
        self._start(self._show_changes())
        self._start(self._ask())

    async def live_event(self, message: dict[str, Any]) -> None:
        self.changed.set()

    async def _hang_up_unless_introduced(self) -> None:
        await asyncio.sleep(HELLO_SECONDS)
        await self.close(code=UNKNOWN_SESSION)

    async def _show_changes(self) -> None:
        while True:
            self.changed.clear()
            state = await _threads.lend(self._state)()
            if state is None:
                await self.close(code=UNKNOWN_SESSION)
                return
            if state != self.last:
                self.last = state
                await self.send_json(state)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), REFRESH_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)

    async def _ask(self) -> None:
        """An open socket does not prove that somebody is at its other end: an answer does."""
        while True:
            self.is_asked = True
            await self.send_json({"type": "ping"})
            await asyncio.sleep(REFRESH_SECONDS)

    def _seen(self) -> None:
        visits.page_seen(self.token, now=timezone.now())

    def _session_id(self) -> str | None:
        session = visits.session_of(self.token)
        return str(session.pk) if session else None

    def _state(self) -> dict[str, Any] | None:
        session = visits.session_of(self.token)
        return page.state(session) if session else None
