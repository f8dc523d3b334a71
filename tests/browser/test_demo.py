"""`make demo` starts everything, and leaves nothing behind however it ends."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from launcher import memory
from launcher.checkout import ROOT

START_SECONDS = 90
Demo = Callable[[], "tuple[subprocess.Popen[str], str]"]


@pytest.fixture
def start_demo() -> Iterator[Demo]:
    """Start a demo, return its process and what it printed once it was up."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        unset = {"DATABASE_URL", "REDIS_URL", "REDIS_PREFIX"}
        environment = {name: value for name, value in os.environ.items() if name not in unset}
        command = [sys.executable, "-m", "launcher.demo", "trial-demo"]
        demo = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        started.append(demo)
        return demo, read_until(demo, "Ctrl-C stops everything.")

    yield start
    for demo in started:
        demo.terminate()
        demo.wait()


def read_until(demo: subprocess.Popen[str], last: str) -> str:
    assert demo.stdout
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line)
        if last in line:
            return "".join(lines)
    raise AssertionError(f"the demo ended: {''.join(lines)}")


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while left := [pid for pid in pids if memory.of_process(pid).rss]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.1)


def test_it_names_pages_that_answer_and_stops_when_asked(start_demo: Demo) -> None:
    demo, welcome = start_demo()
    prospect = re.search(r"http://\S+/w/demo/", welcome)
    assert prospect
    with urllib.request.urlopen(prospect[0], timeout=10) as answer:
        assert answer.status == 200
    assert "alice" in welcome
    children = memory.tree(demo.pid)[1:]

    demo.send_signal(signal.SIGINT)

    assert demo.wait(30) == 0
    wait_until_gone(children)


def test_it_leaves_nothing_behind_when_killed_and_starts_again(start_demo: Demo) -> None:
    demo, _ = start_demo()
    children = memory.tree(demo.pid)[1:]
    assert len(children) > 5

    demo.kill()
    demo.wait()

    wait_until_gone(children)
    _, welcome = start_demo()
    assert "/w/demo/" in welcome
