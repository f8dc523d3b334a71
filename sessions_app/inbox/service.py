"""The inbox of a web process: it stores on connections of its own and has its own threads work through it."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import connection

from sessions_app import faults
from sessions_app.faults import Point
from sessions_app.inbox.door import Kept
from sessions_app.inbox.folder import Folder, Item
from sessions_app.inbox.store import Incoming, Pool, keep_connection

T = TypeVar("T")


# So many deliveries within so short a time are a rush; a few calls never make one.
RUSH, RUSH_SECONDS = 20, 0.2
# What works through deliveries computes, and so would keep the server's one loop waiting for 5 ms each time.
SWITCH_SECONDS = 0.001


class InboxService:
    def __init__(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        self.pool = Pool()
        self.arrivals: deque[float] = deque(maxlen=RUSH)
        self.folder = Folder(settings.FOLD_THREADS, is_rushed=self.is_rushed)
        self.threads = ThreadPoolExecutor(
            settings.FOLD_THREADS, thread_name_prefix="inbox", initializer=keep_connection
        )

    async def keep(self, incoming: Incoming) -> Kept:
        self.arrivals.append(time.monotonic())
        stored = await self.pool.insert(incoming)
        faults.reach(Point.DELIVERY_STORED)
        loop = asyncio.get_running_loop()
        folded = loop.create_future()
        if stored.waits:
            done = partial(loop.call_soon_threadsafe, _told, folded)
            self.folder.put(Item(stored.pk, incoming.event, done))
        else:
            _told(folded)
        return Kept(stored.pk, folded)

    def is_rushed(self) -> bool:
        return len(self.arrivals) == RUSH and time.monotonic() - self.arrivals[0] < RUSH_SECONDS

    async def ask(self, look: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, _asked, look)


def _told(folded: asyncio.Future[None]) -> None:
    if not folded.done():
        folded.set_result(None)


def _asked(look: Callable[[], T]) -> T:
    connection.close_if_unusable_or_obsolete()
    return look()
