"""What is pushed to this process, passed on to its lines: one subscription for a group, however many listen to it."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)


class Listener(Protocol):
    def hear(self, message: dict[str, Any]) -> None: ...

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...

    async def give_up(self) -> None: ...


class Group:
    """One subscription, and those who listen to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.listeners: set[Listener] = set()
        self.layer: Any = get_channel_layer()
        self.opening = asyncio.get_running_loop().create_task(self._open())
        self.listening: asyncio.Task[None] | None = None

    async def _open(self) -> None:
        self.channel = await self.layer.new_channel()
        await self.layer.group_add(self.name, self.channel)
        self.listening = asyncio.get_running_loop().create_task(self._listen())
        self.listening.add_done_callback(self._ended)

    async def _listen(self) -> None:
        try:
            while True:
                # Cancelled here, the layer drops the channel.
                message = await self.layer.receive(self.channel)
                for listener in tuple(self.listeners):
                    listener.hear(message)
        finally:
            await self.layer.group_discard(self.name, self.channel)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("nothing is heard of %s any more", self.name, exc_info=error)
            for listener in tuple(self.listeners):
                listener.start(listener.give_up())

    async def close(self) -> None:
        if self.listening is None:
            await asyncio.wait([self.opening])
        if self.listening is not None:
            self.listening.cancel()


class Hub:
    """The groups to which somebody listens on one event loop."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}

    async def join(self, name: str, listener: Listener) -> None:
        """Whatever is pushed from when this returns is heard."""
        group = self.groups.get(name)
        if group is None or (group.opening.done() and not self._is_heard(group)):
            group = self.groups[name] = Group(name)
        group.listeners.add(listener)
        await asyncio.shield(group.opening)

    async def leave(self, name: str, listener: Listener) -> None:
        group = self.groups.get(name)
        if group is None:
            return
        group.listeners.discard(listener)
        if not group.listeners:
            del self.groups[name]
            await group.close()

    @staticmethod
    def _is_heard(group: Group) -> bool:
        return group.listening is not None and not group.listening.done()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def of_this_loop() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
