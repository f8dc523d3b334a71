"""What a closer reads before they speak: three lines put together from rows, with nothing inferred. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_VALUE = 80
LONGEST_TURN = 140
LONGEST_SUMMARY = 240
# The rest of the answers stands below the brief.
MOST_ANSWERS = 6

NOBODY = "Prospect"
# Every word that is not somebody's own.
MISSING = "Still missing"
CONFLICTING = "Conflicting"
SUMMARY = "Summary"
NOTHING_KNOWN = "No answers yet"
COMPLETE = "Every required answer is known"
VOCABULARY = (NOBODY, MISSING, CONFLICTING, SUMMARY, NOTHING_KNOWN, COMPLETE)


@dataclass(frozen=True)
class Answer:
    """One question and what is known of it; an empty `text` is not known yet."""

    label: str
    text: str
    is_required: bool = False
    is_conflicting: bool = False


@dataclass(frozen=True)
class Said:
    who: str
    text: str


@dataclass(frozen=True)
class Part:
    """A piece of a line: what it is about, and what is known of that. Either may be empty."""

    label: str
    text: str


Line = tuple[Part, ...]


def write(*, name: str, answers: Sequence[Answer], turns: Sequence[Said], summary: str) -> tuple[Line, ...]:
    """Who it is and what they want; what is open; how the talk stands. At most three lines."""
    lines = (_who(name, answers), _open(answers, summary), _last(turns))
    return tuple(line for line in lines if line)


def _who(name: str, answers: Iterable[Answer]) -> Line:
    known = [answer for answer in answers if answer.text and answer.text != name]
    wants = [
        Part(_clipped(answer.label, LONGEST_VALUE), _clipped(answer.text, LONGEST_VALUE))
        for answer in known[:MOST_ANSWERS]
    ]
    return (Part("", _clipped(name, LONGEST_VALUE) or NOBODY), *(wants or [Part("", NOTHING_KNOWN)]))


def _open(answers: Sequence[Answer], summary: str) -> Line:
    required = [answer for answer in answers if answer.is_required]
    missing = _labels(answer for answer in required if not answer.text)
    conflicting = _labels(answer for answer in answers if answer.is_conflicting)
    parts = [Part(MISSING, missing), Part(CONFLICTING, conflicting)]
    if required and not missing:
        parts[0] = Part("", COMPLETE)
    parts.append(Part(SUMMARY, _clipped(summary, LONGEST_SUMMARY)))
    return tuple(part for part in parts if part.text)


def _labels(answers: Iterable[Answer]) -> str:
    return _clipped(", ".join(answer.label for answer in answers), LONGEST_SUMMARY)


def _last(turns: Sequence[Said]) -> Line:
    return tuple(Part(turn.who, f"“{_clipped(turn.text, LONGEST_TURN)}”") for turn in turns[-2:])


def _clipped(text: str, longest: int) -> str:
    """One line of at most so many characters, cut between words where there is a gap."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    head, gap, _ = line[:longest].rpartition(" ")
    return f"{head if gap else line[:longest]}…"
