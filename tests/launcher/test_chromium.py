"""A Chromium is one that starts."""

from pathlib import Path

import pytest

from launcher import chromium


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_one_named_in_the_environment_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = program(tmp_path / "mine", "echo Chromium 999.0")
    monkeypatch.setenv("CHROMIUM", str(mine))

    assert chromium.find() == mine


def test_a_placeholder_that_only_advertises_a_package_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    program(tmp_path / "chromium", "echo Please install the snap >&2; exit 1")
    real = program(tmp_path / "google-chrome", "echo Google Chrome 999.0")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert chromium.find() == real


def test_without_any_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nonexistent")
    monkeypatch.setattr(chromium, "installers", lambda: [["false"]])

    with pytest.raises(chromium.ChromiumError, match="set CHROMIUM"):
        chromium.ensure()
