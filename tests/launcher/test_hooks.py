"""The hooks before a commit check what `make lint` checks, with the same programs and options."""

import subprocess

import yaml

from launcher.checkout import ROOT


def test_hooks_and_make_run_the_same_checks() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = [hook["entry"] for hook in hooks]

    checks = [check.removesuffix(" .").removesuffix(" templates") for check in lint_commands()]

    assert len(entries) == len(checks)
    for entry, check in zip(entries, checks, strict=True):
        assert entry.startswith(check)


def lint_commands() -> list[str]:
    """What `make lint` would run, without the set-up before it."""
    printed = subprocess.run(["make", "--dry-run", "lint"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line for line in printed.splitlines() if line.startswith(".venv/bin/")]
