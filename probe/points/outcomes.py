"""What a point asks, which outcomes there are, and what each of them means for the product and its sandbox. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from probe.evidence import Evidence, Record, refusal, was_taken


class Bearing(StrEnum):
    """How an outcome bears on the product as it stands."""

    GOOD = "as hoped"
    BEARABLE = "provided for"
    BAD = "needs a person"
    OPEN = "still open"


@dataclass(frozen=True)
class Meaning:
    """`choice` is the sandbox's (“parked_state=null”), `setting` what to set here; either may be empty."""

    says: str
    bearing: Bearing = Bearing.BEARABLE
    choice: str = ""
    setting: str = ""


class Outcome(NamedTuple):
    """One of an aspect's outcomes; `detail` is a code or a figure."""

    key: str
    detail: str = ""


NOT_TRIED = Outcome("not_tried")
NOTHING_CAME = Outcome("nothing_came")
REFUSED = "refused"
_UNTRIED = Meaning("It was not tried, or not far enough to tell.", Bearing.OPEN)


@dataclass(frozen=True)
class Aspect:
    """One question of a point, with every outcome that its classifier may give."""

    name: str
    asks: str
    classify: Callable[[Evidence], Outcome]
    outcomes: Mapping[str, Meaning]

    def meaning(self, outcome: Outcome) -> Meaning:
        return self.outcomes[outcome.key]


def aspect(name: str, asks: str, classify: Callable[[Evidence], Outcome], /, **outcomes: Meaning) -> Aspect:
    """Make an aspect; that it was not tried is an outcome of each."""
    return Aspect(name, asks, classify, {**outcomes, NOT_TRIED.key: _UNTRIED})


@dataclass(frozen=True)
class Point:
    """One thing to try. `number` is its place among the ten, 0 beyond them; `costs` is asked about before it runs."""

    name: str
    number: int
    title: str
    costs: str
    aspects: tuple[Aspect, ...]


def good(says: str, choice: str = "", setting: str = "") -> Meaning:
    return Meaning(says, Bearing.GOOD, choice, setting)


def bearable(says: str, choice: str = "", setting: str = "") -> Meaning:
    return Meaning(says, Bearing.BEARABLE, choice, setting)


def bad(says: str, choice: str = "", setting: str = "") -> Meaning:
    return Meaning(says, Bearing.BAD, choice, setting)


def unclear(says: str, choice: str = "", setting: str = "") -> Meaning:
    return Meaning(says, Bearing.OPEN, choice, setting)


def refused(record: Record | None) -> Outcome | None:
    """Say that a request was not tried or was refused; None when it was taken."""
    if record is None:
        return NOT_TRIED
    return None if was_taken(record) else Outcome(REFUSED, refusal(record))
