"""Servers that stop answering, workers that die as a whole, schedulers that run twice."""

import time

import aiohttp

from launcher.stack import BEAT, WORKERS
from launcher.valkey import ValkeyServer
from tests.faults import invariants
from tests.faults.people import until
from tests.faults.scenes import dials, stalled, waiting
from tests.faults.test_people_fail import SHORT_RING_SECONDS
from tests.faults.world import World


async def test_a_broker_that_says_nothing_holds_up_neither_clicks_nor_webhooks(
    world: World, broker: ValkeyServer
) -> None:
    scene = await waiting(world, "alice")
    alice = scene.closers[0]
    offer = await alice.rung()

    with stalled(broker.process):
        started = time.monotonic()
        status, _ = await alice.accept(offer)
        clicked = time.monotonic() - started
        told = world.sandbox.send_webhook("call.teleported", {"call_control_id": "v3:nobody"})
        webhook = time.monotonic() - started - clicked
        health = await world.health()
        async with aiohttp.ClientSession(world.stack.base_url) as http, http.get("/health/live") as live:
            assert live.status == 200

    assert status == 200
    assert told["status"] == 200
    assert max(clicked, webhook) < 2
    assert "redis" in health["troubles"]
    assert alice.phone
    await alice.phone.pick_up_next()
    await world.until_state(scene.prospect, "connected")
    await invariants.hold(world, scene.prospect)


async def test_workers_of_calls_that_hang_are_helped_out(world: World) -> None:
    scene = await waiting(world, "alice")

    with stalled(world.stack.running["worker"]):
        started = time.monotonic()
        await scene.closers[0].take_ring()
        await world.until_state(scene.prospect, "connected")
        world.note("connected without the workers of calls", time.monotonic() - started)

    await invariants.hold(world, scene.prospect)


async def test_all_workers_at_once_are_killed_while_telnyx_works(world: World) -> None:
    scene = await waiting(world, "alice")
    alice = scene.closers[0]
    world.sandbox.faults({"command": "dial", "mode": "slow", "seconds": 2, "times": 1})
    await alice.accept(await alice.rung())
    await until("the dial", lambda: dials(world))
    killed_at = time.monotonic()

    for name in ("worker", "background", "beat"):
        world.kill(name)

    assert alice.phone
    await alice.phone.pick_up_next()
    await world.until_state(scene.prospect, "connected")
    world.note("recovered from the death of all workers", time.monotonic() - killed_at)
    await invariants.hold(world, scene.prospect)


async def test_a_deadline_that_passed_while_nobody_swept_is_kept_late(world: World) -> None:
    world.rows.execute("update handoff_routingpolicy set ring_seconds = %s", [SHORT_RING_SECONDS])
    scene = await waiting(world, "alice", "bob")
    first = await scene.ringing()

    world.kill("beat")
    world.kill("background")

    second = await scene.ringing(besides=first)
    await second.take_ring()
    await world.until_state(scene.prospect, "connected")
    await invariants.hold(world, scene.prospect)


async def test_two_schedulers_and_two_sweepers_do_everything_once(world: World) -> None:
    world.rows.execute("update handoff_routingpolicy set ring_seconds = %s", [SHORT_RING_SECONDS])
    environment = world.stack.env | {"CELERY_BEAT_SCHEDULE_FILE": str(world.stack.folder / "second-schedule")}
    command = [word.replace("background@", "second@") for word in WORKERS["background"]]
    second_beat = world.stack.start("second-beat", ["-m", *BEAT], environment)
    second_sweeper = world.stack.start("second-sweeper", ["-m", *command], environment)
    try:
        second_sweeper.wait_until(lambda: " ready." in second_sweeper.log.read_text(errors="replace"), seconds=120)
        scene = await waiting(world, "alice", "bob")
        first = await scene.ringing()
        second = await scene.ringing(besides=first)
        await second.take_ring()
        await world.until_state(scene.prospect, "connected")
    finally:
        for process in (second_beat, second_sweeper):
            del world.stack.running[process.name]
            process.stop()

    kinds = [entry["kind"] for entry in world.entries(scene.prospect)]
    assert kinds.count("handoff.unanswered") == 1
    assert kinds.count("handoff.offered") == 2
    await invariants.hold(world, scene.prospect)
