"""The line to one page, whatever is told over it: its groups, its tasks, and how much may be under way."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Coroutine
from typing import Any, ClassVar

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.live import hub, limits
from sessions_app.http import sockets

logger = logging.getLogger(__name__)

# Nobody is left to hear it: Channels and the server say so in one of these ways.
GONE = (RuntimeError, OSError)


class Line(AsyncWebsocketConsumer):
    """Closes when the page says too much, and is silent while the page takes nothing of what it was told."""

    clock: ClassVar[Any] = staticmethod(time.monotonic)
    # The hub listens for all lines; a channel of each one's own would cost every push its queue and its tasks.
    channel_layer_alias = "none"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.joined: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.budget = sockets.FrameBudget(at=self.clock())
        self.unanswered = self.user_id = 0
        self.is_behind = self.is_over = False
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Not when it is told of the end: a server that has waited too long for us, or an error of ours, tells none.
            await self.let_go()

    async def let_go(self) -> None:
        self.is_over = True
        for task in list(self.tasks):
            task.cancel()
        for group in self.joined:
            await hub.of_this_loop().leave(group, self)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does it, but without a hop to its thread at each message: reads give back their connections."""
        await getattr(self, get_handler_name(message))(message)

    async def join(self, *groups: str) -> None:
        for group in groups:
            self.joined.append(group)
            await hub.of_this_loop().join(group, self)

    def hear(self, message: dict[str, Any]) -> None:
        if not self.is_over:
            getattr(self, get_handler_name(message))(message)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # A line that is over has nobody to be told of it, and closing it would fail in its turn.
        if error is not None and not self.is_over:
            logger.error("dashboard socket of user %s failed", self.user_id, exc_info=error)
            self.start(self.give_up())

    async def give_up(self) -> None:
        """The page comes back and is given what it lacks."""
        with contextlib.suppress(*GONE):
            await self.close(code=sockets.FAILED)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None:
            await self.close(code=sockets.MISBEHAVED)
        elif len(text_data.encode(errors="replace")) > limits.MAX_FRAME_BYTES:
            await self.close(code=sockets.TOO_BIG)
        elif not self.budget.spend(self.clock()):
            await self.close(code=sockets.MISBEHAVED)
        else:
            is_behind, self.is_behind, self.unanswered = self.is_behind, False, 0
            if is_behind:
                await self.recover()
            await self.obey(text_data)

    async def send(  # type: ignore[override]  # as that of Channels itself
        self, text_data: str | None = None, bytes_data: bytes | None = None, close: bool = False
    ) -> None:
        """Drop what a page that is behind could not take: servers keep in memory whatever a socket does not.

        Never the first thing that it was told since it answered, however long: it would be dropped again and again.
        """
        if self.unanswered > limits.MOST_UNANSWERED:
            self.is_behind = True
            self.fell_behind()
            return
        self.unanswered += len(text_data or "")
        try:
            await super().send(text_data=text_data, bytes_data=bytes_data, close=close)
        except OSError:  # The page has gone; that its line is over is told in a moment.
            self.is_over = True

    async def say(self, frame: dict[str, Any]) -> None:
        # The timer may speak while the connection is going away.
        with contextlib.suppress(*GONE):
            await self.send(text_data=json.dumps(frame))

    async def ask(self, frame: dict[str, Any]) -> None:
        """What the page answers whenever it gets to it, so also when it is behind."""
        with contextlib.suppress(*GONE):
            await super().send(text_data=json.dumps(frame))

    async def obey(self, text: str) -> None:
        raise NotImplementedError

    async def recover(self) -> None:
        raise NotImplementedError

    def fell_behind(self) -> None:
        raise NotImplementedError
