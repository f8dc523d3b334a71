"""A test report proves something only when tests ran."""

from pathlib import Path

import pytest

from launcher import reports

REPORT = (
    '<testsuites><testsuite tests="{tests}" skipped="{skipped}" failures="{failures}" errors="{errors}"/></testsuites>'
)


@pytest.mark.parametrize(
    ("tests", "skipped", "failures", "errors", "code"),
    [(3, 0, 0, 0, 0), (3, 2, 0, 0, 0), (0, 0, 0, 0, 1), (3, 3, 0, 0, 1), (3, 0, 1, 0, 1), (3, 0, 0, 1, 1)],
)
def test_only_a_report_of_tests_that_ran_and_passed_is_accepted(
    tmp_path: Path, tests: int, skipped: int, failures: int, errors: int, code: int
) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT.format(tests=tests, skipped=skipped, failures=failures, errors=errors))

    assert reports.main([str(path)]) == code


def test_a_missing_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reports.main([str(tmp_path / "none.xml")]) == 1
    assert "did not run" in capsys.readouterr().err
