"""Telnyx refuses, is slow, or never answers: nobody waits for ever, nothing happens twice, other calls go on."""

import time

import pytest

from launcher.sandbox_control import Request
from tests.faults import invariants
from tests.faults.people import Prospect, until
from tests.faults.scenes import DIAL, dials, waiting
from tests.faults.world import World


def seconds_between(first: Request, second: Request) -> float:
    return invariants.moment(second["at"]) - invariants.moment(first["at"])


def longest_delay(world: World, prospect: Prospect, kind: str) -> float:
    """From the wish to the request, in seconds."""
    rows = world.commands(prospect, kind)
    return float(max((row["sent_at"] - row["created_at"]).total_seconds() for row in rows))


def asked(world: World, commands: list[str]) -> set[str]:
    """Those that have reached Telnyx."""
    return {str(one["command_id"]) for one in world.sandbox.requests()} & set(commands)


async def test_three_server_errors_are_repeated_under_one_id_and_the_call_is_connected(world: World) -> None:
    scene = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "status", "status": 500, "times": 3})
    started = time.monotonic()

    await scene.closers[0].take_ring()
    await world.until_state(scene.prospect, "connected", seconds=15)

    assert [one["status"] for one in dials(world)] == [500, 500, 500, 200]
    assert len({one["command_id"] for one in dials(world)}) == 1
    assert time.monotonic() - started < 15
    await invariants.hold(world, scene.prospect)


async def test_a_pause_longer_than_the_closer_is_waited_for_means_somebody_else_at_once(world: World) -> None:
    scene = await waiting(world, "alice", "bob")
    world.sandbox.faults({"match": DIAL, "mode": "status", "status": 429, "seconds": 20, "times": 1})
    first = await scene.ringing()

    await first.accept(await first.rung())
    second = await scene.ringing(besides=first, seconds=10)
    await second.take_ring()

    await world.until_state(scene.prospect, "connected")
    assert [one["status"] for one in dials(world)] == [429, 200]
    await invariants.hold(world, scene.prospect)


async def test_a_short_pause_is_kept_and_nothing_is_asked_meanwhile(world: World) -> None:
    scene = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "status", "status": 429, "seconds": 6, "times": 1})

    await scene.closers[0].take_ring()
    await world.until_state(scene.prospect, "connected")

    first, second = dials(world)
    assert seconds_between(first, second) >= 6
    await invariants.hold(world, scene.prospect)


@pytest.mark.parametrize("status", [404, 422])
async def test_a_refusal_for_good_is_not_repeated_and_the_next_closer_is_rung(world: World, status: int) -> None:
    scene = await waiting(world, "alice", "bob")
    world.sandbox.faults({"match": DIAL, "mode": "status", "status": status, "times": 1})
    first = await scene.ringing()

    await first.accept(await first.rung())
    second = await scene.ringing(besides=first, seconds=10)
    await second.take_ring()

    await world.until_state(scene.prospect, "connected")
    assert [one["status"] for one in dials(world)] == [status, 200]
    await invariants.hold(world, scene.prospect)


async def test_a_key_that_is_refused_is_told_to_the_prospect_and_to_the_operator(world: World) -> None:
    scene = await waiting(world, "alice")
    assert (await world.health())["status"] == "ready"
    offer = await scene.closers[0].rung()
    world.sandbox.faults({"match": "* /v2/calls*", "mode": "status", "status": 401})
    asked = len(dials(world))

    await scene.closers[0].accept(offer)
    await scene.until_told(seconds=15)

    assert len(dials(world)) == asked + 1
    assert "key" in await world.trouble("telnyx", seconds=60)
    assert "Telnyx refuses the API key" in (world.stack.logs / "worker.log").read_text()
    world.sandbox.clear_faults()


async def test_a_command_that_hangs_frees_its_slot_and_holds_up_no_other_call(world: World) -> None:
    first = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "hang", "times": 1})
    started = time.monotonic()
    await first.closers[0].accept(await first.closers[0].rung())
    await until("the dial", lambda: dials(world))

    second = await waiting(world, "bob")
    await second.closers[0].take_ring()
    await world.until_state(second.prospect, "connected", seconds=10)

    assert longest_delay(world, second.prospect, "dial") < 1
    await until("the free slot", lambda: dials(world)[0]["status"] is not None, seconds=8)
    world.note("a slot was given back", time.monotonic() - started)
    assert first.closers[0].phone
    await first.closers[0].phone.pick_up_next()
    await world.until_state(first.prospect, "connected")
    await invariants.hold(world, first.prospect)
    await invariants.hold(world, second.prospect)


async def test_ten_commands_that_hang_hold_up_no_eleventh(world: World) -> None:
    prospect = await world.prospect()
    world.sandbox.faults({"command": "hangup", "mode": "hang"})
    stuck = world.write_commands(prospect, 10)
    await until("ten requests", lambda: len(asked(world, stuck)) == len(stuck))

    scene = await waiting(world, "alice")
    await scene.closers[0].take_ring()
    await world.until_state(scene.prospect, "connected", seconds=15)

    assert longest_delay(world, scene.prospect, "dial") < 1
    assert longest_delay(world, scene.prospect, "bridge") < 1


async def test_an_answer_slower_than_the_queue_s_patience_is_carried_out_once(world: World) -> None:
    """The queue gives the task to a second worker after 4 s, while the first still waits for Telnyx."""
    scene = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "slow", "seconds": 15, "times": 2})

    offer = await scene.closers[0].rung()
    status, _ = await scene.closers[0].accept(offer)
    assert status == 200
    await world.until_state(scene.prospect, "connected", "unanswered", "ringing", "reserved", seconds=40)

    await until("the second answer", lambda: sum(one["status"] is not None for one in dials(world)) >= 2, seconds=40)
    await invariants.hold(world, scene.prospect)
