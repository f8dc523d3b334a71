"""Closers do not answer, refuse, vanish; prospects leave in the middle: exactly one outcome, nobody in silence."""

import asyncio
import time

from tests.faults import invariants
from tests.faults.people import until
from tests.faults.scenes import Waiting, dials, waiting
from tests.faults.world import World

SHORT_RING_SECONDS = 4


async def goes_to_the_next(scene: Waiting, first: object) -> None:
    """Somebody else is rung soon and talks with the prospect."""
    second = await scene.ringing(besides=first, seconds=10)  # type: ignore[arg-type]
    await second.take_ring()
    await scene.world.until_state(scene.prospect, "connected")
    await invariants.hold(scene.world, scene.prospect)


async def test_a_ring_that_nobody_answers_goes_to_the_next(world: World) -> None:
    world.rows.execute("update handoff_routingpolicy set ring_seconds = %s", [SHORT_RING_SECONDS])
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()

    second = await scene.ringing(besides=first, seconds=SHORT_RING_SECONDS + 8)

    await until("the end of the first ring", lambda: first.ring() is None, seconds=5)
    status, body = await first.accept(str(world.offers(scene.prospect)[0]["id"]))
    assert (status, body["code"]) == (409, "gone")
    await second.take_ring()
    await world.until_state(scene.prospect, "connected")
    await invariants.hold(world, scene.prospect)


async def test_a_declined_ring_goes_to_the_next(world: World) -> None:
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()

    await first.decline(await first.rung())

    await goes_to_the_next(scene, first)


async def test_a_softphone_that_is_busy_means_the_next(world: World) -> None:
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()
    await first.accept(await first.rung())
    assert first.phone

    await first.phone.reject_next()

    await goes_to_the_next(scene, first)
    assert len(dials(world)) == 2


async def test_a_softphone_that_went_offline_means_the_next(world: World) -> None:
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()
    assert first.phone
    await first.phone.drop_socket()

    await first.accept(await first.rung())

    await goes_to_the_next(scene, first)


async def test_a_closer_who_hangs_up_in_the_moment_of_the_answer_has_one_outcome(world: World) -> None:
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()
    await first.accept(await first.rung())
    assert first.phone

    await first.phone.pick_up_next()
    await first.phone.hang_up()

    # Either the talk never began and another one is rung, or it did and the same closer is called back first.
    await until("another ring", lambda: len(world.offers(scene.prospect)) > 1, seconds=10)
    again = await scene.ringing(seconds=10)
    await again.take_ring()
    await world.until_state(scene.prospect, "connected")
    await invariants.hold(world, scene.prospect)


async def test_a_tab_that_dies_after_accepting_means_the_next(world: World) -> None:
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()
    accepted_at = time.monotonic()
    await first.accept(await first.rung())

    await first.leave()

    second = await scene.ringing(besides=first, seconds=10)
    assert time.monotonic() - accepted_at < 10
    # Whoever is rung takes their time; the prospect must not sit in silence meanwhile.
    await until("a sentence for the prospect", lambda: told_to_wait(world, scene), seconds=4)
    await second.take_ring()
    await world.until_state(scene.prospect, "connected")
    await invariants.hold(world, scene.prospect)


async def test_nobody_is_rung_for_a_prospect_who_has_left(world: World) -> None:
    scene = await waiting(world, "alice")
    alice = scene.closers[0]
    await alice.accept(await alice.rung())
    await until("the dial", lambda: world.sandbox.legs(role="dialled", state="ringing"))

    await scene.prospect.hang_up()

    await until("the cancelled ring", lambda: not alive_closers(world), seconds=5)
    await world.until_state(scene.prospect, "abandoned")
    assert alice.ring() is None
    await invariants.hold(world, scene.prospect)


async def test_a_dial_that_was_on_its_way_when_the_prospect_left_rings_nobody(world: World) -> None:
    scene = await waiting(world, "alice")
    alice = scene.closers[0]
    world.sandbox.faults({"command": "dial", "mode": "slow", "seconds": 2, "times": 1})
    await alice.accept(await alice.rung())
    await until("the dial", lambda: dials(world))

    await scene.prospect.hang_up()
    await world.until_state(scene.prospect, "abandoned")

    await until("the late leg", lambda: world.sandbox.legs(role="dialled"), seconds=10)
    await until("the cancelled ring", lambda: not alive_closers(world), seconds=5)
    assert len(dials(world)) == 1
    await invariants.hold(world, scene.prospect)


async def test_a_lost_dial_of_an_attempt_that_is_over_rings_nobody(world: World) -> None:
    """Its reply is lost and the closer is given up meanwhile; only the leg's own event tells of it."""
    scene = await waiting(world, "alice")
    alice = scene.closers[0]
    world.sandbox.faults(
        {"command": "dial", "mode": "execute_then_hang", "times": 1},
        {"match": "webhook call.initiated", "mode": "delay", "seconds": 3, "times": 1},
    )
    await alice.accept(await alice.rung())
    await until("the dial", lambda: world.sandbox.legs(role="dialled", state="ringing"))

    await scene.prospect.hang_up()
    await world.until_state(scene.prospect, "abandoned")

    await asyncio.sleep(3)
    await until("the cancelled ring", lambda: not alive_closers(world), seconds=5)
    await invariants.hold(world, scene.prospect)


def told_to_wait(world: World, scene: Waiting) -> bool:
    """Whether something was said after the last closer had accepted."""
    accepted_at = world.handoff(scene.prospect)["accepted_at"]
    sent = [command["sent_at"] for command in world.commands(scene.prospect, "speak")]
    return any(moment is not None and moment > accepted_at for moment in sent)


def alive_closers(world: World) -> list[str]:
    legs = world.sandbox.legs(role="dialled")
    return [leg["call_control_id"] for leg in legs if leg["state"] != "ended"]
