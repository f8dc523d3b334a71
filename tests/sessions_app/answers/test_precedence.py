"""Which value of a field holds: by who said it and when, whatever the order in which we were told."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.answers.precedence import RANK, Standing, settle

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class One:
    source: str
    digest: str
    first_at: datetime
    last_at: datetime
    position: int | None = None
    given_by: str = ""
    length: int = 1

    @property
    def value(self) -> Any:
        return self.digest


def said(source: str, value: str, first: int, last: int | None = None, position: int | None = None) -> One:
    moment = START + timedelta(seconds=first)
    return One(source, value, moment, START + timedelta(seconds=first if last is None else last), position)


def brief(standing: Standing) -> tuple[str | None, list[str], list[str]]:
    current = standing.current.digest if standing.current else None
    return current, [one.digest for one in standing.suggestions], [one.digest for one in standing.earlier]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (None, [], [])),
        ([said("partial", "A", 1), said("partial", "B", 2)], ("B", [], ["A"])),
        ([said("partial", "A", 1, 9), said("partial", "B", 2, 5)], ("A", [], ["B"])),
        ([said("partial", "A", 1), said("final", "B", 2)], ("B", [], ["A"])),
        ([said("final", "A", 1), said("partial", "B", 2)], ("A", ["B"], [])),
        ([said("final", "A", 1), said("insight", "B", 2)], ("A", ["B"], [])),
        ([said("partial", "A", 1), said("insight", "B", 2)], ("B", [], ["A"])),
        ([said("final", "A", 1), said("tool", "B", 2)], ("B", [], ["A"])),
        ([said("tool", "A", 2), said("final", "B", 1)], ("A", [], ["B"])),
        ([said("prospect", "A", 1), said("final", "B", 2), said("tool", "C", 3)], ("A", ["C", "B"], [])),
        ([said("closer", "A", 1), said("prospect", "B", 2)], ("A", ["B"], [])),
        # What the assistant repeats of before the edit is no suggestion, nor is its own end of the gathering.
        ([said("partial", "A", 1, 9), said("closer", "B", 5), said("final", "A", 8)], ("B", [], ["A", "A"])),
        # What was said again by the current source, or confirmed by another, is newer than what differed before.
        ([said("final", "A", 1), said("insight", "B", 2), said("partial", "A", 3)], ("A", [], ["B"])),
        ([said("closer", "A", 1), said("closer", "B", 2)], ("B", [], ["A"])),
    ],
)
def test_the_best_word_holds_and_later_others_stand_beside_it(
    values: list[One], expected: tuple[str | None, list[str], list[str]]
) -> None:
    assert brief(settle(values)) == expected


def test_an_edit_locks_until_it_is_unlocked() -> None:
    values = [said("final", "A", 1), said("closer", "B", 5), said("final", "C", 7)]

    locked = settle(values)
    unlocked = settle(values, unlocked_at=START + timedelta(seconds=6))

    assert (locked.is_locked, brief(locked)) == (True, ("B", ["C"], ["A"]))
    assert (unlocked.is_locked, brief(unlocked)) == (False, ("C", [], ["B", "A"]))


def test_an_unlocked_edit_stays_until_something_new_is_heard() -> None:
    values = [said("final", "A", 1), said("closer", "B", 5), said("partial", "A", 1, 8)]

    standing = settle(values, unlocked_at=START + timedelta(seconds=6))

    assert (standing.is_locked, brief(standing)[0]) == (False, "B")


def test_what_was_dismissed_is_neither_suggested_nor_taken() -> None:
    values = [said("closer", "A", 1), said("partial", "B", 2), said("insight", "B", 3), said("insight", "C", 4)]

    standing = settle(values, dismissed=["B"], unlocked_at=START)

    assert brief(standing) == ("A", ["C"], ["B", "B"])
    assert brief(settle(values, dismissed=["B"], unlocked_at=START + timedelta(seconds=2)))[0] == "C"


def test_a_value_comes_from_the_utterance_after_which_it_was_first_known() -> None:
    values = [
        said("partial", "A", 1, position=3),
        said("final", "A", 9, position=11),
        said("final", "B", 5, position=7),
    ]

    assert settle(values).position == 3


values = st.builds(
    said,
    st.sampled_from([*RANK]),
    st.sampled_from("ABCD"),
    st.integers(0, 6),
    position=st.none() | st.integers(0, 5),
).flatmap(
    lambda one: st.builds(
        replace, st.just(one), last_at=st.just(one.first_at) | st.just(one.first_at + timedelta(seconds=3))
    )
)


@given(st.lists(values, max_size=9), st.randoms(use_true_random=False), st.none() | st.integers(0, 8))
def test_the_order_in_which_we_were_told_changes_nothing(rows: list[One], dice: Any, unlocked: int | None) -> None:
    unlocked_at = None if unlocked is None else START + timedelta(seconds=unlocked)
    shuffled = dice.sample(rows, len(rows))

    one, other = (settle(some, unlocked_at=unlocked_at, dismissed="D") for some in (rows, shuffled))

    told = [(s.is_locked, s.position, *brief(s), s.current and s.current.source) for s in (one, other)]
    assert told[0] == told[1]


@given(st.lists(values, min_size=1, max_size=9))
def test_every_value_is_shown_somewhere(rows: list[One]) -> None:
    current, suggestions, earlier = brief(settle(rows))

    assert {current, *suggestions, *earlier} == {one.digest for one in rows}
