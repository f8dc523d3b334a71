"""The far end of one leg: what it hears, and who hears it."""

import time
from collections.abc import Callable

from sandbox.media.audio import Listener, Pcm
from sandbox.media.meter import Meter
from sandbox.media.outlet import Outlet


class Line:
    """`outlet` is what the far end hears; `relays` (partners) and `taps` (supervisors) hear the far end."""

    source = "line"
    # What was negotiated with the far end: the codec and its sampling rate.
    codec = ("PCMA", 8_000)

    def __init__(self) -> None:
        self.outlet = Outlet()
        self.meter = Meter()
        self.relays: set[Listener] = set()
        self.taps: set[Listener] = set()
        self.ear: Callable[[float], None] | None = None
        self.heard_at = time.monotonic()

    @property
    def connected(self) -> bool:
        return True

    @property
    def is_lost(self) -> bool:
        return False

    def heard(self, pcm: Pcm) -> None:
        """Hand on what the far end says."""
        self.heard_at = time.monotonic()
        rms = self.meter.add(pcm, source=self.source)
        for listener in (*self.relays, *self.taps):
            listener.push(pcm)
        if self.ear:
            self.ear(rms)

    async def close(self) -> None:
        self.outlet.hush()
        self.outlet.stop()
        self.relays.clear()
