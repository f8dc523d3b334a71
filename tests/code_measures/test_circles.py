"""Circles of imports, between modules and between the children of a package."""

from pathlib import Path

import pytest

from code_measures import circles
from tests.code_measures.conftest import Grow


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, [{"a", "b"}]),
        ({"a": {"a"}}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}}, [{"a", "b", "c"}, {"d", "e"}]),
        ({"a": {"b", "c"}, "b": {"a"}, "c": {"a"}}, [{"a", "b", "c"}]),
    ],
)
def test_only_what_reaches_each_other_is_a_circle(graph: dict[str, set[str]], expected: list[set[str]]) -> None:
    assert circles.strong_components(graph) == expected


def test_folders_may_go_in_a_circle_although_no_modules_do(grow: Grow, tmp_path: Path) -> None:
    code = grow(
        {
            "app/left/one.py": "from app.right import one",
            "app/right/one.py": "",
            "app/right/two.py": "from app.left import two",
            "app/left/two.py": "",
            "app/alone.py": "from app.left import one",
        }
    )

    assert circles.module_circles(code, "app") == []
    assert circles.folder_circles(tmp_path / "app") == [{"left", "right"}]


def test_a_circle_within_one_folder_is_one_of_modules_alone(grow: Grow, tmp_path: Path) -> None:
    code = grow(
        {
            "app/left/one.py": "from app.left import two",
            "app/left/two.py": "from app.left.one import thing",
        }
    )

    assert circles.module_circles(code, "app") == [{"app.left.one", "app.left.two"}]
    assert circles.folder_circles(tmp_path / "app") == []


def test_a_file_beside_the_folders_and_the_package_itself_are_children_too(grow: Grow, tmp_path: Path) -> None:
    grow(
        {
            "app/__init__.py": "from app.file import thing",
            "app/file.py": "from app import thing",
            "app/deep/deeper/one.py": "from app.other import thing",
            "app/other.py": "from app.deep.deeper.one import thing",
        }
    )

    assert circles.folder_circles(tmp_path / "app") == [{"__init__", "file"}, {"deep", "other"}]


def test_other_apps_do_not_close_a_circle(grow: Grow, tmp_path: Path) -> None:
    grow({"app/one.py": "from other import two", "app/two.py": "from app import one", "other/two.py": "import app.two"})

    assert circles.folder_circles(tmp_path / "app") == []
