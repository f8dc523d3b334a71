"""The only publisher to open sockets. A push may be lost: sockets read the rows when numbers have a gap."""

import asyncio
import atexit
import logging
import os
from collections.abc import Iterable
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from threading import Lock, Thread
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import RedisError

from sessions_app.timeline import groups

logger = logging.getLogger(__name__)

LAST_PUSHES_SECONDS = 1.0

Push = tuple[str, dict[str, Any]]


class Publisher:
    """Publishes in order on a thread of its own: a webhook or a click must not wait until sockets are told.

    Its event loop lives as long as the process, and with it one connection to Redis; a loop made for each push would
    connect anew each time.
    """

    def __init__(self) -> None:
        self.starting = Lock()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.waiting: asyncio.Queue[Push] = asyncio.Queue()

    def put(self, push: Push) -> None:
        (self.loop or self._start()).call_soon_threadsafe(self.waiting.put_nowait, push)

    def finish(self) -> None:
        """Let what is waiting go out before the process ends."""
        if self.loop is not None:
            with suppress(NotInTime):
                asyncio.run_coroutine_threadsafe(self.waiting.join(), self.loop).result(LAST_PUSHES_SECONDS)

    def _start(self) -> asyncio.AbstractEventLoop:
        with self.starting:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                Thread(target=self._run, args=[self.loop], name="live", daemon=True).start()
        return self.loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._publish())

    async def _publish(self) -> None:
        while True:
            pushes = [await self.waiting.get()]
            while not self.waiting.empty():
                pushes.append(self.waiting.get_nowait())
            for group, message in together(pushes):
                await _send(group, message)
            for _ in pushes:
                self.waiting.task_done()


def together(pushes: Iterable[Push]) -> list[Push]:
    """What waits for the same sockets, as one push: a commit writes several entries, and a push wakes every socket."""
    merged: dict[tuple[str, str, str], Push] = {}
    for group, message in pushes:
        key = (group, message["type"], message.get("session", ""))
        merged[key] = (group, _joined(merged[key][1], message) if key in merged else message)
    return list(merged.values())


def _joined(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    if "kinds" not in later:
        return later
    return later | {"seq": max(earlier["seq"], later["seq"]), "kinds": [*earlier["kinds"], *later["kinds"]]}


async def _send(group: str, message: dict[str, Any]) -> None:
    try:
        await _layer().group_send(group, message)
    except (RedisError, OSError) as error:
        # The rows are the truth; sockets compare positions by themselves and will catch up.
        logger.warning("push to %s lost: %s", group, type(error).__name__)
    except Exception:  # One push that fails must not end all later ones.
        logger.exception("Could not push")


_publisher = Publisher()
atexit.register(_publisher.finish)
# A thread does not survive a fork: the child begins with one of its own.
os.register_at_fork(after_in_child=_publisher.__init__)  # type: ignore[misc]


def announce(*, team_id: int, session_id: UUID, seq: int, kind: str) -> None:
    """Tell the team's dashboards and the prospect's page that entry `seq` exists."""
    message = {"type": "live.event", "session": str(session_id), "seq": seq, "kinds": [kind]}
    _publisher.put((groups.team(team_id), message))
    _publisher.put((groups.session(session_id), message))


def announce_roster(team_id: int) -> None:
    _publisher.put((groups.team(team_id), {"type": "live.roster"}))


def revoke(user_id: int) -> None:
    """Close the sockets of a user whose rights changed."""
    _publisher.put((groups.user(user_id), {"type": "live.revoke", "user": user_id}))


def _layer() -> Any:
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("CHANNEL_LAYERS has no default layer")
    return layer
