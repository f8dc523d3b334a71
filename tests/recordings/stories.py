"""The stories that are recorded: each is lived through by a prospect and closers on the running processes."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.browser.scene import route
from tests.faults.people import Closer, Prospect, until
from tests.faults.world import World

THINKING = 0.3
SHORT_RING = 3
INSTRUCTION = "Ask when the roof was last renewed."


async def connected_by_bridge(world: World) -> Prospect:
    return await _connected(world, "bridge")


async def connected_by_transfer(world: World) -> Prospect:
    return await _connected(world, "transfer")


async def connected_in_a_conference(world: World) -> Prospect:
    return await _connected(world, "conference")


async def nobody_answers(world: World) -> Prospect:
    """Alice lets it ring and nobody else is there: the assistant comes back and books a callback."""
    route(world.rows, method="bridge", ring_seconds=SHORT_RING)
    await world.closer("alice")
    prospect = await world.prospect()
    world.end_assistant(prospect)
    await world.until_state(prospect, "unanswered")
    await until("the assistant", lambda: world.leg(prospect)["assistant"]["running"])
    world.end_assistant(prospect)
    return prospect


async def the_prospect_leaves_mid_transfer(world: World) -> Prospect:
    """Alice has accepted and her softphone rings when the prospect hangs up."""
    route(world.rows, method="transfer")
    alice = await world.closer("alice")
    prospect = await world.prospect()
    world.end_assistant(prospect)
    await alice.accept(await alice.rung())
    assert alice.phone
    await alice.phone.next_ring()
    await asyncio.sleep(THINKING)
    await prospect.hang_up()
    await world.until_state(prospect, "abandoned")
    return prospect


async def handed_back_and_forward(world: World) -> Prospect:
    """Alice gives the call back to the assistant with an instruction, and takes it again after that."""
    route(world.rows, method="bridge")
    alice = await world.closer("alice")
    prospect = await world.prospect()
    world.end_assistant(prospect)
    first = await alice.take_ring()
    await world.until_state(prospect, "connected")
    await asyncio.sleep(THINKING)
    await alice.post(f"/dashboard/handoffs/{first}/hand-back", {"instruction": INSTRUCTION})
    await until("the assistant", lambda: world.leg(prospect)["assistant"]["running"])
    await alice.complete(first)
    await asyncio.sleep(THINKING)
    world.end_assistant(prospect)
    await _talk(world, alice, prospect, await alice.take_ring())
    return prospect


async def warm_seat(world: World) -> Prospect:
    """Alice takes the call while the assistant speaks, and is joined when it is done."""
    route(world.rows, method="bridge")
    alice = await world.closer("alice")
    prospect = await world.prospect()
    _, body = await alice.post(f"/dashboard/sessions/{prospect.session_id}/take", {"immediately": False})
    assert alice.phone
    await alice.phone.pick_up_next()
    await world.until_state(prospect, "seated")
    await asyncio.sleep(THINKING)
    world.end_assistant(prospect)
    await _talk(world, alice, prospect, str(body["handoff"]))
    return prospect


async def taken_over_from_the_seat(world: World) -> Prospect:
    """Alice steers the assistant from the warm seat, then does not wait for its end."""
    route(world.rows, method="bridge")
    alice = await world.closer("alice")
    prospect = await world.prospect()
    _, body = await alice.post(f"/dashboard/sessions/{prospect.session_id}/take", {"immediately": False})
    assert alice.phone
    await alice.phone.pick_up_next()
    await world.until_state(prospect, "seated")
    await alice.post(f"/dashboard/sessions/{prospect.session_id}/steer", {"text": "Ask about the budget."})
    await asyncio.sleep(THINKING)
    await alice.post(f"/dashboard/handoffs/{body['handoff']}/take-over")
    await _talk(world, alice, prospect, str(body["handoff"]))
    return prospect


async def declined_then_dropped(world: World) -> Prospect:
    """Alice declines, Bob takes it, his line breaks, and he is rung and connected again."""
    route(world.rows, method="bridge")
    alice, bob = await world.closer("alice"), await world.closer("bob")
    prospect = await world.prospect()
    world.end_assistant(prospect)
    await until("a ring", lambda: alice.ring() or bob.ring())
    first, second = (alice, bob) if alice.ring() else (bob, alice)
    await first.decline(await first.rung())
    await second.take_ring()
    await world.until_state(prospect, "connected")
    assert second.phone
    await second.phone.hang_up()
    await world.until_state(prospect, "dropped", "reserved", "ringing")
    await until("the second ring", second.ring)
    await _talk(world, second, prospect, await second.take_ring())
    return prospect


async def _connected(world: World, method: str) -> Prospect:
    route(world.rows, method=method)
    alice = await world.closer("alice")
    prospect = await world.prospect()
    world.end_assistant(prospect)
    await _talk(world, alice, prospect, await alice.take_ring())
    return prospect


async def _talk(world: World, closer: Closer, prospect: Prospect, handoff: str) -> None:
    """From the joining to the notes."""
    await world.until_state(prospect, "connected")
    await asyncio.sleep(THINKING)
    await closer.hang_up(handoff)
    await closer.post(f"/dashboard/handoffs/{handoff}/notes", {"notes": "Wants it by spring."})
    await closer.complete(handoff)
    await world.until_state(prospect, "completed")


STORIES: dict[str, Callable[[World], Awaitable[Prospect]]] = {
    story.__name__: story
    for story in (
        connected_by_bridge,
        connected_by_transfer,
        connected_in_a_conference,
        nobody_answers,
        the_prospect_leaves_mid_transfer,
        handed_back_and_forward,
        warm_seat,
        taken_over_from_the_seat,
        declined_then_dropped,
    )
}
