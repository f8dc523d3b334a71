"""The browser's pure modules, each under node's own test runner."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")
TESTS = sorted(HERE.glob("*.test.ts"))
PASSED = re.compile(r"^# pass (\d+)$", re.MULTILINE)


@pytest.mark.parametrize("source", TESTS, ids=lambda source: source.name)
def test_the_module_does_what_its_table_says(source: Path, tmp_path: Path) -> None:
    run = subprocess.run([NODE, HERE / "run.mjs", source, tmp_path], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    passed = PASSED.search(run.stdout)
    assert passed, run.stdout
    assert int(passed.group(1)) > 0
