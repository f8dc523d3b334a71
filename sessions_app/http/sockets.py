"""What one page may ask of a socket. Pure but for the registry of open ones."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

FRAMES_PER_SECOND = 10
BURST_FRAMES = 20

# Under Daphne, `sendClose` of autobahn takes 1000 and codes of the application's own alone; at 1008 it raises an error.
MISBEHAVED = 4400
TOO_BIG = 4413
FAILED = 4500


@dataclass
class FrameBudget:
    """A bucket that refills at ten frames a second, so that a busy moment is fine and a flood is not."""

    left: float = BURST_FRAMES
    at: float = 0.0

    def spend(self, now: float) -> bool:
        self.left = min(BURST_FRAMES, self.left + (now - self.at) * FRAMES_PER_SECOND)
        self.at = now
        self.left -= 1
        return self.left >= 0


class OpenSockets:
    """The open sockets of each user, visit or network in this process, oldest first."""

    def __init__(self) -> None:
        self._sockets: dict[Hashable, list[Any]] = defaultdict(list)

    def add(self, whose: Hashable, socket: Any, *, most: int) -> Any | None:
        """Note a new socket; returns the oldest one, which is noted no more, when there are too many."""
        sockets = self._sockets[whose]
        sockets.append(socket)
        return sockets.pop(0) if len(sockets) > most else None

    def discard(self, whose: Hashable, socket: Any) -> None:
        sockets = self._sockets[whose]
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            del self._sockets[whose]

    def count(self, whose: Hashable) -> int:
        return len(self._sockets.get(whose, ()))
