"""Turns text into speech with the espeak-ng library that the package espeakng-loader carries."""

import asyncio
import ctypes
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import av
import espeakng_loader
import numpy as np

from sandbox.media.audio import SAMPLE_RATE, Pcm

RETRIEVAL = 1  # espeak_AUDIO_OUTPUT: hand the samples over, do not play them
DONT_EXIT = 0x8000
RATE_PARAMETER, PITCH_PARAMETER, WORDGAP_PARAMETER = 1, 3, 7
CHARS_UTF8 = 1
WORDS_PER_MINUTE = 165
VOICES = (b"English (Great Britain)+Annie", b"gmw/en")
CACHED_PHRASES = 48
# Before level 2 every machine sentence begins with a notice, of which this is the first part; the whole one goes on to
# say where abuse is reported. https://developers.telnyx.com/docs/account-setup/levels-and-capabilities/paid (2026-04)
NOTICE = "This is an automated call generated on the Telnyx platform."
QUIET = 200
EDGE_SECONDS = 0.04

SYNTH_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class SpeechError(Exception):
    """The speech library cannot be used on this machine."""


class Engine:
    """The library keeps global state: there is one engine per process, and one caller at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        path = espeakng_loader.get_data_path().encode()
        self._rate = int(self._library.espeak_Initialize(RETRIEVAL, 0, path, DONT_EXIT))
        if self._rate <= 0:
            raise SpeechError("espeak-ng found no voice data; reinstall espeakng-loader")
        self._parts: list[Pcm] = []
        self._callback = SYNTH_CALLBACK(self.collect)
        self._library.espeak_SetSynthCallback(self._callback)
        if all(self._library.espeak_SetVoiceByName(name) != 0 for name in VOICES):
            raise SpeechError("espeak-ng has no English voice; reinstall espeakng-loader")
        self._library.espeak_SetParameter(RATE_PARAMETER, WORDS_PER_MINUTE, 0)

    def say(self, text: str) -> Pcm:
        raw = text.replace("\0", " ").encode(errors="replace")
        with self._turn:
            self._parts.clear()
            self._library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, CHARS_UTF8, None, None)
            self._library.espeak_Synchronize()
            spoken = np.concatenate(self._parts) if self._parts else np.zeros(self._rate // 10, np.int16)
        return resample(trim(spoken, self._rate), self._rate)

    def collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0


class Speech:
    """Synthesises away from the event loop and remembers the latest phrases."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speech")
        self._phrases: OrderedDict[str, Pcm] = OrderedDict()

    async def say(self, text: str) -> Pcm:
        """Return the speech as 48 kHz mono samples."""
        if text not in self._phrases:
            loop = asyncio.get_running_loop()
            self._phrases[text] = await loop.run_in_executor(self._thread, self._synthesise, text)
        self._phrases.move_to_end(text)
        pcm = self._phrases[text]
        while len(self._phrases) > CACHED_PHRASES:
            self._phrases.popitem(last=False)
        return pcm

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _synthesise(self, text: str) -> Pcm:
        return engine().say(text)


@cache
def engine() -> Engine:
    return Engine()


def trim(pcm: Pcm, rate: int) -> Pcm:
    """Cut the silence at both ends, leaving a short edge."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > QUIET)
    if not len(loud):
        return pcm
    edge = int(EDGE_SECONDS * rate)
    return pcm[max(int(loud[0]) - edge, 0) : int(loud[-1]) + edge]


def resample(pcm: Pcm, rate: int) -> Pcm:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    pieces = [piece.to_ndarray()[0] for piece in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(pieces).astype(np.int16)
