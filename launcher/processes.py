"""Start, watch and stop child processes so that none outlives the launcher."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.checkout import ROOT

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02
LOG_TAIL_LINES = 25


class ProcessError(Exception):
    """A child process died or did not become ready; the message carries the end of its log."""


@dataclass(frozen=True)
class Account:
    """Whom a child runs as, when not as ourselves."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Process:
    """A running child, leader of its own process group."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def is_running(self) -> bool:
        return self.popen.poll() is None

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Poll `is_ready`; raise ProcessError when the process ends first or the time is up."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running():
                raise ProcessError(f"{self.name} stopped with code {self.popen.returncode}; {self.log}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name} was not ready within {seconds:g} s; {self.log}:\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def wait_to_finish(self, *, seconds: float) -> None:
        """Wait for a process that ends by itself; raise ProcessError unless it succeeds in time."""
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{self.name} took longer than {seconds:g} s; {self.log}:\n{self.tail()}") from None
        if code:
            raise ProcessError(f"{self.name} failed with code {code}; {self.log}:\n{self.tail()}")

    def ask_to_stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        if self.is_running():
            self.popen.send_signal(with_signal)

    def stop(self, *, with_signal: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
        """Ask the leader to stop, wait, then kill whatever is left of its group."""
        self.ask_to_stop(with_signal)
        self.wait_or_kill(seconds=seconds)

    def wait_or_kill(self, *, seconds: float) -> None:
        if self.is_running():
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not stop within {seconds:g} s and is killed", file=sys.stderr)
        # Usually nothing is left: the leader took its children with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()


def stop_all(running: Sequence[Process], *, seconds: float = 10) -> None:
    """Stop several processes side by side."""
    for process in running:
        process.ask_to_stop()
    for process in running:
        process.wait_or_kill(seconds=seconds)


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    input_text: str = "",
    death_signal: signal.Signals = signal.SIGTERM,
    keep_log: bool = False,
) -> Process:
    """Start a child whose output goes to `log`; on Linux it gets `death_signal` however this process dies."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab" if keep_log else "wb") as output:
        popen = subprocess.Popen(
            command,
            cwd=ROOT if account is None else "/",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal must reach the launcher alone, which then stops its children in order.
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),  # noqa: PLW1509 - no other thread runs while we start children
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    assert popen.stdin is not None  # noqa: S101 - because of PIPE above
    popen.stdin.write(input_text.encode())
    popen.stdin.close()
    return Process(name, popen, log)


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child must call before exec to be tied to this process; the kernel offers that on Linux only."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie
