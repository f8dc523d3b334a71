"""What was measured on: the size of the machine and how busy it is."""

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

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


def wait_until_quiet(*, busy: float, seconds: float) -> float:
    """Wait until fewer than `busy` cores work, at most for `seconds`; return how many did in the end."""
    deadline = time.monotonic() + seconds
    while (now := busy_cores(POLL_SECONDS)) > busy and time.monotonic() < deadline:
        pass
    return now
