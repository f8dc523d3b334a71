"""pytest plugin: tell at the end in which test files the time went."""

from collections import defaultdict
from collections.abc import Iterable

import pytest

MOST_FILES = 15


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    times = per_file(report for report in reports if isinstance(report, pytest.TestReport))
    if len(times) > 1:
        terminalreporter.section(f"slowest of {len(times)} test files: seconds, with set-up and end, on all workers")
        for path, seconds in times[:MOST_FILES]:
            terminalreporter.write_line(f"{seconds:8.1f}  {path}")


def per_file(reports: Iterable[pytest.TestReport]) -> list[tuple[str, float]]:
    """The seconds of each file, the slowest first; what several share counts for the one that asks for it first."""
    times: dict[str, float] = defaultdict(float)
    for report in reports:
        times[report.nodeid.partition("::")[0]] += report.duration
    return sorted(times.items(), key=lambda one: -one[1])
