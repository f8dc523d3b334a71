"""Who is rung, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.closers.candidate import Candidate
from handoff.routing.choice import SPOKEN_BEFORE, Choice, NoChoice, Rules, choose, has_anybody

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ALICE = Candidate(1, True, True, False, (), NOW - timedelta(minutes=10))
BEN = Candidate(2, True, True, False, (), NOW - timedelta(seconds=40))
SOLAR = frozenset({"solar"})
USUAL = Rules()
ALL_AT_ONCE = Rules(is_all_at_once=True)
# Everything that keeps somebody from being rung.
LACKS: list[dict[str, Any]] = [
    {"is_available": False},
    {"is_alive": False},
    {"is_busy": True},
    {"missing": ("microphone",)},
    {"has_missed": True},
]


def ids(chosen: list[Choice] | NoChoice) -> list[int]:
    assert isinstance(chosen, list), chosen
    return [choice.closer_id for choice in chosen]


def test_the_one_who_is_idle_for_longest_is_rung() -> None:
    assert choose([BEN, ALICE], rules=USUAL, tried=(), now=NOW) == [Choice(1, "longest idle, 10 min")]


def test_the_reason_counts_seconds_below_a_minute() -> None:
    assert choose([BEN], rules=USUAL, tried=(), now=NOW) == [Choice(2, "longest idle, 40 s")]


def test_nobody_is_rung_twice() -> None:
    assert choose([ALICE, BEN], rules=USUAL, tried=[1], now=NOW) == [Choice(2, "longest idle, 40 s")]
    assert choose([ALICE, BEN], rules=USUAL, tried=[1, 2], now=NOW) is NoChoice.NOBODY


@pytest.mark.parametrize(
    ("lack", "expected"),
    list(zip(LACKS, [NoChoice.NOBODY, NoChoice.NOBODY, NoChoice.WAIT, NoChoice.WAIT, NoChoice.NOBODY], strict=True)),
)
def test_who_is_not_ready_is_not_rung(lack: dict[str, Any], expected: NoChoice) -> None:
    assert choose([replace(ALICE, **lack)], rules=USUAL, tried=(), now=NOW) is expected


def test_two_who_are_idle_equally_long_are_told_apart_by_id() -> None:
    twin = replace(ALICE, closer_id=7)

    one_way = choose([twin, ALICE], rules=USUAL, tried=(), now=NOW)

    assert one_way == choose([ALICE, twin], rules=USUAL, tried=(), now=NOW) == [Choice(1, "longest idle, 10 min")]


def test_a_closer_without_an_idle_time_comes_last() -> None:
    fresh = replace(ALICE, closer_id=0, idle_since=None)

    assert choose([fresh, BEN], rules=USUAL, tried=(), now=NOW) == [Choice(2, "longest idle, 40 s")]


def test_who_spoke_with_the_prospect_before_comes_first() -> None:
    known = replace(BEN, has_spoken=True)

    assert choose([ALICE, known], rules=USUAL, tried=(), now=NOW) == [Choice(2, SPOKEN_BEFORE)]
    assert ids(choose([ALICE, replace(known, is_busy=True)], rules=USUAL, tried=(), now=NOW)) == [1]
    assert ids(choose([ALICE, known], rules=USUAL, tried=[2], now=NOW)) == [1]


def test_all_the_skills_are_needed_and_named() -> None:
    skilled = replace(BEN, skills=frozenset({"solar", "greek", "roofs"}))
    half = replace(ALICE, skills=SOLAR)
    rules = Rules(skills=frozenset({"solar", "greek"}))

    assert choose([half, skilled], rules=rules, tried=(), now=NOW) == [Choice(2, "speaks greek, solar, idle 40 s")]


def test_a_reason_fits_its_column_whatever_the_skills_are_called() -> None:
    names = frozenset(f"{number} {'x' * 37}" for number in range(9))

    (choice,) = choose([replace(ALICE, skills=names)], rules=Rules(skills=names), tried=(), now=NOW)

    assert len(choice.reason) == 120  # type: ignore[union-attr]


def test_somebody_skilled_who_is_busy_is_waited_for_but_nobody_is_not() -> None:
    busy = replace(BEN, skills=SOLAR, is_busy=True)

    assert choose([ALICE, busy], rules=Rules(skills=SOLAR), tried=(), now=NOW) is NoChoice.WAIT
    assert choose([ALICE, BEN], rules=Rules(skills=SOLAR), tried=(), now=NOW) is NoChoice.NOBODY
    assert has_anybody([ALICE, replace(busy, is_alive=False)], SOLAR)
    assert not has_anybody([ALICE, BEN], SOLAR)


def test_everybody_who_is_ready_is_rung_at_once_and_knows_it() -> None:
    away = replace(ALICE, closer_id=3, is_available=False)

    chosen = choose([BEN, away, ALICE], rules=ALL_AT_ONCE, tried=(), now=NOW)

    assert chosen == [Choice(1, "everybody is rung"), Choice(2, "everybody is rung")]
    assert ids(choose([BEN, ALICE], rules=ALL_AT_ONCE, tried=[1], now=NOW)) == [2]


@pytest.mark.parametrize("strategy", [USUAL, ALL_AT_ONCE])
def test_whom_a_supervisor_chose_is_rung_first_even_again_and_without_the_skills(strategy: Rules) -> None:
    rules = replace(strategy, assigned=Choice(2, "assigned by Carol"), skills=SOLAR)
    skilled = replace(ALICE, skills=SOLAR)

    assert choose([skilled, BEN], rules=rules, tried=[2], now=NOW) == [Choice(2, "assigned by Carol")]


@pytest.mark.parametrize("lack", LACKS)
def test_whom_a_supervisor_chose_keeps_nobody_waiting(lack: dict[str, Any]) -> None:
    rules = Rules(assigned=Choice(2, "assigned by Carol"))

    assert ids(choose([ALICE, replace(BEN, **lack)], rules=rules, tried=(), now=NOW)) == [1]


@pytest.mark.parametrize("lack", LACKS)
def test_whom_a_supervisor_chose_is_waited_for_while_nobody_waits(lack: dict[str, Any]) -> None:
    rules = Rules(assigned=Choice(2, "assigned by Carol"), has_time=True)

    assert choose([ALICE, replace(BEN, **lack)], rules=rules, tried=(), now=NOW) is NoChoice.WAIT
    assert choose([ALICE, BEN], rules=rules, tried=(), now=NOW) == [Choice(2, "assigned by Carol")]


@pytest.mark.parametrize("lack", LACKS)
def test_whose_line_broke_is_waited_for(lack: dict[str, Any]) -> None:
    rules = Rules(awaited=Choice(2, "your line broke off"))

    assert choose([ALICE, BEN], rules=rules, tried=(), now=NOW) == [Choice(2, "your line broke off")]
    assert choose([ALICE, replace(BEN, **lack)], rules=rules, tried=(), now=NOW) is NoChoice.WAIT


SKILLS = st.frozensets(st.sampled_from(["solar", "greek"]))
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        closer_id=st.integers(1, 6),
        is_available=st.booleans(),
        is_alive=st.booleans(),
        is_busy=st.booleans(),
        missing=st.sampled_from([(), ("sound",)]),
        idle_since=st.none() | st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 21), timezones=st.just(UTC)),  # noqa: DTZ001
        skills=SKILLS,
        has_missed=st.booleans(),
        has_spoken=st.booleans(),
    ),
    unique_by=lambda one: one.closer_id,
)
WISHES = st.none() | st.builds(Choice, closer_id=st.integers(1, 6), reason=st.just("wished"))
RULES = st.builds(
    Rules, is_all_at_once=st.booleans(), skills=SKILLS, assigned=WISHES, has_time=st.booleans(), awaited=WISHES
)
TRIED = st.sets(st.integers(1, 6))


@given(CANDIDATES, RULES, TRIED)
def test_whoever_is_chosen_is_ready_and_was_not_asked_in_this_wait(
    candidates: list[Candidate], rules: Rules, tried: set[int]
) -> None:
    chosen = choose(candidates, rules=rules, tried=tried, now=NOW)

    for choice in chosen if isinstance(chosen, list) else []:
        (one,) = [one for one in candidates if one.closer_id == choice.closer_id]
        assert (one.is_available, one.is_alive, one.is_busy, one.missing, one.has_missed) == (
            True,
            True,
            False,
            (),
            False,
        )
        assert choice.reason == "wished" or one.closer_id not in tried
        assert choice.reason == "wished" or one.skills >= rules.skills


@given(CANDIDATES, RULES, TRIED, st.randoms(use_true_random=False))
def test_the_order_in_which_rows_are_read_changes_nothing(
    candidates: list[Candidate], rules: Rules, tried: set[int], random: Any
) -> None:
    shuffled = random.sample(candidates, len(candidates))

    assert choose(candidates, rules=rules, tried=tried, now=NOW) == choose(shuffled, rules=rules, tried=tried, now=NOW)


@given(CANDIDATES, RULES, TRIED)
def test_nobody_is_rung_twice_at_once_and_only_all_at_once_rings_several(
    candidates: list[Candidate], rules: Rules, tried: set[int]
) -> None:
    chosen = choose(candidates, rules=rules, tried=tried, now=NOW)

    if isinstance(chosen, list):
        assert len(set(ids(chosen))) == len(chosen) > 0
        assert len(chosen) == 1 or rules.is_all_at_once


@given(CANDIDATES, SKILLS, st.booleans())
def test_asking_one_after_the_other_always_comes_to_an_end(
    candidates: list[Candidate], skills: frozenset[str], is_all_at_once: bool
) -> None:
    rules, tried = Rules(is_all_at_once=is_all_at_once, skills=skills), set[int]()
    for _ in range(len(candidates) + 1):
        chosen = choose(candidates, rules=rules, tried=tried, now=NOW)
        if isinstance(chosen, NoChoice):
            break
        tried |= set(ids(chosen))

    assert isinstance(chosen, NoChoice)
    assert tried == {one.closer_id for one in candidates if one.is_ready and one.skills >= skills}
