"""A test report proves something only when tests ran."""

from pathlib import Path

import pytest

from launcher import reports

REPORT = (
    '<testsuites><testsuite tests="{tests}" skipped="{skipped}" failures="{failures}" errors="{errors}"/></testsuites>'
)


@pytest.mark.parametrize(
    ("tests", "skipped", "failures", "errors", "expected"),
    [
        (3, 0, 0, 0, True),
        (3, 2, 0, 0, True),
        (0, 0, 0, 0, False),
        (3, 3, 0, 0, False),
        (3, 0, 1, 0, False),
        (3, 0, 0, 1, False),
    ],
)
def test_only_a_report_of_tests_that_ran_and_passed_is_accepted(
    tmp_path: Path, tests: int, skipped: int, failures: int, errors: int, expected: bool
) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT.format(tests=tests, skipped=skipped, failures=failures, errors=errors))

    assert reports.prove([path]) is expected


def test_a_missing_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not reports.prove([tmp_path / "none.xml"])
    assert "did not run" in capsys.readouterr().err
