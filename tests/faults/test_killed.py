"""Processes die with kill -9 at every step of a hand-over: it goes on, once, and soon."""

import os
import random

import pytest

from sessions_app.faults import Point
from tests.faults import invariants
from tests.faults.people import NotInTime, until
from tests.faults.world import SEED, World

# How often each point is reached in one hand-over at least, over all processes.
REACHED = {
    Point.DELIVERY_STORED: 12,
    Point.COMMITTED: 7,
    Point.QUEUED: 7,
    Point.BEFORE_REQUEST: 7,
    Point.EXECUTED: 7,
    Point.REPLIED: 7,
    Point.BEFORE_ENTRY: 20,
    Point.BEFORE_PUSH: 20,
}
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))


def numbers(point: Point) -> list[int]:
    """Which reaching of the point is the last thing its process does; other seeds, other moments."""
    chosen = random.Random(f"{SEED} {point}")
    return [chosen.randint(1, REACHED[point]) for _ in range(ROUNDS)]


@pytest.mark.parametrize(("point", "number"), [(point, number) for point in Point for number in numbers(point)])
async def test_a_hand_over_survives_a_death(world: World, point: Point, number: int) -> None:
    alice = await world.closer("alice")
    world.crash_at(point, number)
    prospect = await world.prospect()
    try:
        world.end_assistant(prospect)
        handoff = await alice.take_ring()
        connected = (await world.until_state(prospect, "connected"))["connected_at"].timestamp()
        assert (await alice.hang_up(handoff))[0] == 200
        await world.until_state(prospect, "wrap_up")
        assert (await alice.complete(handoff))[0] == 200
        await world.until_state(prospect, "completed")
        await until("the lines' end", lambda: not world.sandbox.legs(state="bridged"))
        for death in world.deaths:
            if death.at < connected:
                world.note(f"{point} {number} {death.name} died", connected - death.at)
        await invariants.hold(world, prospect)
    except NotInTime as error:
        raise AssertionError(f"{error}\n{invariants.story(world, prospect)}") from error
