"""What one leg is made to hear: a paced stream of 20 ms frames with a switchable source, encoded as Opus."""

import asyncio
import fractions
import time
from typing import Any

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from sandbox.media.audio import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Pcm, Playback, Relay, Source, mixed
from sandbox.media.meter import Meter

TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)
LATEST_CATCH_UP_SECONDS = 0.2


class OpusEncoder:
    def __init__(self) -> None:
        codec = av.AudioCodecContext.create("libopus", "w")
        codec.sample_rate, codec.layout, codec.format = SAMPLE_RATE, "mono", "s16"
        codec.bit_rate = 40_000
        codec.time_base = TIME_BASE
        codec.options = {"application": "voip", "compression_level": "3"}
        self._codec = codec
        self._position = 0

    def encode(self, pcm: Pcm) -> bytes:
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, TIME_BASE, self._position
        self._position += FRAME_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


def _encoded_silence() -> bytes:
    encoder = OpusEncoder()
    return [encoder.encode(np.zeros(FRAME_SAMPLES, np.int16)) for _ in range(5)][-1]


SILENCE = _encoded_silence()


class Outlet(MediaStreamTrack):
    """What the browser hears: a voice on top (assistant, announcement), else the base source, else silence.

    It hands ready Opus packets to aiortc, which would otherwise compute a level per sample in Python.
    """

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.base: Source | None = None
        self.voice: Playback | None = None
        self.held = False
        # Supervisors: those who speak into what is heard here, and those who hear it too.
        self.overlays: set[Relay] = set()
        self.taps: set[Relay] = set()
        self.meter = Meter()
        self._encoder: OpusEncoder | None = None
        self._position = 0
        self._due = 0.0

    @property
    def source(self) -> str:
        if self.held:
            return "hold"
        playing = self.voice or self.base
        return playing.name if playing else "supervisor" if self.overlays else "silence"

    def say(self, playback: Playback) -> None:
        """Play this on top, cutting off what was being said."""
        previous, self.voice = self.voice, playback
        if previous:
            previous.stop()

    def hush(self) -> None:
        if self.voice:
            self.voice.stop()
        self.voice = None

    async def listen(self) -> Pcm | None:
        """Wait until the next frame is due and return it; None is silence."""
        now = time.monotonic()
        if not self._due or now - self._due > LATEST_CATCH_UP_SECONDS:
            skipped = round((now - self._due) / FRAME_SECONDS) if self._due else 0
            self._position += skipped * FRAME_SAMPLES
            self._due = now
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self._due += FRAME_SECONDS
        self._position += FRAME_SAMPLES
        name, pcm = self.source, self._next()
        self.meter.add(pcm, source=name)
        return pcm

    async def recv(self) -> "av.Packet[Any]":
        if self.readyState != "live":
            raise MediaStreamError
        pcm = await self.listen()
        encoded = SILENCE
        if pcm is not None:
            self._encoder = self._encoder or OpusEncoder()
            encoded = self._encoder.encode(pcm) or SILENCE
        packet = av.Packet(encoded)
        packet.pts, packet.time_base = self._position, TIME_BASE
        return packet

    def stop(self) -> None:
        super().stop()
        self._encoder = None

    def _next(self) -> Pcm | None:
        base = self.base.frame() if self.base else None
        voice = self.voice
        pcm = voice.frame() if voice else base
        if voice and voice.ended:
            self.voice = None
        # Supervisors hear this leg without their own voices in it.
        for tap in self.taps:
            if pcm is not None and not self.held:
                tap.push(pcm)
        pcm = mixed([pcm, *(overlay.frame() for overlay in self.overlays)])
        return None if self.held else pcm
