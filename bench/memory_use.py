"""What every process of the product takes, one by one."""

import os
from dataclasses import dataclass

from launcher import memory
from launcher.memory import Memory
from launcher.stack import Stack

# The bench drives the processes as the launcher does in `make demo`; it is the larger of the two.
OWN = "bench (in the launcher's place)"


@dataclass(frozen=True)
class Part:
    """Mebibytes; `pss` shares out common pages, `rss` counts them in each process."""

    name: str
    pss: float
    rss: float


def measure(stack: Stack, own: Memory) -> list[Part]:
    trees = {**stack.processes, OWN: own}
    return [Part(name, use.pss / 1024, use.rss / 1024) for name, use in trees.items()]


def own() -> Memory:
    """This process alone, without the browsers that it starts."""
    return memory.of_process(os.getpid())


def sum_of(parts: list[Part]) -> Part:
    return Part("all", sum(part.pss for part in parts), sum(part.rss for part in parts))
