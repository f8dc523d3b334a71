"""Rows of choices in which every two values of two choices stand together at least once. Pure."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

# Beginnings of a row that are compared.
TRIED = 8

Row = dict[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def rows(choices: Mapping[str, Sequence[str]], *, may_be: Callable[[Row], bool] = lambda row: True) -> list[Row]:
    """The first row is the usual one: the first value of each choice. Greedy, and the same at each run."""
    usual = {name: values[0] for name, values in choices.items()}
    left = [pair for pair in pairs(choices) if may_be(dict(pair)) and not _holds(usual, pair)]
    made = [usual]
    while left:
        beginnings = left[:: max(1, len(left) // TRIED)]
        tried = (_row(choices, pair, left, may_be) for pair in beginnings)
        row = max(tried, key=lambda row: _covered(row, left))
        made.append(row)
        left = [pair for pair in left if not _holds(row, pair)]
    return made


def pairs(choices: Mapping[str, Sequence[str]]) -> list[Pair]:
    return [
        ((one, first), (other, second))
        for one, other in combinations(choices, 2)
        for first in choices[one]
        for second in choices[other]
    ]


def _holds(row: Row, pair: Pair) -> bool:
    return all(row.get(name) == value for name, value in pair)


def _row(
    choices: Mapping[str, Sequence[str]], begins: Pair, left: Sequence[Pair], may_be: Callable[[Row], bool]
) -> Row:
    """Begin with a pair that no row holds yet, and give each further choice the value that covers most others."""
    row = dict(begins)
    # Those with many values first: they are the harder to place.
    for name, values in sorted(choices.items(), key=lambda choice: -len(choice[1])):
        if name in row:
            continue
        possible = [value for value in values if may_be({**row, name: value})]
        row[name] = max(possible, key=lambda value: _covered({**row, name: value}, left))
    return {name: row[name] for name in choices}


def _covered(row: Row, left: Sequence[Pair]) -> int:
    return sum(_holds(row, pair) for pair in left)
