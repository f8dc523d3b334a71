"""Speech is audible, turns are found, sources mix and relay."""

import numpy as np
import pytest

from sandbox.media.audio import FRAME_SAMPLES, SAMPLE_RATE, Loop, Mix, Pcm, Playback, Relay, level, ringback
from sandbox.media.hearing import Hearing
from sandbox.media.meter import Meter
from sandbox.media.speech import Speech

FRAME = 0.02


def block(value: int, samples: int = FRAME_SAMPLES) -> Pcm:
    return np.full(samples, value, np.int16)


async def test_speech_is_loud_long_enough_and_trimmed() -> None:
    speech = Speech()
    pcm = await speech.say("Good morning, could you tell me your full name?")
    speech.close()

    seconds = len(pcm) / SAMPLE_RATE
    assert 1.5 < seconds < 5
    assert level(pcm) > 1000
    assert level(pcm[: SAMPLE_RATE // 5]) > 100
    assert level(pcm[-SAMPLE_RATE // 5 :]) > 100


async def test_a_phrase_is_remembered_and_a_longer_one_is_longer() -> None:
    speech = Speech()
    short, long = await speech.say("Yes."), await speech.say("Yes, and a good deal more than that.")
    again = await speech.say("Yes.")
    speech.close()

    assert again is short
    assert len(long) > len(short)


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "<>&{}", "é 你好"])
async def test_odd_text_does_not_stop_the_voice(text: str) -> None:
    speech = Speech()
    pcm = await speech.say(text)
    speech.close()

    assert pcm.dtype == np.int16


def turns(*stretches: tuple[float, float]) -> list[float]:
    """Feed (level, seconds) stretches and return the moments at which turns ended."""
    hearing, now, found = Hearing(), 0.0, []
    for rms, seconds in stretches:
        for _ in range(round(seconds / FRAME)):
            now += FRAME
            if hearing.add(rms, FRAME):
                found.append(round(now, 2))
    return found


@pytest.mark.parametrize(
    ("stretches", "ends"),
    [
        ([(2000, 1.0), (0, 1.0)], [1.5]),
        ([(0, 3.0)], []),
        ([(2000, 0.1), (0, 1.0)], []),
        ([(2000, 0.5), (0, 0.3), (2000, 0.5), (0, 0.6)], [1.8]),
        ([(2000, 0.5), (0, 0.6), (2000, 0.5), (0, 0.6)], [1.0, 2.1]),
        ([(250, 2.0), (0, 1.0)], []),
        ([(2000, 14.0)], [12.0]),
    ],
)
def test_a_turn_ends_after_half_a_second_of_silence(stretches: list[tuple[float, float]], ends: list[float]) -> None:
    assert turns(*stretches) == pytest.approx(ends, abs=0.041)


def test_a_playback_ends_once_and_pads_its_last_frame() -> None:
    ended: list[bool] = []
    playback = Playback(block(7, FRAME_SAMPLES + 10), name="x", on_end=lambda: ended.append(True))

    first, second = playback.frame(), playback.frame()
    playback.stop()

    assert first is not None
    assert second is not None
    assert (len(first), len(second), second[10]) == (FRAME_SAMPLES, FRAME_SAMPLES, 0)
    assert ended == [True]
    assert playback.finished


def test_a_relay_drops_old_sound_and_joins_odd_pieces() -> None:
    relay = Relay(name="peer")
    for value in range(1, 10):
        relay.push(block(value, 480))

    first = relay.frame()

    assert first is not None
    assert (len(first), first[0], first[-1]) == (FRAME_SAMPLES, 2, 3)
    for _ in range(3):
        relay.frame()
    assert relay.frame() is None


def test_a_mix_adds_and_does_not_wrap_around() -> None:
    mix = Mix(name="conference")
    mix.relays = [Relay(name="a"), Relay(name="b"), Relay(name="silent")]
    for relay in mix.relays[:2]:
        relay.push(block(30_000))

    heard = mix.frame()

    assert heard is not None
    assert set(heard.tolist()) == {32_767}
    assert mix.frame() is None


def test_the_ring_tone_repeats_and_is_heard() -> None:
    loop = Loop(ringback(), name="ringback")
    frames = [loop.frame() for _ in range(150)]

    levels = [level(frame) for frame in frames if frame is not None]
    assert max(levels) > 1000
    assert min(levels) == 0
    again = loop.frame()
    assert again is not None
    assert again.tolist() == frames[0].tolist() if frames[0] is not None else False


def test_a_meter_keeps_stretches_of_voice_by_source() -> None:
    meter = Meter()
    for pcm, source in ((block(2000), "assistant"), (None, "silence"), (block(2000), "peer")):
        meter.add(pcm, source=source)

    assert [stretch[2] for stretch in meter.stretches] == ["assistant", "peer"]
    assert meter.frames == 3
    assert meter.first_voice_at is not None
    assert meter.rms == pytest.approx(2000 * (2 / 3) ** 0.5)
