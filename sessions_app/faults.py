"""Named places where a test lets a process die, as if it had been killed from outside. Off, they do nothing."""

import fcntl
import os
import signal
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Point(StrEnum):
    DELIVERY_STORED = "delivery-stored"  # the webhook is in the inbox, and not processed
    COMMITTED = "committed"  # the state has moved, and nobody was told to send the command
    QUEUED = "queued"  # the command is in the queue
    BEFORE_REQUEST = "before-request"  # a worker has taken the command
    EXECUTED = "executed"  # Telnyx has carried it out, and its reply is unread
    REPLIED = "replied"  # the reply is read, and not written down
    BEFORE_ENTRY = "before-entry"  # the state has moved, and its entry in the history is not written
    BEFORE_PUSH = "before-push"  # the entry is committed, and no socket knows


class Crash:
    """Ends this process at the n-th reaching of one point.

    `order` is `<point>` or `<point>:<n>`, counted in this process; or `@<file>`, whose content is such an order. All
    processes count in that file together and it fires once, so that whoever takes the dead one's place goes on.
    """

    def __init__(self, order: str) -> None:
        is_shared = order.startswith("@")
        self.is_last: Callable[[Point], bool]
        self.is_last = partial(_is_last_of_all, Path(order[1:])) if is_shared else Countdown(*read(order))

    def __call__(self, point: Point) -> None:
        if self.is_last(point):
            os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    def __init__(self, point: Point, number: int) -> None:
        self.point, self.left = point, number
        self.lock = Lock()

    def __call__(self, point: Point) -> bool:
        if point != self.point:
            return False
        with self.lock:
            self.left -= 1
            return self.left == 0


def _is_last_of_all(file: Path, point: Point) -> bool:
    if not file.exists():
        return False
    with file.open("r+") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)
        order = shared.read().strip()
        if not order or read(order)[0] != point:
            return False
        left = read(order)[1] - 1
        shared.seek(0)
        shared.truncate()
        shared.write(f"{point}:{left}" if left else "")
        return left == 0


def read(order: str) -> tuple[Point, int]:
    name, _, number = order.partition(":")
    try:
        return Point(name), int(number or 1)
    except ValueError as error:
        raise ImproperlyConfigured(f"CRASH_AT names no crash point: {order!r}") from error


def nothing(point: Point) -> None:
    """What a crash point is outside of such a test."""


reach: Callable[[Point], None] = Crash(settings.CRASH_AT) if settings.DEBUG_FAULTS and settings.CRASH_AT else nothing
