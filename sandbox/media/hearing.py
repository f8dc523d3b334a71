"""Finds the end of a spoken turn in a stream of frame levels."""

from dataclasses import dataclass

VOICE_RMS = 300.0
MIN_VOICE_SECONDS = 0.15
END_SILENCE_SECONDS = 0.5
# Somebody who never pauses (or a noisy room) must not hold the assistant up for ever.
MAX_TURN_SECONDS = 12.0


@dataclass
class Hearing:
    """Feed it each frame; it answers True once when a turn has ended."""

    threshold: float = VOICE_RMS
    voice_seconds: float = 0.0
    silence_seconds: float = 0.0
    turn_seconds: float = 0.0

    def reset(self) -> None:
        self.voice_seconds = self.silence_seconds = self.turn_seconds = 0.0

    @property
    def speaking(self) -> bool:
        return self.voice_seconds >= MIN_VOICE_SECONDS

    def add(self, rms: float, seconds: float) -> bool:
        if rms >= self.threshold:
            self.voice_seconds += seconds
            self.silence_seconds = 0.0
        elif self.voice_seconds:
            self.silence_seconds += seconds
        if self.voice_seconds:
            self.turn_seconds += seconds
        if self.silence_seconds >= END_SILENCE_SECONDS or self.turn_seconds >= MAX_TURN_SECONDS:
            ended = self.speaking
            self.reset()
            return ended
        return False
