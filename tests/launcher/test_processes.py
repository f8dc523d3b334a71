"""Children are watched, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher import memory, processes
from launcher.processes import Process, ProcessError


def start(tmp_path: Path, program: str) -> Process:
    return processes.start("child", [sys.executable, "-c", program], log=tmp_path / "child.log")


def is_alive(pid: int) -> bool:
    """Say whether the process runs; a zombie waiting for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 10
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline, f"{path.name} was not written"
        time.sleep(0.02)
    return path.read_text()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_waiting_for_a_child_that_dies_reports_its_code_and_last_words(tmp_path: Path) -> None:
    child = start(tmp_path, "import sys; print('no such database'); sys.exit(3)")

    with pytest.raises(ProcessError, match=r"code 3(?s:.*)no such database"):
        child.wait_until(lambda: False, seconds=10)


def test_waiting_for_a_child_that_is_never_ready_ends(tmp_path: Path) -> None:
    child = start(tmp_path, "import time; time.sleep(60)")

    with pytest.raises(ProcessError, match=r"not ready within 0\.2 s"):
        child.wait_until(lambda: False, seconds=0.2)

    child.stop()


def test_a_job_that_fails_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="failed with code 1"):
        start(tmp_path, "raise SystemExit(1)").wait_to_finish(seconds=10)


def test_stopping_asks_first(tmp_path: Path) -> None:
    program = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(7)); print('ready'); time.sleep(60)"
    child = processes.start("child", [sys.executable, "-u", "-c", program], log=tmp_path / "child.log")
    wait_for(tmp_path / "child.log")

    child.stop()

    assert child.popen.returncode == 7


def test_stopping_kills_a_child_that_will_not_listen_and_its_children(tmp_path: Path) -> None:
    program = (
        "import signal, subprocess, time; signal.signal(15, signal.SIG_IGN);"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    child = start(tmp_path, program)
    grandchild = int(wait_for(tmp_path / "child.log"))

    child.stop(seconds=0.2)

    assert child.popen.returncode == -signal.SIGKILL
    wait_until_gone(grandchild)


def test_a_child_goes_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import time; from pathlib import Path; from launcher import processes;"
        f"child = processes.start('sleep', ['sleep', '60'], log=Path({str(tmp_path / 'sleep.log')!r}));"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()

    wait_until_gone(child)


def test_memory_counts_the_whole_tree(tmp_path: Path) -> None:
    child = start(tmp_path, "import subprocess; print('x', flush=True); subprocess.run(['sleep', '60'])")
    wait_for(tmp_path / "child.log")
    alone = memory.of_process(child.pid)
    deadline = time.monotonic() + 10
    while len(memory.tree(child.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)

    together = memory.of_tree(child.pid)
    child.stop()

    assert 0 < alone.rss < together.rss
    assert 0 < together.pss <= together.rss


def test_memory_of_a_process_that_has_gone_is_nothing(tmp_path: Path) -> None:
    child = start(tmp_path, "pass")
    child.wait_to_finish(seconds=10)

    assert memory.of_tree(child.pid) == memory.Memory(child.pid, 0, 0)
    assert child.pid != os.getpid()


def test_several_children_stop_side_by_side(tmp_path: Path) -> None:
    program = "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(1), sys.exit(0))); time.sleep(60)"
    command = [sys.executable, "-c", f"print('up', flush=True); {program}"]
    children = [processes.start(name, command, log=tmp_path / name) for name in ("one", "two", "three")]
    for child in children:
        wait_for(child.log)
    started = time.monotonic()

    processes.stop_all(children)

    assert time.monotonic() - started < 2.5
    assert not any(child.is_running() for child in children)
