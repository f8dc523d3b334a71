"""What a dotted name leads to, and who imports whom."""

from pathlib import Path

import pytest

from code_measures import source
from tests.code_measures.conftest import Grow


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("a.plain.act", ("a.plain", "act")),
        ("a.users.act", ("a.plain", "act")),
        ("a.users.renamed", ("a.plain", "act")),
        ("a.users.plain.act", ("a.plain", "act")),
        ("a.users.assigned", ("a.plain", "act")),
        ("a.act", ("a.plain", "act")),
        ("a.plain.Made", ("a.plain", "Made.__init__")),
        ("a.users.Made.build", ("a.plain", "Made.build")),
        ("a.plain._[Answered]", ("a.plain", "_[Answered]")),
        ("a.plain._[Ended]", ("a.plain", "_[Ended]")),
        ("a.plain.inner", None),
        ("a.users.round", None),
        ("os.path.join", None),
    ],
)
def test_a_dotted_name_leads_to_the_function_behind_it(
    grow: Grow, dotted: str, expected: tuple[str, str] | None
) -> None:
    code = grow(
        {
            "a/__init__.py": "from a.plain import act",
            "a/plain.py": """
                class Made:
                    def __init__(self): ...
                    def build(self): ...

                def act():
                    def inner(): ...

                @react.register
                def _(event: events.Answered): ...

                @react.register
                def _(event: events.Ended): ...
            """,
            "a/users.py": """
                from . import plain
                from .plain import Made, act
                from a.plain import act as renamed

                assigned = plain.act
                round = square
                square = round
            """,
        }
    )

    found = code.find(dotted)

    assert (found and (found[0].name, found[1])) == expected


def test_imports_are_found_wherever_they_stand(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                import os
                import b.two
                from typing import TYPE_CHECKING

                if TYPE_CHECKING:
                    from b.deep import three

                def late():
                    from ..a import four
                    from b.deep.five import thing
            """,
            "a/four.py": "from b import thing",
            "b/two.py": "",
            "b/deep/three.py": "from ..two import thing",
            "b/deep/five.py": "from b.deep import five",
        }
    )

    found = {name: targets for name, targets in code.imports().items() if targets}

    assert found == {
        "a.one": {"b.two", "b.deep.three", "a.four", "b.deep.five"},
        "a.four": {"b"},
        "b.deep.three": {"b.two"},
    }


def test_tests_and_migrations_are_left_out(grow: Grow, tmp_path: Path) -> None:
    grow({"a/one.py": "", "a/migrations/0001_initial.py": "", "tests/test_one.py": "", "a/loose/two.py": ""})
    (tmp_path / "notes").mkdir()

    assert source.packages(tmp_path) == ["a"]
    assert set(source.read(tmp_path, ["a"]).modules) == {"a", "a.one", "a.loose", "a.loose.two"}
