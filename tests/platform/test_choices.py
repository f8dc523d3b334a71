"""Every story, under rows of the platform's choices in which each two values meet at least once."""

import pytest

from sandbox.model.platform import CHOICES
from tests.faults.world import World
from tests.platform import pairwise
from tests.platform.pairwise import Row
from tests.platform.stories import STORIES


def leaves_a_proof(row: Row) -> bool:
    """Where neither the credential nor our ticket is told, nothing in the world says whose call it is."""
    return not (row.get("parked_from") == "number" and row.get("custom_headers") == "withheld")


ROWS = pairwise.rows(CHOICES, may_be=leaves_a_proof)


def named(row: Row) -> str:
    """What differs from the usual."""
    return ",".join(f"{name}={value}" for name, value in row.items() if value != CHOICES[name][0]) or "usual"


def test_each_two_values_meet() -> None:
    wanted = {pair for pair in pairwise.pairs(CHOICES) if leaves_a_proof(dict(pair))}

    assert {pair for pair in wanted if not any(dict(pair).items() <= row.items() for row in ROWS)} == set()
    assert all(leaves_a_proof(row) for row in ROWS)
    assert ROWS[0] == {name: values[0] for name, values in CHOICES.items()}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("row", ROWS, ids=[f"row{number:02}" for number in range(len(ROWS))])
async def test_the_story_ends_as_it_should(world: World, row: Row, story: str) -> None:
    world.sandbox.platform(**row)
    try:
        await STORIES[story](world)
    except AssertionError as error:
        error.add_note(f"under {named(row)}")
        raise
