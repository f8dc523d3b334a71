"""The WebRTC side of one leg: an Opus outlet with a switchable source, and an ear."""

import asyncio
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

from sandbox.media.line import Line
from sandbox.media.outlet import Outlet

logger = logging.getLogger(__name__)

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


class Media(Line):
    """A browser at the end of one peer connection."""

    source = "browser"
    # Nothing else is offered or taken.
    codec = ("OPUS", 48_000)

    def __init__(self, *, on_lost: Callable[[], None]) -> None:
        super().__init__()
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
        await super().close()
        peer, self._connection = self._connection, None
        for task in self._tasks:
            task.cancel()
        if peer:
            peer.remove_all_listeners()
            await peer.close()

    def _connect(self) -> RTCPeerConnection:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.on("track", self.on_track)
        peer.on("connectionstatechange", self.on_state)
        return peer

    def _add_outlet(self) -> None:
        self._peer.addTrack(Tap(self.outlet))
        for transceiver in self._peer.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.setCodecPreferences(OPUS)

    def on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            task = asyncio.create_task(self._listen(track))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def on_state(self) -> None:
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
                self.heard(frame.to_ndarray()[0, :: len(frame.layout.channels)].astype(np.int16))


def _description(sdp: str, kind: str) -> RTCSessionDescription:
    return RTCSessionDescription(sdp=MDNS_CANDIDATE.sub("", sdp), type=kind)
