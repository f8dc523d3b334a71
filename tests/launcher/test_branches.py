"""The summary of branches counts by app and names what no test takes where it matters most."""

from typing import Any

import pytest

from launcher import branches
from launcher.checkout import ROOT


def of(taken: int, all_of_them: int, missing: list[list[int]]) -> dict[str, Any]:
    return {"summary": {"covered_branches": taken, "num_branches": all_of_them}, "missing_branches": missing}


def test_branches_are_counted_by_app() -> None:
    files = {
        "dashboard/a.py": of(3, 4, [[7, 9]]),
        "dashboard/live/b.py": of(3, 4, [[1, 2]]),
        "sandbox/c.py": of(0, 0, []),
    }

    told = list(branches.summary(files))

    assert told[1:3] == ["  dashboard         75.0 %      6 of 8", "  sandbox              – %      0 of 0"]


def test_each_line_with_a_branch_left_out_is_named_once() -> None:
    told = list(branches.summary({"handoff/machine.py": of(3, 6, [[20, 21], [9, -3], [20, 24]])}))

    assert told[-1] == "  handoff/machine.py: 9, 20"


@pytest.mark.parametrize(
    ("name", "is_watched"),
    [
        ("handoff/callbacks/slots.py", True),
        ("telephony/parsing.py", True),
        ("sessions_app/intake.py", True),
        ("sessions_app/inbox/binding.py", True),
        ("sessions_app/search.py", False),
        ("dashboard/fold.py", False),
    ],
)
def test_only_some_files_are_listed(name: str, is_watched: bool) -> None:
    assert branches.is_watched(name) is is_watched


def test_what_is_watched_is_there() -> None:
    for app in branches.WATCHED:
        assert (ROOT / app).is_dir()
    for module in branches.INTAKE:
        assert list((ROOT / "sessions_app").rglob(f"{module}.py"))
