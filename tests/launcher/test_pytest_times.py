"""A run tells in which files its time went."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from launcher import pytest_times
from launcher.checkout import ROOT


def report(nodeid: str, when: Literal["setup", "call", "teardown"], duration: float) -> pytest.TestReport:
    return pytest.TestReport(nodeid, ("", 0, ""), {}, "passed", None, when, duration=duration)


def test_all_that_a_file_took_is_added_up_and_the_slowest_comes_first() -> None:
    reports = [
        report("tests/test_quick.py::test_one", "call", 3.0),
        report("tests/test_slow.py::test_one", "setup", 2.0),
        report("tests/test_slow.py::test_one[a::b]", "call", 1.0),
        report("tests/test_slow.py::TestIt::test_two", "teardown", 0.5),
    ]

    assert pytest_times.per_file(reports) == [("tests/test_slow.py", 3.5), ("tests/test_quick.py", 3.0)]


def test_a_run_of_many_files_names_fifteen_although_workers_ran_them(tmp_path: Path) -> None:
    for number in range(17):
        pause = "import time; time.sleep(0.3)" if number == 11 else "pass"
        (tmp_path / f"test_{number:02}.py").write_text(f"def test_it():\n    {pause}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    plugins = ["-p", "launcher.pytest_times", "-p", "no:django"]
    command = [sys.executable, "-m", "pytest", *plugins, "-n", "1", "--rootdir", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    _, _, told = ran.stdout.partition("slowest of 17 test files")
    named = [line.split()[1] for line in told.splitlines() if "test_" in line and ".py" in line]
    assert named[0] == "test_11.py"
    assert len(named) == pytest_times.MOST_FILES
