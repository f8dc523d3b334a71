"""How much memory a process and its children take."""

from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Memory:
    """Kibibytes of a process tree; `pss` counts shared pages once in total."""

    pid: int
    pss: int
    rss: int


def of_tree(pid: int) -> Memory:
    """Add up a process and its descendants (Linux only)."""
    sums = [of_process(member) for member in tree(pid)]
    return Memory(pid, pss=sum(item.pss for item in sums), rss=sum(item.rss for item in sums))


def of_process(pid: int) -> Memory:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return Memory(pid, 0, 0)
    values = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
    return Memory(pid, pss=values.get("Pss", 0), rss=values.get("Rss", 0))


def tree(pid: int) -> list[int]:
    """Return the process and all its descendants."""
    found = [pid]
    for member in found:
        found.extend(children(member))
    return found


def children(pid: int) -> list[int]:
    threads = PROC.glob(f"{pid}/task/*/children")
    return [int(word) for listing in threads for word in read(listing).split()]


def read(listing: Path) -> str:
    try:
        return listing.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # the process ended meanwhile
