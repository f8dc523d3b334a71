"""Every outcome of every question is recognised from evidence that was written by hand, from what is known of Telnyx.

Each file names its source and how far that is to be trusted: OFF (Telnyx's own text, code or types), 3L (a third party
who says that it was seen live), 3P (third-party code), INF (inferred, or nobody's word at all). A file is read as one
that the probe wrote would be, so that what it quotes is masked before it is judged.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from launcher.checkout import ROOT
from probe import evidence
from probe.points.catalogue import BY_NAME, POINTS, choices, judged
from probe.steps import calls, others, speech
from probe.vocabulary import TRIED
from sandbox.platform import CHOICES

FILES = sorted((Path(__file__).parent / "evidence").glob("*.json"))
TRUST = {"OFF", "3L", "3P", "INF"}


def told(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_recognises_what_is_known_of_telnyx(path: Path) -> None:
    file = told(path)
    found = evidence.read(path.read_text())

    for name, expected in file["expects"].items():
        outcomes = {aspect.name: outcome.key for aspect, outcome in judged(found, BY_NAME[name])}
        assert outcomes.items() >= expected.items(), name
    assert len(file["source"]) > 10
    assert file["trust"] in TRUST


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_says_only_what_it_has_words_for(path: Path) -> None:
    found = evidence.read(path.read_text())

    for point in POINTS:
        for aspect, outcome in judged(found, point):
            assert aspect.meaning(outcome).says


def test_no_outcome_is_left_without_a_file() -> None:
    expected = Counter(
        (point, aspect, key)
        for path in FILES
        for point, outcomes in told(path)["expects"].items()
        for aspect, key in outcomes.items()
    )
    every = {(point.name, aspect.name, key) for point in POINTS for aspect in point.aspects for key in aspect.outcomes}

    assert {one for one in every if one[2] != "not_tried"} - expected.keys() == set()
    assert expected.keys() - every == set()


def test_nothing_tried_is_said_to_be_that() -> None:
    found = evidence.read((Path(__file__).parent / "evidence" / "not-tried.json").read_text())

    assert {outcome.key for point in POINTS for _, outcome in judged(found, point)} == {"not_tried"}
    assert choices(found) == {}


def test_the_ten_points_come_first_and_each_can_be_tried() -> None:
    assert [point.number for point in POINTS][:10] == list(range(1, 11))
    assert all(point.number == 0 for point in POINTS[10:])
    assert {point.name for point in POINTS} == calls.TRIES.keys() | speech.TRIES.keys() | others.TRIES.keys()


def test_what_a_file_may_say_was_tried_is_what_can_be() -> None:
    named = {step["step"] for path in FILES for step in told(path)["steps"]} | {point.name for point in POINTS}

    assert named == TRIED - {"all"}


def test_every_setting_that_an_outcome_names_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    named = {
        name
        for point in POINTS
        for aspect in point.aspects
        for meaning in aspect.outcomes.values()
        for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", f"{meaning.setting} {meaning.says}")
    }

    assert {name for name in named if f"| `{name}` |" not in documented} == set()
    assert {"TELNYX_PAGE_CALLER_NUMBER", "TELNYX_ASSISTANT_START", "TELNYX_MAX_LEGS"} <= named


def test_every_choice_of_the_sandbox_and_each_of_its_values_is_what_some_outcome_means() -> None:
    meant: dict[str, set[str]] = {}
    for point in POINTS:
        for aspect in point.aspects:
            for meaning in aspect.outcomes.values():
                name, _, value = meaning.choice.partition("=")
                if value and not name.startswith("account "):
                    meant.setdefault(name, set()).add(value)

    assert meant == {name: set(values) for name, values in CHOICES.items()}
