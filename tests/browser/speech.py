"""Spoken sentences as sound files for Chromium's fake microphone."""

import ctypes
import hashlib
import wave
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

VOICE = b"en-gb"
RATE = 48_000
# Chromium plays the file in a loop; the pauses let a listener notice where a turn ends.
LEAD_SECONDS = 0.3
TAIL_SECONDS = 2.5
PEAK = 0.7

SYNCHRONOUS = 2
CHARS_UTF8 = 1
POSITION_CHARACTER = 1
Samples = NDArray[np.int16]
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Synthesiser:
    """The espeak-ng library, of which a process has one."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = int(self.library.espeak_Initialize(SYNCHRONOUS, 0, data, 0))
        self.chunks: list[Samples] = []
        self.callback = Callback(self.collect)
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_SetVoiceByName(VOICE)

    def collect(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if count:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def speak(self, text: str) -> Samples:
        self.chunks.clear()
        words = text.encode()
        size = ctypes.c_size_t(len(words) + 1)
        self.library.espeak_Synth(words, size, 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None)
        return np.concatenate(self.chunks)


def write(text: str, folder: Path, synthesiser: Synthesiser) -> Path:
    """Return a 48 kHz mono sound file of the sentence; the same sentence is spoken once."""
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.wav"
    if not path.exists():
        save(path, microphone_sound(synthesiser.speak(text), synthesiser.rate))
    return path


def microphone_sound(spoken: Samples, rate: int) -> Samples:
    """Resample, bring to an even loudness, and put silence around."""
    length = len(spoken) * RATE // rate
    resampled = np.interp(np.arange(length) * rate / RATE, np.arange(len(spoken)), spoken)
    loud = (resampled / np.abs(resampled).max() * PEAK * 32_767).astype(np.int16)
    return np.concatenate([silence(LEAD_SECONDS), loud, silence(TAIL_SECONDS)])


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def save(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
