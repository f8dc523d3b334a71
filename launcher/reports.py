"""Refuse test reports in which nothing ran."""

import sys
from pathlib import Path
from xml.etree import ElementTree


def prove(paths: list[Path]) -> bool:
    """Say whether tests ran and none failed in each of these JUnit reports, and print what is wrong."""
    complaints = [complaint for path in paths if (complaint := complain(path))]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return not complaints


def complain(path: Path) -> str:
    """Return what is wrong with a JUnit report, or nothing."""
    if not path.exists():
        return f"{path} is missing: these tests did not run"
    suites = list(ElementTree.parse(path).getroot().iter("testsuite"))  # noqa: S314 - written by our own pytest run
    ran, skipped, failed = (total(suites, *names) for names in (("tests",), ("skipped",), ("failures", "errors")))
    print(f"{path}: {ran} tests, {skipped} skipped, {failed} failed")
    if failed or ran - skipped <= 0:
        return f"{path}: needs at least one test that ran, and none that failed"
    return ""


def total(suites: list[ElementTree.Element], *names: str) -> int:
    return sum(int(suite.get(name, "0")) for suite in suites for name in names)
