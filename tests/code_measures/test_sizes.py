"""Lengths and helpers that are used once."""

import pytest

from code_measures import sizes
from tests.code_measures.conftest import Grow


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(50, 5), (90, 9), (99, 10), (1, 1), (100, 10)],
)
def test_a_percentile_is_the_nearest_rank(percent: int, expected: int) -> None:
    assert sizes.percentile(list(range(1, 11)), percent) == expected


def test_nothing_has_no_length() -> None:
    assert sizes.percentile([], 50) == 0


def test_functions_are_measured_from_their_decorators_and_with_what_stands_in_them(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": '''
                @first
                @second(1,
                        2)
                def decorated():
                    """Act."""
                    return 1

                class Kept:
                    def short(self): ...

                async def outer():
                    def inner():
                        return 1
                    return inner
            '''
        }
    )

    lengths = {name: sizes.length(node) for name, node in code.modules["a.one"].functions}

    assert lengths == {"decorated": 6, "Kept.short": 1, "outer": 4}


def test_private_helpers_used_once_are_named(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                def public(value):
                    _twice()
                    return _once(_twice())

                def _once(): ...
                def _twice(): ...
                def _in_a_table(): ...
                def _never(): ...

                def _of_a_row(): ...
                def _in_a_list(): ...
                def _called_in_a_list(): ...
                def _handed_over(): ...

                TABLE = {"key": _in_a_table, "row": Row(_of_a_row)}
                LIST = [_in_a_list, _called_in_a_list()]
                NEWEST = sorted(LIST, key=_handed_over)

                class Kept:
                    def __init__(self):
                        self._method()

                    def _method(self): ...

                @public.register
                def _(event: Event): ...
            """
        }
    )

    assert sizes.used_once(code.modules["a.one"]) == ["_once", "_called_in_a_list", "_handed_over", "Kept._method"]


def test_two_functions_of_one_name_are_both_counted(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                class Kept:
                    @property
                    def value(self): ...

                    @value.setter
                    def value(self, new): ...
            """
        }
    )

    assert sizes.measure(code).functions == 2


def test_modules_over_the_limit_are_named_with_the_longest_first(grow: Grow) -> None:
    code = grow(
        {
            "a/just.py": "x = 1\n" * sizes.LONG_MODULE_LINES,
            "a/over.py": "x = 1\n" * (sizes.LONG_MODULE_LINES + 1),
            "b/far.py": "x = 1\n" * 500,
        }
    )

    found = sizes.measure(code)

    assert list(found.long_modules.items()) == [("b.far", 500), ("a.over", 401)]
    assert found.modules == 5
