"""A telephone at the end of a leg: no browser, but real sound both ways."""

import asyncio
from collections.abc import Sequence

import numpy as np

from sandbox.media.audio import FRAME_SAMPLES, FRAME_SECONDS, Pcm, Playback, level
from sandbox.media.hearing import Hearing
from sandbox.media.line import Line

SILENCE = np.zeros(FRAME_SAMPLES, np.int16)


class FarEnd(Line):
    """Says its first sentence at once, and the next one after every turn that it has heard."""

    source = "phone"

    def __init__(self, sentences: Sequence[Pcm]) -> None:
        super().__init__()
        self._sentences = list(sentences)
        self._voice: Playback | None = None
        self._hearing = Hearing()
        self._task = asyncio.get_running_loop().create_task(self._live())

    async def close(self) -> None:
        self._task.cancel()
        await super().close()

    async def _live(self) -> None:
        self._speak()
        while True:
            pcm = await self.outlet.listen()
            if self._voice and not self._voice.ended:
                self.heard(self._voice.frame())
                continue
            self.heard(SILENCE)
            if self._hearing.add(0.0 if pcm is None else level(pcm), FRAME_SECONDS):
                self._speak()

    def _speak(self) -> None:
        self._hearing.reset()
        if self._sentences:
            self._voice = Playback(self._sentences.pop(0), name=self.source, on_end=lambda: None)
