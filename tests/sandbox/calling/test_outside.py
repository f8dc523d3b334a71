"""Telephone numbers and the SIP addresses of other providers, with real sound at their ends."""

import asyncio
import time
from typing import Any

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID
from sandbox.model.destinations import Destination, DestinationError
from tests.sandbox.stage import Stage

NUMBER, TRUNK, CALLER = "+61390001111", "sip:desk@pbx.example.com", "+61255501234"


async def dial(stage: Stage, to: str, **extra: Any) -> str:
    dialled = await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=to, from_=CALLER, **extra)
    return str(dialled.data.call_control_id)


async def expect(stage: Stage, address: str, **destination: Any) -> None:
    assert await stage.control("PUT", "destinations", {address: destination}) == {"ok": True}


@pytest.mark.parametrize("to", [NUMBER, TRUNK, f"{TRUNK};secure=srtp"])
async def test_a_transfer_is_answered_and_heard_both_ways(stage: Stage, to: str) -> None:
    prospect, call = await stage.answered()

    await stage.client.calls.actions.transfer(call, to=to, from_=CALLER, park_after_unbridge="self")
    assert (await stage.leg(call))["source"] == "ringback"
    await stage.event("call.bridged", 2)
    await prospect.until_loud()
    prospect.speak()

    far_end = (await stage.leg(call))["peer"]
    leg = await stage.until(far_end, lambda leg: leg["rms_out"] > 3000)
    assert (leg["role"], leg["to"], leg["source"], leg["connected"]) == ("transfer", to, "peer", True)
    assert leg["voice_in"][0][2] == "phone"


async def test_a_dialled_number_is_told_like_any_leg(stage: Stage) -> None:
    dialled = await dial(
        stage,
        NUMBER,
        from_display_name="Website",
        client_state="QQ==",
        custom_headers=[{"name": "X-Session", "value": "s1"}],
        sip_region="Australia",
        timeout_secs=20,
    )

    answered = (await stage.event("call.answered")).payload
    leg = await stage.leg(dialled)
    assert (answered["call_control_id"], answered["client_state"]) == (dialled, "QQ==")
    assert (leg["from"], leg["to"], leg["display_name"]) == (CALLER, NUMBER, "Website")
    assert leg["custom_headers"] == [{"name": "X-Session", "value": "s1"}]
    assert (leg["sip_region"], leg["ring_seconds"]) == ("Australia", 20)


async def test_it_speaks_its_sentences_in_turn(stage: Stage) -> None:
    await expect(stage, NUMBER, sentences=["Hello?", "That is very interesting, thank you."])
    prospect, call = await stage.answered()
    await stage.client.calls.actions.transfer(call, to=NUMBER, from_=CALLER)
    await stage.event("call.bridged", 2)
    await prospect.until_loud()
    await prospect.until_quiet()

    await prospect.say_something()

    await prospect.until_loud()
    far_end = (await stage.leg(call))["peer"]
    spoken = (await stage.until(far_end, lambda leg: time.time() - leg["last_voice_in_at"] > 1))["voice_in"]
    await prospect.say_something()
    await asyncio.sleep(1.2)
    assert (await stage.leg(far_end))["voice_in"] == spoken


@pytest.mark.parametrize(
    ("destination", "cause", "sip"),
    [
        ({"behaviour": "busy"}, "user_busy", "486"),
        ({"behaviour": "reject"}, "call_rejected", "403"),
        ({"behaviour": "reject", "sip": "603"}, "call_rejected", "603"),
        ({"behaviour": "unallocated"}, "not_found", "404"),
    ],
)
async def test_a_far_end_that_does_not_answer(stage: Stage, destination: dict[str, Any], cause: str, sip: str) -> None:
    await expect(stage, "+613*", after_seconds=0.1, **destination)
    _, call = await stage.answered()

    await stage.client.calls.actions.transfer(call, to=NUMBER, from_=CALLER, park_after_unbridge="self")

    hangup = (await stage.event("call.hangup")).payload
    assert (hangup["hangup_cause"], hangup["sip_hangup_cause"], hangup["hangup_source"]) == (cause, sip, "callee")
    leg = await stage.leg(call)
    assert (leg["state"], leg["source"]) == ("answered", "silence")


async def test_it_rings_until_the_caller_gives_up(stage: Stage) -> None:
    await expect(stage, "sip:*@pbx.example.com", behaviour="no_answer")
    _, call = await stage.answered()

    await stage.command(call, "transfer", **{"to": TRUNK, "from": CALLER, "timeout_secs": 0.6})

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "timeout"
    assert stage.count("call.answered") == 1


