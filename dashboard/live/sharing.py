"""Do a piece of work once per process and give its result to every socket that asks."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Remembers the last `size` results; those who ask while the work runs wait for the same run.

    An empty result is not remembered: it means that there was nothing to read yet.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._done: OrderedDict[Hashable, T] = OrderedDict()
        self._running: dict[Hashable, asyncio.Task[T]] = {}

    def clear(self) -> None:
        self._done.clear()
        self._running.clear()

    async def get(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        if key in self._done:
            self._done.move_to_end(key)
            return self._done[key]
        # Shielded: a socket that closes while it waits must not cancel the work for the others.
        return await asyncio.shield(self._join(key, work))

    def _join(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        loop = asyncio.get_running_loop()
        task = self._running.get(key)
        if task is None or task.get_loop() is not loop:
            task = self._running[key] = loop.create_task(self._run(key, work))
        return task

    async def _run(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        try:
            result = await work()
        finally:
            self._running.pop(key, None)
        if result:
            self._done[key] = result
            if len(self._done) > self._size:
                self._done.popitem(last=False)
        return result


class Latest(Generic[T]):
    """For things without a number: one run works, and at most one waits for all who asked since that one began.

    Whoever asks within `pause` shares a run. It begins after they asked, unless an earlier one is young enough.
    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._waiting: dict[Hashable, asyncio.Task[T]] = {}
        self._turns: dict[Hashable, asyncio.Lock] = {}
        self._done: dict[Hashable, tuple[float, T]] = {}

    def clear(self) -> None:
        self._waiting.clear()
        self._turns.clear()
        self._done.clear()

    async def get(self, key: Hashable, work: Callable[[], Awaitable[T]], *, max_age: float = 0.0) -> T:
        """The result of a run that began at most `max_age` seconds ago, or begins now."""
        loop = asyncio.get_running_loop()
        if key in self._done and loop.time() - self._done[key][0] < max_age:
            return self._done[key][1]
        task = self._waiting.get(key)
        if task is None or task.get_loop() is not loop:
            task = self._waiting[key] = loop.create_task(self._run(key, work))
        return await asyncio.shield(task)

    async def _run(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(self._pause)
        async with self._turns.setdefault(key, asyncio.Lock()):
            # Whoever asks from here on may want something newer than what is read now.
            self._waiting.pop(key, None)
            began = asyncio.get_running_loop().time()
            result = await work()
            self._done[key] = began, result
        return result
