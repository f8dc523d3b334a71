"""The recorded stories, played again: whatever the order of their facts, and each of them twice, they end the same."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flight_recorder.record import recorder
from flight_recorder.replay import player, script
from flight_recorder.replay.player import Manner
from flight_recorder.replay.script import Script
from tests.recordings.stories import STORIES

FOLDER = Path(__file__).parent
SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]


@cache
def read(story: str) -> Script:
    recording: dict[str, Any] = json.loads((FOLDER / f"{story}.json").read_text())
    return script.read(recording, format_name=recorder.FORMAT, version=recorder.VERSION)


@pytest.mark.parametrize("story", STORIES)
def test_a_story_ends_as_recorded(db: None, story: str) -> None:
    report = player.play(read(story), Manner())

    assert (report.differences, report.violations) == ([], []), report.notes


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("story", STORIES)
def test_its_facts_in_any_order_and_twice_give_the_same_end(db: None, story: str, seed: int) -> None:
    report = player.play(read(story), Manner(shuffle=True, duplicate=True, seed=seed))

    assert (report.differences, report.violations) == ([], []), report.notes


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("story", STORIES)
def test_losing_some_of_them_breaks_nothing(db: None, story: str, seed: int) -> None:
    report = player.play(read(story), Manner(shuffle=True, duplicate=True, drop=True, seed=seed))

    assert report.violations == [], report.notes


@pytest.mark.parametrize("story", STORIES)
def test_a_recorded_story_holds_no_secret(story: str) -> None:
    text = (FOLDER / f"{story}.json").read_text()

    assert "<ticket>" in text or "<login 1>" in text
    assert "eyJ" not in text
    assert "gencred" not in text
