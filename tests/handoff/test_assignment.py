"""Who is rung, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.assignment import Candidate, Choice, NoChoice, choose

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ALICE = Candidate(1, True, True, False, (), NOW - timedelta(minutes=10))
BEN = Candidate(2, True, True, False, (), NOW - timedelta(seconds=40))


def test_the_one_who_is_idle_for_longest_is_rung() -> None:
    assert choose([BEN, ALICE], tried=(), now=NOW) == Choice(1, "longest idle, 10 min")


def test_the_reason_counts_seconds_below_a_minute() -> None:
    assert choose([BEN], tried=(), now=NOW) == Choice(2, "longest idle, 40 s")


def test_nobody_is_rung_twice() -> None:
    assert choose([ALICE, BEN], tried=[1], now=NOW) == Choice(2, "longest idle, 40 s")
    assert choose([ALICE, BEN], tried=[1, 2], now=NOW) is NoChoice.NOBODY


@pytest.mark.parametrize(
    ("lack", "expected"),
    [
        ({"is_available": False}, NoChoice.NOBODY),
        ({"is_alive": False}, NoChoice.NOBODY),
        ({"is_busy": True}, NoChoice.WAIT),
        ({"missing": ("microphone",)}, NoChoice.WAIT),
    ],
)
def test_who_is_not_ready_is_not_rung(lack: dict[str, object], expected: NoChoice) -> None:
    assert choose([replace(ALICE, **lack)], tried=(), now=NOW) is expected  # type: ignore[arg-type]


def test_two_who_are_idle_equally_long_are_told_apart_by_id() -> None:
    twin = replace(ALICE, closer_id=7)

    assert (
        choose([twin, ALICE], tried=(), now=NOW)
        == choose([ALICE, twin], tried=(), now=NOW)
        == Choice(1, "longest idle, 10 min")
    )


def test_a_closer_without_an_idle_time_comes_last() -> None:
    fresh = replace(ALICE, closer_id=0, idle_since=None)

    assert choose([fresh, BEN], tried=(), now=NOW) == Choice(2, "longest idle, 40 s")


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        closer_id=st.integers(1, 6),
        is_available=st.booleans(),
        is_alive=st.booleans(),
        is_busy=st.booleans(),
        missing=st.sampled_from([(), ("sound",)]),
        idle_since=st.none() | st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 21), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    unique_by=lambda one: one.closer_id,
)


@given(CANDIDATES, st.sets(st.integers(1, 6)))
def test_whoever_is_chosen_is_ready_and_new(candidates: list[Candidate], tried: set[int]) -> None:
    chosen = choose(candidates, tried=tried, now=NOW)

    if isinstance(chosen, Choice):
        (one,) = [one for one in candidates if one.closer_id == chosen.closer_id]
        assert one.is_available
        assert one.is_alive
        assert not one.is_busy
        assert not one.missing
        assert one.closer_id not in tried
