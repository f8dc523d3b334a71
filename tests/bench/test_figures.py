"""Percentiles are values that did occur, by nearest rank."""

import pytest

from bench.figures import Summary, difference_ms, nearest_rank


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1.0), (1, 1.0), (50, 50.0), (50.5, 51.0), (95, 95.0), (99, 99.0), (100, 100.0)]
)
def test_of_a_hundred_values_it_is_the_one_of_that_rank(percent: float, expected: float) -> None:
    assert nearest_rank([float(number) for number in range(1, 101)], percent) == expected


@pytest.mark.parametrize("percent", [1, 50, 95, 99, 100])
def test_of_one_value_it_is_that_value(percent: float) -> None:
    assert nearest_rank([7.0], percent) == 7.0


def test_a_summary_sorts_what_it_is_given() -> None:
    summary = Summary.of([30.0, 10.0, 20.0])

    assert summary == Summary(count=3, least=10.0, p50=20.0, p95=30.0, p99=30.0, most=30.0)


def test_with_twenty_values_the_95th_percentile_leaves_out_one() -> None:
    summary = Summary.of([float(number) for number in range(1, 21)])

    assert summary is not None
    assert (summary.p95, summary.p99) == (19.0, 20.0)


def test_without_values_there_is_no_summary() -> None:
    assert Summary.of([]) is None


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [(10.0, 10.25, 250.0), (10.25, 10.0, -250.0), (None, 1.0, None), (1.0, None, None), (0.0, 0.5, 500.0)],
)
def test_a_difference_needs_both_moments(earlier: float | None, later: float | None, expected: float | None) -> None:
    assert difference_ms(earlier, later) == expected
