"""The program itself: it says when it is ready, needs its settings, and stops when told."""

import base64
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.sandbox.stage import API_KEY, CONTROL_TOKEN, SEED

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")},
    "SANDBOX_PORT": "0",
    "SANDBOX_API_KEY": API_KEY,
    "SANDBOX_CONTROL_TOKEN": CONTROL_TOKEN,
    "SANDBOX_SIGNING_KEY": base64.b64encode(SEED).decode(),
    "SANDBOX_WEBHOOK_BASE": "http://127.0.0.1:1/webhooks/telnyx",
}


def start(environment: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "sandbox"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_stops_within_two_seconds(number: signal.Signals) -> None:
    with start(ENVIRONMENT) as process:
        assert process.stdout
        ready = process.stdout.readline()
        told = time.monotonic()
        process.send_signal(number)
        process.wait(10)

    assert re.fullmatch(r"sandbox ready on http://127\.0\.0\.1:[1-9]\d+\n", ready)
    assert (process.returncode, time.monotonic() - told < 2) == (0, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_API_KEY", ""),
        ("SANDBOX_CONTROL_TOKEN", ""),
        ("SANDBOX_WEBHOOK_BASE", ""),
        ("SANDBOX_SIGNING_KEY", "short"),
        ("SANDBOX_SIGNING_KEY", base64.b64encode(b"short").decode()),
        ("SANDBOX_PORT", "https"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(name: str, value: str) -> None:
    with start({**ENVIRONMENT, name: value}) as process:
        _, errors = process.communicate(timeout=20)

    assert process.returncode == 2
    assert name in errors
