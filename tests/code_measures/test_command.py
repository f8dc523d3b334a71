"""The command prints everything, as tables or as JSON, and fails loudly."""

import json
from pathlib import Path

import pytest

from code_measures import flows
from code_measures.__main__ import main
from tests.code_measures.conftest import Grow

TREE = {
    "app/one.py": """\
        from other import act
        from app import two

        def begin():
            act()
            _once()

        def _once(): ...
    """,
    "app/two.py": "from app import one\n",
    "other/__init__.py": "def act(): ...\n",
}


@pytest.fixture
def tree(grow: Grow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    grow(TREE)
    monkeypatch.setattr(flows, "FLOWS", {"a flow": ["app.one.begin"]})
    return tmp_path


def test_json_holds_every_figure(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--root", str(tree)]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "sizes": {
            "modules": 4,
            "functions": 3,
            "p50_lines": 1,
            "p90_lines": 3,
            "p99_lines": 3,
            "private_used_once": 1,
            "share_used_once": 0.3333,
            "long_modules": {},
        },
        "apps": {
            "app": {
                "modules": 3,
                "lines": 9,
                "module_circles": [["app.one", "app.two"]],
                "folder_circles": [["one", "two"]],
            },
            "other": {"modules": 1, "lines": 1, "module_circles": [], "folder_circles": []},
        },
        "flows": {"a flow": {"crossings": 1, "returns": 0, "detours": 0, "files": ["app.one", "other"]}},
        "together": {"crossings": 1, "returns": 0, "detours": 0},
    }


def test_tables_are_for_reading(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tree)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "| 4 | 3 | 1 | 3 | 3 | 1 (33.3%) |" in lines
    assert "| none |  |" in lines
    assert "| app | 3 | 9 | 2: app.one app.two | 2: one two |" in lines
    assert "| a flow | 1 | 0 | 0 | 2 |" in lines
    assert "| together | 1 | 0 | 0 |  |" in lines


def test_a_missing_entry_point_prints_no_figures_and_fails(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "FLOWS", {"a flow": ["app.one.moved"]})

    assert main(["--root", str(tree)]) == 1

    told = capsys.readouterr()
    assert told.out == ""
    assert "app.one.moved (a flow)" in told.err
    assert "code_measures/flows.py" in told.err
