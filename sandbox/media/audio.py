"""What a leg can be made to hear: pull-based sources of 20 ms frames, 48 kHz mono int16."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE
# 80 ms: enough for scheduling jitter, short enough that a bridge stays conversational.
RELAY_SAMPLES = FRAME_SAMPLES * 4
RING_HZ = (400.0, 450.0)
RING_ON_SECONDS, RING_PAUSE_SECONDS, RING_CYCLE_SECONDS = 0.4, 0.2, 3.0

Pcm = npt.NDArray[np.int16]


class Source(Protocol):
    """One thing to hear. A frame of None is silence."""

    name: str

    def frame(self) -> Pcm | None: ...


class Playback:
    """A finished recording, played once; `on_end` is called after its last frame."""

    def __init__(self, pcm: Pcm, *, name: str, on_end: Callable[[], None]) -> None:
        self.name = name
        self._pcm = pcm
        self._position = 0
        self._on_end = on_end
        self.ended = False
        self.finished = False

    def frame(self) -> Pcm:
        piece = self._pcm[self._position : self._position + FRAME_SAMPLES]
        self._position += FRAME_SAMPLES
        if self._position >= len(self._pcm):
            self.finished = True
            self.stop()
        if len(piece) == FRAME_SAMPLES:
            return piece
        return np.pad(piece, (0, FRAME_SAMPLES - len(piece)))

    def stop(self) -> None:
        if not self.ended:
            self.ended = True
            self._on_end()


class Loop:
    """A recording that repeats for ever."""

    def __init__(self, pcm: Pcm, *, name: str) -> None:
        self.name = name
        self._frames = pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        self._index = 0

    def frame(self) -> Pcm | None:
        piece: Pcm = self._frames[self._index]
        self._index = (self._index + 1) % len(self._frames)
        return piece


class Listener(Protocol):
    """Somebody who is handed a leg's sound as it comes."""

    muted: bool

    def push(self, pcm: Pcm) -> None: ...


class Relay:
    """Carries what one leg says to another; old sound is dropped rather than played late."""

    def __init__(self, *, name: str) -> None:
        self.name = name
        self.muted = False
        self._parts: deque[Pcm] = deque()
        self._samples = 0

    def push(self, pcm: Pcm) -> None:
        self._parts.append(pcm)
        self._samples += len(pcm)
        while self._samples > RELAY_SAMPLES:
            self._samples -= len(self._parts.popleft())

    def frame(self) -> Pcm | None:
        if self._samples < FRAME_SAMPLES:
            return None
        first = self._parts.popleft()
        while len(first) < FRAME_SAMPLES:
            first = np.concatenate((first, self._parts.popleft()))
        if len(first) > FRAME_SAMPLES:
            self._parts.appendleft(first[FRAME_SAMPLES:])
        self._samples -= FRAME_SAMPLES
        return None if self.muted else first[:FRAME_SAMPLES]


class Mix:
    """The sum of several relays: what one participant of a conference, or a supervisor, hears."""

    def __init__(self, *, name: str) -> None:
        self.name = name
        self.relays: list[Relay] = []

    def frame(self) -> Pcm | None:
        return mixed([relay.frame() for relay in self.relays])


def mixed(pieces: Iterable[Pcm | None]) -> Pcm | None:
    """Return the sum of what is to be heard at once."""
    heard = [piece for piece in pieces if piece is not None]
    if len(heard) < 2:
        return heard[0] if heard else None
    total = np.sum(heard, axis=0, dtype=np.int32)
    return np.clip(total, -32_768, 32_767).astype(np.int16)


def level(pcm: Pcm) -> float:
    """Return the RMS of the samples on the int16 scale."""
    samples = pcm.astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / max(len(samples), 1)))


def ringback() -> Pcm:
    """Return one cycle of the Australian ring tone."""
    count = int(RING_CYCLE_SECONDS * SAMPLE_RATE)
    seconds = np.arange(count) / SAMPLE_RATE
    second_burst = RING_ON_SECONDS + RING_PAUSE_SECONDS
    on = (seconds < RING_ON_SECONDS) | ((seconds >= second_burst) & (seconds < second_burst + RING_ON_SECONDS))
    tone = sum(np.sin(2 * np.pi * hz * seconds) for hz in RING_HZ)
    return np.asarray(tone * on * 2_000, dtype=np.int16)
