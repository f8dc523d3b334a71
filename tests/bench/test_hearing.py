"""When a voice began and ended, from frames that a busy page may have taken late."""

from bench.hearing import AUDIBLE, Frame, Hearing

LOUD, QUIET = AUDIBLE + 10, 0.0


def frames(*loudness: float, delays: tuple[float, ...] = ()) -> list[Frame]:
    """10 ms each; the sound's clock runs 1,000 s behind the page's."""
    late = dict(enumerate(delays))
    return [
        Frame(arrived_at=1000 + number / 100 + late.get(number, 0.0), stamp=number / 100, loudness=value)
        for number, value in enumerate(loudness)
    ]


def test_the_first_voice_is_the_first_loud_frame() -> None:
    hearing = Hearing.of(frames(QUIET, QUIET, LOUD, LOUD))

    assert hearing.first_voice(after=0) == 1000.02


def test_a_voice_before_the_moment_does_not_count() -> None:
    hearing = Hearing.of(frames(LOUD, QUIET, QUIET, LOUD))

    assert hearing.first_voice(after=1000.005) == 1000.03
    assert hearing.last_voice(before=1000.03) == 1000.0


def test_frames_that_were_taken_late_keep_their_place() -> None:
    hearing = Hearing.of(frames(QUIET, LOUD, LOUD, QUIET, delays=(0.3, 0.2, 0.1, 0.0)))

    assert hearing.first_voice(after=0) == 1000.01


def test_silence_has_no_voice() -> None:
    hearing = Hearing.of(frames(QUIET, AUDIBLE))

    assert hearing.first_voice(after=0) is None
    assert hearing.last_voice(before=2000) is None


def test_nothing_heard_is_no_voice() -> None:
    assert Hearing.of([]).first_voice(after=0) is None
