"""Telnyx has done it and we do not know: it is done once, however late somebody tries again."""

from tests.faults import invariants
from tests.faults.people import until
from tests.faults.scenes import DIAL, dials, stalled, waiting
from tests.faults.world import World


async def test_a_lost_reply_is_asked_for_again_under_the_same_id(world: World) -> None:
    scene = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "lose_reply", "times": 1})

    await scene.closers[0].take_ring()
    await world.until_state(scene.prospect, "connected")

    await until("the second request", lambda: len(dials(world)) == 2)
    assert [one["effective"] for one in dials(world)] == [True, False]
    await invariants.hold(world, scene.prospect)


async def test_a_reply_that_never_comes_is_asked_for_again_after_five_seconds(world: World) -> None:
    scene = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "execute_then_hang", "times": 1})

    await scene.closers[0].take_ring()
    await world.until_state(scene.prospect, "connected")

    await until("the second request", lambda: len(dials(world)) == 2, seconds=15)
    assert [one["effective"] for one in dials(world)] == [True, False]
    await invariants.hold(world, scene.prospect)


async def test_after_seventy_seconds_nothing_is_sent_again(world: World) -> None:
    """Telnyx has forgotten the id by then and would dial a second time; the leg itself tells what became of it."""
    scene = await waiting(world, "alice")
    world.sandbox.faults({"match": DIAL, "mode": "execute_then_hang", "times": 1})
    alice = scene.closers[0]
    await alice.accept(await alice.rung())
    await until("the dial", lambda: dials(world))
    world.kill("worker")
    world.let_pass(70)

    assert alice.phone
    await alice.phone.pick_up_next()
    await world.until_state(scene.prospect, "connected")
    await until("the outcome", lambda: world.commands(scene.prospect, "dial")[0]["state"] == "unknown", seconds=20)

    await world.everything_runs()
    assert len(dials(world)) == 1
    await invariants.hold(world, scene.prospect)


async def test_a_command_that_waited_too_long_in_the_queue_is_not_sent(world: World) -> None:
    """All workers hang; what the queue gives them when they go on is too old."""
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()
    offer = await first.rung()
    with stalled(world.stack.running["worker"]), stalled(world.stack.running["background"]):
        await first.accept(offer)
        await until("the command", lambda: world.commands(scene.prospect, "dial"))
        world.let_pass(70)

    second = await scene.ringing(besides=first, seconds=20)
    await second.take_ring()

    await world.until_state(scene.prospect, "connected")
    assert [row["state"] for row in world.commands(scene.prospect, "dial")] == ["failed", "confirmed"]
    assert len(dials(world)) == 1
    await invariants.hold(world, scene.prospect)
