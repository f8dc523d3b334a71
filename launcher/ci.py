"""Run every check and test by the clock: `python3 -m launcher.ci`, as `.ci/run` does.

First what must run, then groups of slow tests in a fixed order, as long as there is time to begin one. What was
begun must succeed, and its reports must prove that tests ran.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launcher import reports
from launcher.checkout import STATE

REPORTS = STATE / "reports"
BEGIN_NO_GROUP_AFTER = 55 * 60
# With GRACE, before the 80 minutes that are all there is.
WHOLE = 78 * 60
# For tests that are interrupted to write their report and to stop their processes.
GRACE = 60
# What `timeout` answers for a command that ended when it was told to.
CUT = 124


@dataclass(frozen=True)
class Part:
    """`minutes` are several times what it takes on a busy machine: who takes longer hangs, and has failed."""

    name: str
    command: Sequence[str]
    reports: Sequence[str]
    minutes: int
    is_required: bool = False

    @property
    def limit(self) -> int:
        return self.minutes * 60


@dataclass(frozen=True)
class Result:
    part: Part
    seconds: float
    outcome: str
    is_good: bool


def slow(name: str, tests: str, *, minutes: int, is_required: bool = False) -> Part:
    return Part(name, ("make", "slow", f"SLOW={tests}", f"REPORT={name}"), (name,), minutes, is_required)


# By worth and by time: all processes under every choice of the platform, then what replays recordings. The limits leave
# a busy machine several times what each takes there.
PARTS = (
    Part("test", ("make", "test"), ("unit", "browser"), minutes=66, is_required=True),
    slow("killed", "tests/faults/test_killed.py", minutes=12, is_required=True),
    slow("platform", "tests/platform", minutes=45),
    slow("schema", "tests/schema", minutes=15),
    slow("replay", "tests/recordings/test_replay.py", minutes=20),
)

Run = Callable[[Sequence[str], float], int]


def run(command: Sequence[str], seconds: float, *, grace: float = GRACE) -> int:
    """Run a command; when the time is up it is interrupted, and killed if that does not end it."""
    limits = (f"--kill-after={grace}", f"{seconds:.3f}")
    return subprocess.run(["timeout", "--signal=INT", *limits, *command], check=False).returncode


def main(parts: Sequence[Part] = PARTS, *, run: Run = run, clock: Callable[[], float] = time.monotonic) -> int:
    began = clock()
    results: list[Result] = []
    for part in parts:
        elapsed = clock() - began
        if part.is_required or elapsed <= BEGIN_NO_GROUP_AFTER:
            results.append(attempt(part, left=WHOLE - elapsed, run=run, clock=clock))
            if part.is_required and not results[-1].is_good:
                break
    tell(results, left_out=[part.name for part in parts if part not in [result.part for result in results]])
    return 0 if all(result.is_good for result in results) else 1


def attempt(part: Part, *, left: float, run: Run, clock: Callable[[], float]) -> Result:
    """Run one part, and have its reports prove that it ran.

    A group that still runs when the whole is out of time was begun late, or the machine is slow: that is no failure as
    long as something ran and all of it passed. One that reaches its own limit hangs.
    """
    began = clock()
    code = run(part.command, min(part.limit, left))
    is_proven = reports.prove([REPORTS / f"{name}.xml" for name in part.reports])
    if code == CUT and left < part.limit:
        outcome, ended_well = "cut: no time was left", True
    elif code == CUT:
        outcome, ended_well = f"FAILED: not done within {part.minutes} minutes", False
    else:
        outcome, ended_well = ("passed", True) if code == 0 else (f"FAILED: code {code}", False)
    if ended_well and not is_proven:
        outcome = "FAILED: its reports prove nothing"
    return Result(part, clock() - began, outcome, ended_well and is_proven)


def tell(results: Sequence[Result], *, left_out: Sequence[str]) -> None:
    print()
    for result in results:
        minutes, seconds = divmod(round(result.seconds), 60)
        print(f"{result.part.name:12} {minutes:3}:{seconds:02}  {result.outcome}")
    print(f"left out: {', '.join(left_out) or 'nothing'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
