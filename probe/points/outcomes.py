"""What a point asks, which outcomes there are, and what each of them means for the product and its sandbox. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from probe.evidence import Evidence, Record, how_answered, was_refused, was_taken
from telephony.reason_codes import LIMIT_SIP_CODES


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
    """One of an aspect's outcomes; `detail` is a code or a figure, `figures` fill the blanks of its meaning."""

    key: str
    detail: str = ""
    figures: Mapping[str, int] = MappingProxyType({})


NOT_TRIED = Outcome("not_tried")
NOTHING_CAME = Outcome("nothing_came")
REFUSED, UNCLEAR = "refused", "unclear"
_UNTRIED = Meaning("It was not tried, or not far enough to tell.", Bearing.OPEN)
_NO_WORD_OF_IT = Meaning(
    "No answer, or one that says nothing of this: a limit, the key, the moment or a fault. Try again; the detail is the"
    " status and code.",
    Bearing.OPEN,
)


@dataclass(frozen=True)
class Aspect:
    """One question of a point, with every outcome that its classifier may give."""

    name: str
    asks: str
    classify: Callable[[Evidence], Outcome]
    outcomes: Mapping[str, Meaning]

    def meaning(self, outcome: Outcome) -> Meaning:
        known = self.outcomes[outcome.key]
        blanks = (known.says, known.choice, known.setting)
        says, choice, setting = (text.format(**outcome.figures) if outcome.figures else text for text in blanks)
        return replace(known, says=says, choice=choice, setting=setting)


def aspect(name: str, asks: str, classify: Callable[[Evidence], Outcome], /, **outcomes: Meaning) -> Aspect:
    """Make an aspect; “not tried” is an outcome of each, and “unclear” where there is “refused”."""
    beside = {UNCLEAR: _NO_WORD_OF_IT} if REFUSED in outcomes else {}
    return Aspect(name, asks, classify, {**beside, **outcomes, NOT_TRIED.key: _UNTRIED})


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
    """Say that a request was not tried, was refused, or that its answer leaves this open; None when it was taken."""
    if record is None:
        return NOT_TRIED
    if was_taken(record):
        return None
    return Outcome(REFUSED if was_refused(record) else UNCLEAR, how_answered(record))


def refused_on_page(ended: Record) -> Outcome:
    """Say of a call that the page placed, and that ended, whether it was refused; its end may leave that open."""
    sip, reason = ended.get("sip"), ended.get("reason")
    is_answer = isinstance(sip, int) and (400 <= sip < 500 or 600 <= sip < 700)
    is_refused = is_answer and sip not in _PASSING_SIP and reason not in LIMIT_SIP_CODES
    return Outcome(REFUSED if is_refused else UNCLEAR, str(reason or sip or ended.get("cause") or ""))


# The login, silence, too often, and a caller who left.
_PASSING_SIP = frozenset({401, 407, 408, 429, 487})
