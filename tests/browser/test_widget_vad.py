"""The widget's voice detection, hearing real speech through Chromium's microphone."""

import json
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Route

from tests.browser import speech as speaking

ROOT = Path(__file__).parents[2]
ADDRESS = "http://localhost/vad"
# Low, so that the edges stand where the voice does and not at its first loud vowel.
THRESHOLD, SILENCE_MS, LEAST_MS = 5, 700, 150
VAD = json.dumps({"volumeThreshold": THRESHOLD, "silenceDurationMs": SILENCE_MS, "minSpeechDurationMs": LEAST_MS})
BLOCKS_OF_GAP = 5  # 100 ms, the pause between two syllables
SHORT_PAUSE, LONG_PAUSE = 0.4, 2.0
# One reading every 20 ms of a window of 21 ms, on a machine that is busy with other things.
TOLERANCE_MS = 120
TONE_RMS = 0.2

Samples = NDArray[np.int16]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    bundle = tmp_path_factory.mktemp("vad") / "vad_page.js"
    build = (
        "import * as esbuild from 'esbuild';"
        "await esbuild.build({entryPoints: [process.argv[1]], outfile: process.argv[2], bundle: true});"
    )
    node = Path(sys.executable).with_name("node")
    source = ROOT / "tests/frontend/vad_page.ts"
    subprocess.run([node, "--input-type=module", "-e", build, source, bundle], cwd=ROOT, check=True)
    return bundle.read_text()


def serve(page: Page, script: str) -> None:
    """A secure origin without a server: microphones are for those only."""

    def answer(route: Route) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(content_type="text/html", body="<!doctype html><script src='/vad.js'></script>")
        else:
            route.fulfill(content_type="text/javascript", body=script)

    page.route("http://localhost/**", answer)
    page.goto(ADDRESS)


def listen(browser: Browser, script: str, seconds: float) -> tuple[list[dict[str, Any]], list[float]]:
    page = browser.new_page()
    serve(page, script)
    page.evaluate("attribute => listen(attribute)", VAD)
    page.wait_for_timeout(seconds * 1000)
    return page.evaluate("() => heard"), page.evaluate("() => levels")


def samples_of(path: Path) -> Samples:
    with wave.open(str(path)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)


def voice_of(path: Path) -> Samples:
    """The sentence without the silence around it."""
    samples = samples_of(path)
    loud = np.flatnonzero(np.abs(samples) > 0)
    return samples[loud[0] : loud[-1] + 1]


def loud_edges(samples: Samples) -> list[tuple[float, float]]:
    """Where speech begins and ends in milliseconds, found in the file itself with windows as long as the page's."""
    window = speaking.RATE // 50
    blocks = samples[: len(samples) // window * window].reshape(-1, window) / 32_768
    loud = [bool(value) for value in 255 * np.sqrt((blocks**2).mean(axis=1)) > THRESHOLD]
    edges: list[tuple[float, float]] = []
    began: int | None = None
    candidate, last, count = 0, -BLOCKS_OF_GAP - 1, 0
    for index, is_loud in enumerate([*loud, *[False] * (SILENCE_MS // 20 + 1)]):
        if is_loud and index - last > BLOCKS_OF_GAP + 1 and began is None:
            candidate, count = index, 0
        count, last = (count + 1, index) if is_loud else (count, last)
        if began is None and is_loud and count * 20 >= LEAST_MS:
            began = candidate
        if began is not None and (index - last) * 20 >= SILENCE_MS:
            edges.append((began * 20.0, (last + 1) * 20.0))
            began = None
    return edges


def test_it_hears_where_turns_begin_and_end(
    open_browser: Callable[[Path | None], Browser], speech: Callable[[str], Path], script: str, tmp_path: Path
) -> None:
    first = voice_of(speech("My name is Jordan Blake and I work in Melbourne."))
    second = voice_of(speech("We would like to begin before the summer."))
    third = voice_of(speech("Around twenty thousand dollars."))
    pauses = [speaking.silence(seconds) for seconds in (0.5, SHORT_PAUSE, LONG_PAUSE, 3.0)]
    sound = np.concatenate([pauses[0], first, pauses[1], second, pauses[2], third, pauses[3]])
    speaking.save(tmp_path / "microphone.wav", sound)
    expected = loud_edges(sound)
    assert len(expected) == 2, "the short pause belongs to a turn, the long one does not"

    events, _levels = listen(open_browser(tmp_path / "microphone.wav"), script, len(sound) / speaking.RATE + 0.5)

    started = [event["since"] for event in events if event["type"] == "speech.started"][:2]
    ended = [event for event in events if event["type"] == "speech.ended"][:2]
    offset = started[0] - expected[0][0]
    assert [began - offset for began in started] == pytest.approx([edge[0] for edge in expected], abs=TOLERANCE_MS)
    assert [event["since"] - offset for event in ended] == pytest.approx(
        [edge[1] for edge in expected], abs=TOLERANCE_MS
    )
    assert [event["at"] - event["since"] for event in ended] == pytest.approx([SILENCE_MS] * 2, abs=TOLERANCE_MS)
    thinking = next(event["at"] for event in events if event["type"] == "state")
    assert thinking == ended[0]["at"]


def test_its_scale_is_rms_from_0_to_255(
    open_browser: Callable[[Path | None], Browser], script: str, tmp_path: Path
) -> None:
    seconds = np.arange(speaking.RATE * 4) / speaking.RATE
    tone = TONE_RMS * np.sqrt(2) * np.sin(2 * np.pi * 440 * seconds)
    speaking.save(tmp_path / "tone.wav", (tone * 32_767).astype(np.int16))

    _events, levels = listen(open_browser(tmp_path / "tone.wav"), script, 2.5)

    assert float(np.median(levels[10:])) == pytest.approx(255 * TONE_RMS, rel=0.05)


def test_it_hears_nothing_in_silence(
    open_browser: Callable[[Path | None], Browser], script: str, tmp_path: Path
) -> None:
    speaking.save(tmp_path / "silence.wav", speaking.silence(4.0))

    events, levels = listen(open_browser(tmp_path / "silence.wav"), script, 2.0)

    assert events == []
    assert max(levels) < 1
