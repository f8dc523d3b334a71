"""The WebRTC side of one leg: an Opus outlet with a switchable source, and an ear."""

import asyncio
import fractions
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import aioice.ice
import av
import ifaddr
import numpy as np
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpCapabilities,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from sandbox.audio import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Listener, Pcm, Playback, Relay, Source, mixed
from sandbox.meter import Meter

logger = logging.getLogger(__name__)

TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)
LATEST_CATCH_UP_SECONDS = 0.2
AUDIO = RTCRtpReceiver.getCapabilities("audio") or RTCRtpCapabilities()
OPUS = [codec for codec in AUDIO.codecs if codec.mimeType == "audio/opus"]
# Browsers may hide their addresses behind mDNS names; resolving those blocks the negotiation, and the
# address is learnt from the first packet anyway.
MDNS_CANDIDATE = re.compile(r"^a=candidate:[^\r\n]*\.local [^\r\n]*\r?\n", re.MULTILINE)
MAX_NIC_ADDRESSES = 2
# What aiortc raises on hostile or impossible descriptions; its SDP parser indexes and asserts freely.
REFUSALS = (ValueError, LookupError, AssertionError, AttributeError, TypeError, OperationError, InvalidStateError)


class MediaError(Exception):
    """The browser's session description cannot be used."""


def host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """Offer loopback as well as the network interfaces; aioice alone leaves 127.0.0.1 out."""
    nic = [
        ip.ip
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if isinstance(ip.ip, str) and not ip.ip.startswith("127.")
    ]
    return ["127.0.0.1", *nic[:MAX_NIC_ADDRESSES]] if use_ipv4 or use_ipv6 else []


aioice.ice.get_host_addresses = host_addresses


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

    async def recv(self) -> "av.Packet[Any]":
        if self.readyState != "live":
            raise MediaStreamError
        await self._pace()
        name, pcm = self.source, self._next()
        self.meter.add(pcm, source=name)
        packet = av.Packet(SILENCE if pcm is None else self._encoded(pcm))
        packet.pts, packet.time_base = self._position, TIME_BASE
        return packet

    def stop(self) -> None:
        super().stop()
        self._encoder = None

    def _encoded(self, pcm: Pcm) -> bytes:
        self._encoder = self._encoder or OpusEncoder()
        return self._encoder.encode(pcm) or SILENCE

    async def _pace(self) -> None:
        now = time.monotonic()
        if not self._due or now - self._due > LATEST_CATCH_UP_SECONDS:
            skipped = round((now - self._due) / FRAME_SECONDS) if self._due else 0
            self._position += skipped * FRAME_SAMPLES
            self._due = now
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self._due += FRAME_SECONDS
        self._position += FRAME_SAMPLES

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


class Tap(MediaStreamTrack):
    """One connection's way to the outlet, which outlives it: aiortc stops the tracks of a connection that ends."""

    kind = "audio"

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet

    async def recv(self) -> "av.Packet[Any]":
        if self.readyState != "live":
            raise MediaStreamError
        return await self._outlet.recv()


class Media:
    """One peer connection: `outlet` is heard by the browser, `relays` and `taps` (supervisors) hear the browser."""

    def __init__(self, *, on_lost: Callable[[], None]) -> None:
        self.outlet = Outlet()
        self.meter = Meter()
        self.relays: set[Listener] = set()
        self.taps: set[Listener] = set()
        self.ear: Callable[[float], None] | None = None
        self.heard_at = time.monotonic()
        self._on_lost = on_lost
        self._tasks: set[asyncio.Task[None]] = set()
        # None once closed: an ended leg is remembered for minutes, its connection need not be.
        self._connection: RTCPeerConnection | None = self._connect()

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.connectionState == "connected"

    @property
    def is_lost(self) -> bool:
        return self._connection is not None and self._connection.connectionState in ("failed", "closed")

    @property
    def _peer(self) -> RTCPeerConnection:
        if self._connection is None:
            raise MediaError("this leg has ended")
        return self._connection

    async def answer(self, offer: str) -> str:
        """Take the browser's offer (the first one or an ICE restart) and return our answer."""
        try:
            if not self._peer.getSenders():
                self._add_outlet()
            await self._peer.setRemoteDescription(_description(offer, "offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except REFUSALS as error:
            raise MediaError("offer refused") from error
        return self.description()

    async def offer(self) -> str:
        """Return our offer; MediaError when the leg ends meanwhile."""
        try:
            self._add_outlet()
            await self._peer.setLocalDescription(await self._peer.createOffer())
        except REFUSALS as error:
            raise MediaError("no offer") from error
        return self.description()

    async def renew(self) -> str:
        """Offer the same sound on a new connection, to a page that came back without its old one."""
        old, self._connection, self.heard_at = self._peer, self._connect(), time.monotonic()
        old.remove_all_listeners()
        await old.close()
        return await self.offer()

    async def accept(self, answer: str) -> None:
        """Take the browser's answer to our offer."""
        try:
            await self._peer.setRemoteDescription(_description(answer, "answer"))
        except REFUSALS as error:
            raise MediaError("answer refused") from error

    def description(self) -> str:
        """Return our side of the session as it stands."""
        return str(self._peer.localDescription.sdp)

    async def close(self) -> None:
        self.outlet.hush()
        self.outlet.stop()
        self.relays.clear()
        peer, self._connection = self._connection, None
        for task in self._tasks:
            task.cancel()
        if peer:
            peer.remove_all_listeners()
            await peer.close()

    def _connect(self) -> RTCPeerConnection:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.on("track", self._on_track)
        peer.on("connectionstatechange", self._on_state)
        return peer

    def _add_outlet(self) -> None:
        self._peer.addTrack(Tap(self.outlet))
        for transceiver in self._peer.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.setCodecPreferences(OPUS)

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            task = asyncio.create_task(self._listen(track))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _on_state(self) -> None:
        if self.is_lost:
            self._on_lost()

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.AudioFrame):
                # The decoder yields interleaved stereo; the left channel is all of a mono microphone.
                self._heard(frame.to_ndarray()[0, :: len(frame.layout.channels)].astype(np.int16))

    def _heard(self, pcm: Pcm) -> None:
        self.heard_at = time.monotonic()
        rms = self.meter.add(pcm, source="browser")
        for listener in (*self.relays, *self.taps):
            listener.push(pcm)
        if self.ear:
            self.ear(rms)


def _description(sdp: str, kind: str) -> RTCSessionDescription:
    return RTCSessionDescription(sdp=MDNS_CANDIDATE.sub("", sdp), type=kind)
