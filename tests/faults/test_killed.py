"""Processes die with kill -9 at every step of a hand-over: it goes on, once, and soon."""

import os
import random
import signal
from collections.abc import Sequence

import pytest

from sessions_app.faults import Point
from tests.faults import invariants
from tests.faults.people import NotInTime, until
from tests.faults.world import SEED, Death, World

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


def one_died_there(*, ahead: str, deaths: Sequence[Death]) -> None:
    """Assert that the story had its death, or it proves nothing: somebody reached the point and was killed by it."""
    assert not ahead, f"nobody has reached it: {ahead} is still ahead"
    assert [death.code for death in deaths] == [-signal.SIGKILL], f"one was to be killed, and these ended: {deaths}"


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
        # The last reaching of a point may be just now, and a death is noticed a moment later.
        await until("a death", lambda: world.crash_ahead() or world.deaths)
        one_died_there(ahead=world.crash_ahead(), deaths=world.deaths)
    except NotInTime as error:
        raise AssertionError(f"{error}\n{invariants.story(world, prospect)}") from error


KILLED = Death("web", 1.0, -signal.SIGKILL)


def test_a_death_at_the_point_is_accepted() -> None:
    one_died_there(ahead="", deaths=[KILLED])


@pytest.mark.parametrize(
    ("ahead", "deaths"),
    [
        ("queued:2", []),
        ("queued:2", [KILLED]),
        ("", []),
        ("", [Death("web", 1.0, 0)]),
        ("", [Death("web", 1.0, -signal.SIGTERM)]),
        ("", [KILLED, Death("worker", 2.0, 1)]),
    ],
)
def test_a_story_without_just_that_death_is_refused(ahead: str, deaths: list[Death]) -> None:
    with pytest.raises(AssertionError, match=r"nobody has reached it|one was to be killed"):
        one_died_there(ahead=ahead, deaths=deaths)
