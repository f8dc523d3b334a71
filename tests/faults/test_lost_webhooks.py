"""Every webhook is lost for a while, in the middle of calls: each call goes on, and no command is repeated."""

import asyncio
import time
from typing import Any

from tests.faults import invariants
from tests.faults.people import Prospect, until
from tests.faults.world import SEED, World

# Webhooks of the sandbox are sent anew for about this long.
LOST_FOR_SECONDS = 25
CONVERGED_WITHIN_SECONDS = 60


def lose_everything(world: World) -> None:
    world.sandbox.disorder(SEED, lose=1.0)


def reconciled(world: World, prospect: Prospect) -> list[dict[str, Any]]:
    query = "select event_type from sessions_app_webhookdelivery where session_id = %s and door = 'reconciled'"
    return world.rows.execute(query, [prospect.session_id]).fetchall()


def effective(world: World, prospect: Prospect, command: str) -> list[dict[str, Any]]:
    """What the sandbox truly carried out for the prospect's own leg."""
    leg = world.session(prospect)["call_control_id"]
    done = world.sandbox.call("GET", "/control/effective")
    return [one for one in done if one["command"] == command and leg in one["legs"]]


async def test_calls_go_on_although_no_webhook_comes(world: World) -> None:
    closer = await world.closer("alice")
    waiting, leaving = await world.prospect(), await world.prospect()

    lose_everything(world)
    lost_at = time.monotonic()
    coming = asyncio.create_task(world.prospect())
    world.end_assistant(waiting)
    await leaving.hang_up()
    await asyncio.sleep(LOST_FOR_SECONDS)
    world.sandbox.clear_faults()
    restored_at = time.monotonic()

    await world.until_state(waiting, "ringing", "accepted", "connected", seconds=CONVERGED_WITHIN_SECONDS)
    await closer.take_ring()
    await world.until_state(waiting, "connected", seconds=CONVERGED_WITHIN_SECONDS)
    await until("the end of the visit that was left", lambda: world.session(leaving)["ended_at"], seconds=60)
    newcomer = await asyncio.wait_for(coming, 60)
    await until("the newcomer's assistant", lambda: world.session(newcomer)["assistant_started_at"], seconds=60)
    world.note("converged after the loss", time.monotonic() - restored_at)
    world.note("since the loss began", time.monotonic() - lost_at)

    assert time.monotonic() - restored_at < CONVERGED_WITHIN_SECONDS
    for prospect in (waiting, leaving, newcomer):
        assert reconciled(world, prospect), "found by asking"
        assert len(effective(world, prospect, "answer")) == 1
        assert len(effective(world, prospect, "ai_assistant_start")) == 1
        await invariants.hold(world, prospect)
    assert len(effective(world, waiting, "bridge")) == 1


async def test_two_who_talk_are_ended_together_when_the_end_is_lost(world: World) -> None:
    closer = await world.closer("alice")
    prospect = await world.prospect()
    world.end_assistant(prospect)
    await closer.take_ring()
    await world.until_state(prospect, "connected")

    lose_everything(world)
    await prospect.hang_up()
    await world.until_state(prospect, "wrap_up", seconds=CONVERGED_WITHIN_SECONDS)
    world.sandbox.clear_faults()

    assert world.session(prospect)["ended_at"] is not None
    await invariants.hold(world, prospect)
