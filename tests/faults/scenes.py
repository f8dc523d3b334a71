"""Where several of these stories begin."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from launcher.processes import Process
from launcher.sandbox_control import Request
from tests.faults.people import PATIENCE, Closer, Prospect, until
from tests.faults.world import World

DIAL = "POST /v2/calls"


@dataclass
class Waiting:
    """A prospect whose assistant has ended, and the closers whom the routing may ring."""

    world: World
    prospect: Prospect
    closers: list[Closer]

    async def ringing(self, *, seconds: float = PATIENCE, besides: Closer | None = None) -> Closer:
        """The closer whose dashboard rings."""
        others = [one for one in self.closers if one is not besides]
        await until("a ring", lambda: [one for one in others if one.ring()], seconds=seconds)
        return next(one for one in others if one.ring())

    async def until_told(self, *, seconds: float) -> None:
        """A promise to call back was made, and the page knows."""
        await self.world.until_state(self.prospect, "unanswered", seconds=seconds)
        assert self.world.session(self.prospect)["callback_due_at"] is not None


async def waiting(world: World, *names: str) -> Waiting:
    closers = [await world.closer(name) for name in names]
    prospect = await world.prospect()
    world.end_assistant(prospect)
    return Waiting(world, prospect, closers)


def dials(world: World) -> list[Request]:
    return [one for one in world.sandbox.requests() if (one["method"], one["path"]) == ("POST", "/v2/calls")]


@contextmanager
def stalled(process: Process) -> Iterator[None]:
    """Connections are taken and stay open, and nothing is answered."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)
