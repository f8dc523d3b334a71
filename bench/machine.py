"""What was measured on: the size of the machine and how busy it is."""

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from launcher import memory

PROC = Path("/proc")
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Machine:
    cores: int
    memory_gib: float
    model: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def describe() -> Machine:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(len(os.sched_getaffinity(0)), round(pages / 2**30, 1), model())


def model() -> str:
    lines = (PROC / "cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def busy_cores(seconds: float = 1.0) -> float:
    """How many cores are busy on average from now for `seconds`, whoever keeps them busy."""
    before, started = busy_ticks(), time.monotonic()
    time.sleep(seconds)
    ticks = busy_ticks() - before
    return ticks / os.sysconf("SC_CLK_TCK") / (time.monotonic() - started)


def busy_ticks() -> int:
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, total_line().split()[1:9])
    return user + nice + system + irq + softirq + steal


def total_line() -> str:
    return (PROC / "stat").read_text().splitlines()[0]


class Neighbours:
    """How many cores were busy on average with something that this process did not start, since it was made."""

    def __init__(self) -> None:
        self.started, self.all, self.own = time.monotonic(), busy_ticks(), own_ticks()

    def cores(self) -> float:
        foreign = (busy_ticks() - self.all) - (own_ticks() - self.own)
        return max(0.0, foreign / os.sysconf("SC_CLK_TCK") / (time.monotonic() - self.started))


def own_ticks() -> int:
    """Of this process, its descendants, and those of them that have ended."""
    return sum(map(ticks_of, memory.tree(os.getpid())))


def ticks_of(pid: int) -> int:
    try:
        after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, after_name[11:15]))


def wait_until_quiet(*, busy: float, seconds: float) -> float:
    """Wait until fewer than `busy` cores work, at most for `seconds`; return how many did in the end."""
    deadline = time.monotonic() + seconds
    while (now := busy_cores(POLL_SECONDS)) > busy and time.monotonic() < deadline:
        pass
    return now
