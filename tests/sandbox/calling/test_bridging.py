"""Two legs become one conversation, and come apart again."""

import asyncio
from typing import Any

import pytest

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID
from tests.sandbox.phone import TONE_RMS, Phone
from tests.sandbox.stage import Stage


async def test_a_bridge_carries_sound_both_ways(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, other = await stage.dialled()
    prospect.speak()
    closer.speak()

    await stage.command(call, "bridge", call_control_id=other, command_id="b1")

    await asyncio.gather(prospect.until_loud(TONE_RMS), closer.until_loud(TONE_RMS))
    await stage.event("call.bridged", 2)
    assert {item.payload["call_control_id"] for item in stage.of_type("call.bridged")} == {call, other}
    assert (await stage.leg(call))["peer"] == other


async def test_a_bridge_needs_two_answered_calls(stage: Stage) -> None:
    _, call = await stage.answered()
    _, address = await stage.closer()
    ringing = (await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234")).data

    status, body = await stage.command(call, "bridge", call_control_id=ringing.call_control_id)

    assert (status, body["errors"][0]["code"]) == (422, "90034")


async def test_prevent_double_bridge_refuses_a_taken_call(stage: Stage) -> None:
    _, call = await stage.answered()
    _, first = await stage.dialled()
    _, second = await stage.dialled()
    await stage.command(call, "bridge", call_control_id=first)

    status, _ = await stage.command(call, "bridge", call_control_id=second, prevent_double_bridge=True)

    assert status == 422
    assert (await stage.leg(call))["peer"] == first


async def test_a_transfer_rings_plays_ringback_and_bridges(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, address = await stage.closer()

    await stage.client.calls.actions.transfer(
        call, to=address, park_after_unbridge="self", target_leg_client_state="QQ=="
    )
    await closer.frame("telnyx_rtc.invite")
    assert (await stage.leg(call))["source"] == "ringback"
    await prospect.until_loud()
    invite = await closer.pick_up()
    closer.speak()

    await stage.event("call.bridged", 2)
    assert invite["telnyx_session_id"] == (await stage.leg(call))["call_session_id"]
    assert stage.of_type("call.initiated")[1].payload["client_state"] == "QQ=="
    assert (await stage.until(call, lambda leg: leg["rms_out"] > 3000))["source"] == "peer"


async def test_a_failed_transfer_leaves_the_prospect_on_the_line(stage: Stage) -> None:
    _, call = await stage.answered()

    await stage.client.calls.actions.transfer(call, to="sip:nobody@sip.telnyx.com", park_after_unbridge="self")

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "not_found"
    leg = await stage.leg(call)
    assert (leg["state"], leg["source"]) == ("answered", "silence")


async def test_the_ring_stops_when_the_prospect_leaves(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, address = await stage.closer()
    await stage.client.calls.actions.transfer(call, to=address)
    await closer.frame("telnyx_rtc.invite")

    await prospect.hang_up()

    assert (await closer.frame("telnyx_rtc.bye"))["cause"] == "ORIGINATOR_CANCEL"
    await stage.event("call.hangup", 2)
    assert [item.payload["hangup_cause"] for item in stage.of_type("call.hangup")] == [
        "normal_clearing",
        "originator_cancel",
    ]


async def test_the_prospect_is_parked_when_the_closer_leaves(stage: Stage) -> None:
    _, call = await stage.answered()
    closer, other = await stage.dialled()
    await stage.command(call, "bridge", call_control_id=other, park_after_unbridge="self")

    await closer.hang_up()

    assert (await stage.event("call.hangup")).payload["hangup_source"] == "callee"
    leg = await stage.leg(call)
    assert (leg["state"], leg["peer"], leg["source"]) == ("answered", None, "silence")


async def test_without_parking_both_legs_end(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, other = await stage.dialled()
    await stage.command(call, "bridge", call_control_id=other)

    await closer.hang_up()

    await prospect.frame("telnyx_rtc.bye")
    assert (await stage.leg(call))["state"] == "ended"


async def test_hold_silences_both_sides(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, other = await stage.dialled()
    await stage.command(call, "bridge", call_control_id=other)
    prospect.speak()
    closer.speak()
    await prospect.until_loud()
    dialog = {"callID": closer.call_id}

    held = await closer.ask("telnyx_rtc.modify", {"action": "hold", "dialogParams": dialog})
    await asyncio.gather(prospect.until_quiet(), closer.until_quiet())
    active = await closer.ask("telnyx_rtc.modify", {"action": "toggleHold", "dialogParams": dialog})

    assert (held["result"]["holdState"], active["result"]["holdState"]) == ("held", "active")
    await asyncio.gather(prospect.until_loud(), closer.until_loud())


async def test_a_dial_can_bridge_when_it_is_answered(stage: Stage) -> None:
    _, call = await stage.answered()
    closer, address = await stage.closer()

    dialled = await stage.client.calls.dial(
        connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234", link_to=call, bridge_on_answer=True
    )
    await closer.pick_up()

    await stage.event("call.bridged", 2)
    assert (await stage.leg(call))["peer"] == dialled.data.call_control_id
    assert dialled.data.call_session_id == (await stage.leg(call))["call_session_id"]


async def with_assistant(stage: Stage) -> tuple[Phone, str]:
    """A prospect to whom an assistant speaks for some seconds."""
    prospect, call = await stage.answered()
    greeting = "I am the assistant, and I go on. " * 8
    await stage.client.calls.actions.start_ai_assistant(call, assistant={"id": DEFAULT_ASSISTANT_ID}, greeting=greeting)
    await stage.until(call, lambda leg: leg["source"] == "assistant" and leg["rms_out"] > 300)
    return prospect, call


async def join(stage: Stage, how: str, call: str, other: str) -> tuple[int, Any]:
    """Join two legs by a command on them, and return its answer."""
    if how == "bridge":
        return await stage.command(call, "bridge", call_control_id=other)
    if how == "conference":
        return await stage.post("conferences", {"call_control_id": call, "name": "desk"})
    _, address = await stage.closer()
    return await stage.command(call, "transfer", **{"to": address, "from": "+61255501234"})


@pytest.mark.parametrize("how", ["bridge", "conference"])
async def test_an_assistant_speaks_on_over_a_bridge(stage: Stage, how: str) -> None:
    prospect, call = await with_assistant(stage)
    _, other = await stage.dialled()

    status, _ = await join(stage, how, call, other)

    assert status == 200
    assert (await stage.leg(call))["source"] == "assistant"
    assert stage.count("call.conversation.ended") == 0
    await stage.client.calls.actions.stop_ai_assistant(call)
    await stage.until(call, lambda leg: leg["source"] in ("peer", "conference"))
    await prospect.until_quiet()


async def test_an_assistant_speaks_on_when_the_transfer_is_answered(stage: Stage) -> None:
    _, call = await with_assistant(stage)
    closer, address = await stage.closer()

    await stage.command(call, "transfer", **{"to": address, "from": "+61255501234"})
    await closer.pick_up()

    leg = await stage.until(call, lambda leg: leg["peer"] is not None)
    assert (leg["source"], leg["assistant"]["running"]) == ("assistant", True)


@pytest.mark.parametrize("how", ["bridge", "conference", "transfer"])
async def test_a_leg_with_an_assistant_may_not_be_joined(stage: Stage, how: str) -> None:
    await stage.platform(bridge_over_assistant="refuse")
    _, call = await with_assistant(stage)
    _, other = await stage.dialled()

    status, body = await join(stage, how, call, other)

    assert (status, body["errors"][0]["code"]) == (422, "90061")
    assert (await stage.leg(call))["peer"] is None
    await stage.client.calls.actions.stop_ai_assistant(call)
    assert (await join(stage, how, call, other))[0] == 200
