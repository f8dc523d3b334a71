"""Measures the sound of one direction of one leg: level, and when voice was there."""

import time
from collections import deque
from typing import Any

from sandbox.media.audio import Pcm, level

VOICE_RMS = 300.0
RECENT_FRAMES = 10
GAP_SECONDS = 0.2
KEPT_STRETCHES = 400


class Meter:
    """Counts frames and keeps the stretches of voice as [from, to, source] in wall-clock seconds."""

    def __init__(self) -> None:
        self.frames = 0
        self.stretches: deque[list[Any]] = deque(maxlen=KEPT_STRETCHES)
        self.first_voice_at: float | None = None
        self.first_voice_monotonic: float | None = None
        self._recent: deque[float] = deque(maxlen=RECENT_FRAMES)

    def add(self, pcm: Pcm | None, *, source: str) -> float:
        """Account for one frame and return its level."""
        self.frames += 1
        rms = 0.0 if pcm is None else level(pcm)
        self._recent.append(rms)
        if rms >= VOICE_RMS:
            self._voice(time.time(), source)
        return rms

    @property
    def rms(self) -> float:
        """The level of the last 200 ms."""
        return (sum(r * r for r in self._recent) / len(self._recent)) ** 0.5 if self._recent else 0.0

    @property
    def last_voice_at(self) -> float | None:
        return self.stretches[-1][1] if self.stretches else None

    def _voice(self, now: float, source: str) -> None:
        if self.first_voice_at is None:
            self.first_voice_at, self.first_voice_monotonic = now, time.monotonic()
        latest = self.stretches[-1] if self.stretches else None
        if latest and latest[2] == source and now - latest[1] <= GAP_SECONDS:
            latest[1] = now
        else:
            self.stretches.append([now, now, source])
