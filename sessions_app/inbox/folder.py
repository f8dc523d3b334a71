"""Work through what the door has stored: at once, beside it, and of each call one delivery after the other."""

import heapq
import logging
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread

from django.db import connection
from django.utils import timezone

from sessions_app.inbox import intake, store
from telephony import events
from telephony.events import Event

logger = logging.getLogger(__name__)

# One transaction works through so many of one call; what waits behind them is the next one's.
MOST_TOGETHER = 50
# What waits in memory is bounded. Anything beyond it waits in its row, and the sweep takes it when its lease is over.
MOST_WAITING = 5_000
# A session that is held is looked at again so soon, for half a minute; when the lease is over the sweep does so, too.
HELD_SECONDS = 0.25
MOST_TRIES = 100
# While many come in, what is ordinary waits so long for its turn, and then one call at a time is worked on: a receipt
# is due at once, and what waits together is worked through for little more than one.
GIVES_WAY_SECONDS = 1.5
LOOKS_AGAIN_SECONDS = 0.02
# What only says more of what is said or known anyway: it waits for whatever moves a call.
_ORDINARY = (events.MessageHistoryUpdated, events.GatherPartialResults, events.InsightsGenerated, events.UnknownEvent)


@dataclass(frozen=True)
class Item:
    """A stored delivery; `done` is called once it was worked through, on the thread that did."""

    pk: int
    event: Event
    done: Callable[[], object] | None = None


class Folder:
    """Threads that take whatever waits of one call, together. Two never work on the same call.

    Nothing is lost with this process: a delivery's row says that it is not done.
    """

    def __init__(self, threads: int, *, is_rushed: Callable[[], bool] = lambda: False) -> None:
        self._threads, self._is_rushed = threads, is_rushed
        self._started = 0
        self._changed = Condition()
        self._waiting: dict[str, list[Item]] = defaultdict(list)
        # The calls whose turn it is, in order; a call at work, or put off, is in neither.
        self._urgent: OrderedDict[str, float] = OrderedDict()
        self._ordinary: OrderedDict[str, float] = OrderedDict()
        self._at_work: set[str] = set()
        self._working = 0
        self._put_off: list[tuple[float, str]] = []
        self._tries: dict[str, int] = defaultdict(int)
        self._count = 0

    def put(self, item: Item) -> bool:
        """Take a delivery; False when too many wait, which leaves it to the sweep."""
        call = _call(item)
        with self._changed:
            if self._count >= MOST_WAITING:
                return False
            self._count += 1
            self._waiting[call].append(item)
            if call not in self._at_work:
                self._line_up(call, is_urgent=not isinstance(item.event, _ORDINARY))
            if self._started < self._threads:
                self._started += 1
                Thread(target=self._work, name=f"fold-{self._started}", daemon=True).start()
            self._changed.notify()
        return True

    def _line_up(self, call: str, *, is_urgent: bool) -> None:
        if is_urgent:
            since = self._ordinary.pop(call, time.monotonic())
            self._urgent.setdefault(call, since)
        elif call not in self._urgent:
            self._ordinary.setdefault(call, time.monotonic())

    def _gives_way(self) -> bool:
        oldest = next(iter(self._ordinary.values()), None)
        if oldest is None or not self._is_rushed():
            return False
        return self._working > 0 or time.monotonic() - oldest < GIVES_WAY_SECONDS

    def _work(self) -> None:
        store.keep_connection()
        while True:
            call, items = self._next()
            is_held = False
            try:
                connection.close_if_unusable_or_obsolete()
                patience = intake.AGAIN_PATIENCE if self._tries.get(call) else intake.LOCK_PATIENCE
                told = {item.pk: item.event for item in items}
                intake.work_through(told, now=timezone.now(), patience=patience)
            except intake.Held:
                is_held = True
            except Exception:  # The database is away, or the like: the rows wait for the sweep, this thread goes on.
                logger.exception("Could not work through deliveries")
                connection.close()
            self._finish(call, items, is_held=is_held)

    def _next(self) -> tuple[str, list[Item]]:
        with self._changed:
            while True:
                self._take_up_again()
                gives_way = self._gives_way()
                if line := self._urgent or (not gives_way and self._ordinary):
                    call, _ = line.popitem(last=False)
                    waiting = self._waiting[call]
                    items, self._waiting[call] = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
                    self._at_work.add(call)
                    self._working += 1
                    return call, items
                again = self._put_off[0][0] - time.monotonic() if self._put_off else None
                self._changed.wait(LOOKS_AGAIN_SECONDS if gives_way else again)

    def _take_up_again(self) -> None:
        while self._put_off and self._put_off[0][0] <= time.monotonic():
            _, call = heapq.heappop(self._put_off)
            self._at_work.discard(call)
            self._line_up(call, is_urgent=True)

    def _finish(self, call: str, items: list[Item], *, is_held: bool) -> None:
        with self._changed:
            self._working -= 1
            if is_held and self._tries[call] < MOST_TRIES:
                self._tries[call] += 1
                self._waiting[call] = items + self._waiting[call]
                heapq.heappush(self._put_off, (time.monotonic() + HELD_SECONDS, call))
                self._changed.notify()
                return
            self._tries.pop(call, None)
            self._at_work.discard(call)
            self._count -= len(items)
            if left := self._waiting[call]:
                self._line_up(call, is_urgent=any(not isinstance(item.event, _ORDINARY) for item in left))
                self._changed.notify()
            else:
                del self._waiting[call]
        for item in items:
            if item.done is not None:
                with suppress(RuntimeError):  # Whoever waited has gone, and their loop with them.
                    item.done()


def _call(item: Item) -> str:
    ids = item.event.ids
    return ids.call_session_id or ids.call_control_id or ids.conversation_id or str(item.pk)
