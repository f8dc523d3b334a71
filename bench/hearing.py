"""When somebody was heard, from the loudness of the frames that a page received. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

# On the scale 0–255. Digital silence is 0; a spoken sentence exceeds this from its first syllable on.
AUDIBLE = 4.0


@dataclass(frozen=True)
class Frame:
    """10 ms of received sound; `arrived_at` in Unix seconds, `stamp` in seconds of the sound's own clock."""

    arrived_at: float
    stamp: float
    loudness: float


@dataclass(frozen=True)
class Hearing:
    """What one page heard, as moments in Unix seconds."""

    moments: tuple[tuple[float, bool], ...]

    @classmethod
    def of(cls, frames: Sequence[Frame]) -> "Hearing":
        """Place the frames evenly: the sound's own clock is steady, their arrival waits for the page.

        A page that is busy takes frames late but never early, so the earliest arrival ties the two clocks together.
        """
        shift = min((frame.arrived_at - frame.stamp for frame in frames), default=0.0)
        return cls(tuple((frame.stamp + shift, frame.loudness > AUDIBLE) for frame in frames))

    def first_voice(self, after: float) -> float | None:
        return next((at for at, is_loud in self.moments if is_loud and at >= after), None)

    def last_voice(self, before: float) -> float | None:
        return next((at for at, is_loud in reversed(self.moments) if is_loud and at < before), None)
