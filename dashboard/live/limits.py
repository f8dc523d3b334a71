"""What one browser may ask of the live socket. Pure but for the registry of open sockets."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

MAX_FRAME_BYTES = 65_536
FRAMES_PER_SECOND = 10
BURST_FRAMES = 20
SOCKETS_PER_USER = 5

TOO_BIG = 1009
MISBEHAVED = 1008


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
    """The open sockets of each user in this process, oldest first."""

    def __init__(self) -> None:
        self._sockets: dict[int, list[Any]] = defaultdict(list)

    def add(self, user_id: int, socket: Any) -> Any | None:
        """Note a new socket; returns the oldest one when the user now has too many."""
        sockets = self._sockets[user_id]
        sockets.append(socket)
        return sockets[0] if len(sockets) > SOCKETS_PER_USER else None

    def discard(self, user_id: int, socket: Any) -> None:
        sockets = self._sockets[user_id]
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            del self._sockets[user_id]
