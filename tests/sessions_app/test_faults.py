"""Crash points: they end the process where they say, once, and are nothing at all when off."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from sessions_app import checks, faults
from sessions_app.faults import Crash, Point

READ_SETTINGS = "from django.conf import settings; settings.DEBUG_FAULTS; print('started')"
REACH = "import django; django.setup(); from sessions_app import faults; print(faults.reach is faults.nothing)"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "DJANGO_SETTINGS_MODULE": "agileadapt.settings", **environment}
    return subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True, check=False)


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: calls.append((pid, number)))
    return calls


def test_a_point_ends_the_process_at_its_nth_reaching(killed: list[tuple[int, int]]) -> None:
    crash = Crash("replied:3")

    for point in (Point.REPLIED, Point.EXECUTED, Point.REPLIED, Point.EXECUTED):
        crash(point)
    assert killed == []
    crash(Point.REPLIED)

    assert killed == [(os.getpid(), signal.SIGKILL)]


def test_an_order_in_a_file_is_counted_by_all_and_fires_once(tmp_path: Path, killed: list[tuple[int, int]]) -> None:
    order = tmp_path / "crash"
    one, other = Crash(f"@{order}"), Crash(f"@{order}")
    one(Point.QUEUED)
    order.write_text("queued:2")

    one(Point.QUEUED)
    assert killed == []
    other(Point.QUEUED)
    assert len(killed) == 1
    one(Point.QUEUED)
    other(Point.QUEUED)

    assert len(killed) == 1


def test_a_point_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="lunch"):
        Crash("lunch")


def test_off_means_a_function_that_does_nothing() -> None:
    assert faults.reach is faults.nothing
    assert python(REACH, CRASH_AT="replied").stdout == "True\n", "an order alone arms nothing"
    assert python(REACH, CRASH_AT="replied", DEBUG_FAULTS="1").stdout == "False\n"


def test_a_server_that_others_use_does_not_start_with_them() -> None:
    refused = python(READ_SETTINGS, DEBUG_FAULTS="1", PUBLIC_URL="https://talk.example")

    assert refused.returncode != 0
    assert "DEBUG_FAULTS ends processes on purpose" in refused.stderr
    assert python(READ_SETTINGS, PUBLIC_URL="https://talk.example").stdout == "started\n"


def test_the_check_before_a_deployment_names_them(settings: object) -> None:
    settings.DEBUG_FAULTS = True  # type: ignore[attr-defined]

    assert "sessions_app.E008" in {message.id for message in checks.nothing_points_at_a_sandbox()}


def test_they_are_off_in_this_run() -> None:
    assert settings.DEBUG_FAULTS is False
