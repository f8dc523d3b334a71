"""Checks and tests run by the clock: what must run, what is begun, what is cut, and what counts as proof."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from launcher import ci
from launcher.ci import CUT, Part

MINUTE = 60.0
REPORT = '<testsuites><testsuite tests="{tests}" skipped="0" failures="{failures}" errors="0"/></testsuites>'


@dataclass
class Machine:
    """A clock, and commands that take as long as they are told to."""

    reports: Path
    minutes: dict[str, float]
    codes: dict[str, int] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    now: float = 1000.0
    begun: list[str] = field(default_factory=list)
    given: dict[str, float] = field(default_factory=dict)

    def clock(self) -> float:
        return self.now

    def run(self, command: Sequence[str], seconds: float) -> int:
        (name,) = command
        self.begun.append(name)
        self.given[name] = seconds
        report = REPORT.format(tests=self.tests.get(name, 3), failures=self.failures.get(name, 0))
        (self.reports / f"{name}.xml").write_text(report)
        takes = self.minutes[name] * MINUTE
        self.now += min(takes, seconds)
        return CUT if takes > seconds else self.codes.get(name, 0)


PARTS = (
    Part("test", ("test",), ("test",), minutes=60, is_required=True),
    Part("killed", ("killed",), ("killed",), minutes=10, is_required=True),
    Part("first", ("first",), ("first",), minutes=30),
    Part("second", ("second",), ("second",), minutes=5),
)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(ci, "REPORTS", tmp_path)
    return Machine(tmp_path, {"test": 20, "killed": 3, "first": 8, "second": 2})


def test_everything_runs_in_order_and_is_told_with_its_time(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 0

    assert machine.begun == ["test", "killed", "first", "second"]
    told = capsys.readouterr().out
    assert "test          20:00  passed" in told
    assert "second         2:00  passed" in told
    assert "left out: nothing" in told


def test_no_group_is_begun_when_the_time_for_that_is_over(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.minutes |= {"test": 40, "killed": 3, "first": 13}

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 0

    assert machine.begun == ["test", "killed", "first"]
    assert "left out: second" in capsys.readouterr().out


def test_a_group_that_can_begin_at_the_last_moment_begins(machine: Machine) -> None:
    machine.minutes |= {"test": 40, "killed": 3, "first": 12}

    ci.main(PARTS, run=machine.run, clock=machine.clock)

    assert machine.begun[-1] == "second"


def test_what_must_run_does_so_however_late_it_is(machine: Machine) -> None:
    machine.minutes |= {"test": 59}

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 0

    assert machine.begun == ["test", "killed"]


@pytest.mark.parametrize("name", ["test", "killed"])
def test_nothing_is_begun_after_a_failure_of_what_must_run(machine: Machine, name: str) -> None:
    machine.codes[name] = 2

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 1

    assert machine.begun[-1] == name


def test_a_group_that_fails_fails_everything_and_the_others_still_run(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.codes["first"] = 2

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 1

    assert machine.begun[-1] == "second"
    assert "first          8:00  FAILED: code 2" in capsys.readouterr().out


def test_a_group_that_reaches_its_own_limit_has_failed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.minutes["second"] = 6

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 1

    assert "second         5:00  FAILED: not done within 5 minutes" in capsys.readouterr().out


def test_a_group_that_was_begun_late_is_cut_without_a_failure(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.minutes |= {"test": 52, "killed": 2, "first": 29}

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 0

    assert machine.given["first"] == ci.WHOLE - 54 * MINUTE
    assert "first         24:00  cut: no time was left" in capsys.readouterr().out


@pytest.mark.parametrize(("tests", "failures"), [(0, 0), (3, 1)])
def test_a_cut_group_in_which_nothing_ran_or_something_failed_has_failed(
    machine: Machine, tests: int, failures: int
) -> None:
    machine.minutes |= {"test": 52, "killed": 2, "first": 29}
    machine.tests["first"], machine.failures["first"] = tests, failures

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 1


@pytest.mark.parametrize("name", ["test", "killed", "second"])
def test_a_part_that_ends_well_without_a_test_has_failed(
    machine: Machine, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    machine.tests[name] = 0

    assert ci.main(PARTS, run=machine.run, clock=machine.clock) == 1

    assert "FAILED: its reports prove nothing" in capsys.readouterr().out


def test_whatever_hangs_it_is_over_within_eighty_minutes(machine: Machine) -> None:
    for hanging in [(), ("killed",), ("first", "second"), ("second",)]:
        machine.now, began = 0.0, 0.0
        machine.minutes = {name: (1000 if name in hanging else 54 if name == "test" else 1) for name in machine.minutes}
        ci.main(PARTS, run=machine.run, clock=machine.clock)
        assert machine.now - began + ci.GRACE < 80 * MINUTE


def test_what_must_run_fits_into_the_whole() -> None:
    required = [part for part in ci.PARTS if part.is_required]

    assert [part.name for part in required] == ["test", "killed"]
    assert sum(part.limit for part in required) <= ci.WHOLE
    assert sum(part.limit for part in required[:-1]) + ci.GRACE < ci.WHOLE
    assert [part.name for part in ci.PARTS[:3]] == ["test", "killed", "platform"]


def test_a_group_names_tests_that_exist() -> None:
    named = [word.removeprefix("SLOW=") for part in ci.PARTS for word in part.command if word.startswith("SLOW=")]

    assert len(named) == len(ci.PARTS) - 1
    for path in " ".join(named).split():
        assert (ci.STATE.parent / path).exists(), path


def test_a_command_answers_with_its_own_code() -> None:
    assert ci.run(["sh", "-c", "exit 3"], 60) == 3


def test_a_command_out_of_time_may_still_write_its_report(tmp_path: Path) -> None:
    report = tmp_path / "report"

    assert ci.run(["sh", "-c", 'trap "echo told > $0" INT; sleep 60', str(report)], 2) == CUT
    assert report.read_text() == "told\n"


def test_a_command_that_ignores_its_end_is_killed_and_has_failed() -> None:
    began = time.monotonic()

    assert ci.run(["sh", "-c", 'trap "" INT; sleep 60'], 2, grace=0.5) not in {0, CUT}
    assert time.monotonic() - began < 30
