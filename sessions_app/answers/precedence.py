"""Which of the values given for a field holds, and which are shown beside it. Pure.

Everything is told by what was said and when it was said; neither the order of arrival nor repetition matters.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

CLOSER = "closer"
# A person knows better than the assistant, and the closer is the last to have asked. What the assistant stated on
# purpose, at the end or through a tool, beats what was concluded afterwards without asking anybody, and both beat what
# was caught while a sentence was still being said.
RANK = {"partial": 0, "insight": 1, "tool": 2, "final": 2, "prospect": 3, CLOSER: 4}
PEOPLE = frozenset({"prospect", CLOSER})
MOST_SUGGESTIONS = 3


class Given(Protocol):
    """One value that one source gave: what it is, when it was first said and when last."""

    @property
    def source(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def first_at(self) -> datetime: ...
    @property
    def last_at(self) -> datetime: ...
    @property
    def position(self) -> int | None: ...
    @property
    def value(self) -> Any: ...
    @property
    def length(self) -> int: ...
    @property
    def given_by(self) -> str: ...


@dataclass(frozen=True)
class Standing:
    """What holds of one field. `suggestions` came later and differ; `earlier` is what else was said, newest first.

    `position` is the utterance after which the value was first known, whoever confirmed it since.
    """

    current: Given | None
    position: int | None
    is_locked: bool
    suggestions: tuple[Given, ...]
    earlier: tuple[Given, ...]


def settle(
    values: Sequence[Given], *, unlocked_at: datetime | None = None, dismissed: Collection[str] = ()
) -> Standing:
    """Weigh all that was said of one field. `dismissed` are digests that a closer does not want to hear again."""
    edit = max((one for one in values if one.source == CLOSER), key=_weight, default=None)
    is_locked = edit is not None and (unlocked_at is None or edit.last_at > unlocked_at)
    heard = [one for one in values if one.source != CLOSER and one.digest not in dismissed]
    current = edit if is_locked else _best(heard, edit) or _heaviest(values)
    fresh = _later_than(current, values, heard)
    suggestions = sorted(fresh, key=_weight, reverse=True)[:MOST_SUGGESTIONS]
    shown = {one.digest for one in (*suggestions, *((current,) if current else ()))}
    rest = (one for one in values if one.digest not in shown)
    told = [
        (one.first_at, one.position)
        for one in values
        if current is not None and one.digest == current.digest and one.position is not None
    ]
    return Standing(
        current=current,
        position=min(told)[1] if told else None,
        is_locked=is_locked,
        suggestions=tuple(suggestions),
        earlier=tuple(sorted(rest, key=_age, reverse=True)),
    )


def _weight(one: Given) -> tuple[int, datetime, str, str, datetime]:
    # The last three only keep two that were said in the same instant from changing places.
    return (RANK[one.source], one.last_at, one.digest, one.source, one.first_at)


def _age(one: Given) -> tuple[datetime, datetime, str, str]:
    return (one.last_at, one.first_at, one.source, one.digest)


def _heaviest(values: Iterable[Given]) -> Given | None:
    return max(values, key=_weight, default=None)


def _best(heard: Sequence[Given], edit: Given | None) -> Given | None:
    """An edit that is no longer locked gives way to what was heard for the first time after it, to nothing else."""
    if edit is None:
        return _heaviest(heard)
    return _heaviest(_new_since(edit.last_at, heard)) or edit


def _later_than(current: Given | None, values: Sequence[Given], heard: Sequence[Given]) -> list[Given]:
    """Other values that nobody had said when the current one was said last; one row for each value."""
    if current is None:
        return []
    said = [one.last_at for one in values if one.digest == current.digest]
    since = current.last_at if current.source == CLOSER else max(said)
    others = [one for one in heard if one.digest != current.digest]
    by_value: dict[str, Given] = {}
    for one in sorted(_new_since(since, others), key=_weight):
        by_value[one.digest] = one
    return list(by_value.values())


def _new_since(moment: datetime, heard: Sequence[Given]) -> list[Given]:
    first: dict[str, datetime] = {}
    for one in heard:
        first[one.digest] = min(one.first_at, first.get(one.digest, one.first_at))
    return [one for one in heard if first[one.digest] > moment]