async def test_an_answer_after_the_ring_has_ended_is_none(stage: Stage) -> None:
    await expect(stage, NUMBER, after_seconds=0.6)
    body = {"connection_id": DEFAULT_APP_ID, "to": NUMBER, "from": CALLER, "timeout_secs": 0.2}

    await stage.post("calls", body)

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "timeout"
    await asyncio.sleep(0.8)
    assert stage.count("call.answered") == 0


async def test_the_ring_stops_when_the_prospect_leaves(stage: Stage) -> None:
    await expect(stage, NUMBER, behaviour="no_answer")
    prospect, call = await stage.answered()
    await stage.client.calls.actions.transfer(call, to=NUMBER, from_=CALLER)
    await stage.event("call.initiated", 2)

    await prospect.hang_up()

    await stage.event("call.hangup", 2)
    assert stage.of_type("call.hangup")[1].payload["hangup_cause"] == "originator_cancel"


async def test_the_far_end_may_hang_up(stage: Stage) -> None:
    await expect(stage, NUMBER, hangs_up_after_seconds=0.3)
    _, call = await stage.answered()

    await stage.client.calls.actions.transfer(call, to=NUMBER, from_=CALLER, park_after_unbridge="self")

    hangup = (await stage.event("call.hangup")).payload
    assert (hangup["to"], hangup["hangup_source"], hangup["hangup_cause"]) == (NUMBER, "callee", "normal_clearing")
    assert (await stage.leg(call))["state"] == "answered"


async def test_a_country_that_is_not_allowed_is_refused_at_once(stage: Stage) -> None:
    await expect(stage, "+44*", behaviour="refuse")
    _, call = await stage.answered()

    with pytest.raises(telnyx.PermissionDeniedError) as dialled:
        await dial(stage, "+442079460000")
    with pytest.raises(telnyx.PermissionDeniedError) as transferred:
        await stage.client.calls.actions.transfer(call, to="+442079460000", from_=CALLER)

    for refusal in (dialled.value, transferred.value):
        assert "D13" in str(refusal.body)
    assert stage.count("call.initiated") == 1


async def test_a_caller_without_a_number_cannot_ring_one(stage: Stage) -> None:
    _, call = await stage.answered()

    status, body = await stage.command(call, "transfer", to=NUMBER)

    assert (status, body["errors"][0]["code"]) == (403, "10010")
    assert "D35" in body["errors"][0]["detail"]


async def test_a_region_must_be_one_of_the_platforms(stage: Stage) -> None:
    body = {"connection_id": DEFAULT_APP_ID, "to": NUMBER, "from": CALLER, "sip_region": "Atlantis"}

    assert (await stage.post("calls", body))[0] == 422


async def test_a_bridge_joins_a_telephone_and_a_browser(stage: Stage) -> None:
    await expect(stage, NUMBER, sentences=["Hello. " * 6])
    closer, own = await stage.dialled()
    called = await dial(stage, NUMBER)
    await stage.event("call.answered", 2)

    await stage.command(own, "bridge", call_control_id=called)

    await closer.until_loud()
    closer.speak()
    await stage.until(called, lambda leg: leg["rms_out"] > 3000)


async def test_the_assistant_speaks_with_a_telephone(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"answers": ["Jo Day"], "pause_ms": 0})
    await expect(stage, NUMBER, sentences=["Hello?", "This is Jo Day speaking."])
    called = await dial(stage, NUMBER)
    await stage.event("call.answered")
    await stage.until(called, lambda leg: leg["rms_in"] > 300)
    await stage.until(called, lambda leg: leg["rms_in"] < 100)

    schema = {"type": "object", "properties": {"full_name": {"type": "string"}}}
    await stage.client.calls.actions.gather_using_ai(called, parameters=schema, greeting="Hi.")

    assert (await stage.event("call.ai_gather.ended")).payload["result"] == {"full_name": "Jo Day"}


@pytest.mark.parametrize(
    "data",
    [
        [],
        {NUMBER: []},
        {NUMBER: {"behaviour": "explode"}},
        {NUMBER: {"gravity": 1}},
        {NUMBER: {"after_seconds": "soon"}},
        {NUMBER: {"sentences": "Hello"}},
    ],
)
async def test_a_destination_without_sense_is_refused(stage: Stage, data: Any) -> None:
    assert "error" in await stage.control("PUT", "destinations", data)


async def test_reset_forgets_the_destinations(stage: Stage) -> None:
    await expect(stage, NUMBER, behaviour="busy")
    assert (await stage.control("GET", "destinations"))[NUMBER]["behaviour"] == "busy"

    await stage.control("POST", "reset", {})

    assert await stage.control("GET", "destinations") == {}


def test_a_destination_must_be_an_object() -> None:
    with pytest.raises(DestinationError, match="object"):
        Destination.from_json("answer")
