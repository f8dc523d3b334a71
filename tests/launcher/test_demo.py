"""The demo starts again what dies, as long as that may help."""

import time
from collections import deque
from pathlib import Path

from launcher import processes
from launcher.demo import MOST_DEATHS, beyond_help
from launcher.processes import Process


def ended(name: str, folder: Path) -> Process:
    process = processes.start(name, ["true"], log=folder / f"{name}.log")
    process.popen.wait(10)
    return process


def test_a_dead_worker_is_started_again_and_a_dead_database_ends_the_demo(tmp_path: Path) -> None:
    worker, database = ended("worker", tmp_path), ended("postgres", tmp_path)

    assert beyond_help([worker, database], deque()) == [database]


def test_many_deaths_in_a_short_time_end_it(tmp_path: Path) -> None:
    worker, now = ended("worker", tmp_path), time.monotonic()

    assert beyond_help([worker], deque([now] * MOST_DEATHS, MOST_DEATHS)) == [worker]
    assert beyond_help([worker], deque([now - 3600] * MOST_DEATHS, MOST_DEATHS)) == []


def test_a_log_is_kept_over_a_new_start(tmp_path: Path) -> None:
    log = tmp_path / "said.log"
    for word in ("first", "second"):
        process = processes.start("said", ["echo", word], log=log, keep_log=word == "second")
        process.popen.wait(10)

    assert log.read_text() == "first\nsecond\n"
