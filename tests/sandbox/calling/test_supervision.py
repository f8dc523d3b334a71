"""One leg listens to another, and is heard by as many as its role allows."""

import asyncio
from typing import Any

import pytest

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID
from sandbox.model.legs import SupervisorRole
from tests.sandbox.phone import QUIET_RMS, Phone
from tests.sandbox.stage import Stage


async def watched(stage: Stage, role: str) -> tuple[Phone, str, Phone, str]:
    """A prospect on the line, and a supervisor who listens in."""
    prospect, call = await stage.answered()
    supervisor, own = await stage.dialled(supervise_call_control_id=call, supervisor_role=role)
    prospect.speak()
    supervisor.speak()
    return prospect, call, supervisor, own


async def talking(stage: Stage, call: str) -> Phone:
    """A closer who is bridged with the prospect."""
    closer, other = await stage.dialled()
    closer.speak()
    await stage.command(call, "bridge", call_control_id=other, park_after_unbridge="self")
    return closer


async def start_assistant(stage: Stage, call: str) -> None:
    """An assistant that speaks for some seconds."""
    greeting = "I am the assistant. " * 8
    await stage.client.calls.actions.start_ai_assistant(call, assistant={"id": DEFAULT_ASSISTANT_ID}, greeting=greeting)


async def dial(stage: Stage, **extra: Any) -> tuple[int, Any]:
    _, address = await stage.closer()
    body = {"connection_id": DEFAULT_APP_ID, "to": address, "from": "+61255501234"}
    return await stage.post("calls", {**body, **extra})


async def test_a_monitor_hears_the_prospect_and_is_not_heard(stage: Stage) -> None:
    prospect, call, supervisor, own = await watched(stage, "monitor")

    await supervisor.until_hears(prospect)
    await prospect.stays_deaf_to(supervisor)

    leg = await stage.leg(own)
    assert (leg["supervises"], leg["supervisor_role"], leg["source"]) == (call, "monitor", "supervised")
    assert (await stage.leg(call))["peer"] is None


async def test_a_monitor_does_not_hear_the_assistant(stage: Stage) -> None:
    _, call = await stage.answered()
    supervisor, own = await stage.dialled(supervise_call_control_id=call, supervisor_role="monitor")

    await start_assistant(stage, call)

    await stage.until(call, lambda leg: leg["source"] == "assistant" and leg["rms_out"] > 300)
    assert supervisor.media
    assert supervisor.media.meter.rms < QUIET_RMS
    assert (await stage.leg(own))["voice_out"] == []


async def test_a_monitor_may_hear_the_assistant(stage: Stage) -> None:
    await stage.platform(monitor_hears="both")
    _, call = await stage.answered()
    supervisor, own = await stage.dialled(supervise_call_control_id=call, supervisor_role="monitor")

    await start_assistant(stage, call)

    await supervisor.until_loud()
    assert (await stage.leg(call))["source"] == "assistant"
    assert (await stage.leg(own))["voice_out"][0][2] == "supervised"


async def test_stopping_a_monitored_assistant_keeps_both_legs(stage: Stage) -> None:
    prospect, call, supervisor, own = await watched(stage, "monitor")
    await start_assistant(stage, call)

    await stage.client.calls.actions.stop_ai_assistant(call)

    await stage.event("call.conversation.ended")
    await supervisor.until_hears(prospect)
    assert [(await stage.leg(one))["state"] for one in (call, own)] == ["answered", "answered"]


async def test_a_whisper_is_heard_by_the_supervised_leg_alone(stage: Stage) -> None:
    await stage.platform(monitor_hears="both")
    prospect, call, supervisor, _ = await watched(stage, "whisper")
    closer = await talking(stage, call)

    await asyncio.gather(prospect.until_hears(supervisor), prospect.until_hears(closer), closer.until_hears(prospect))
    await closer.stays_deaf_to(supervisor)
    await asyncio.gather(supervisor.until_hears(prospect), supervisor.until_hears(closer))


async def test_who_barges_in_is_heard_by_both(stage: Stage) -> None:
    prospect, call, supervisor, _ = await watched(stage, "barge")
    closer = await talking(stage, call)

    await asyncio.gather(prospect.until_hears(supervisor), closer.until_hears(supervisor))
    await supervisor.stays_deaf_to(supervisor)


async def test_the_assistant_hears_who_barges_in(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"answers": ["Jo Day"], "pause_ms": 0})
    _, call = await stage.answered()
    supervisor, _ = await stage.dialled(supervise_call_control_id=call, supervisor_role="barge")
    await stage.client.calls.actions.gather_using_ai(
        call, parameters={"type": "object", "properties": {"full_name": {"type": "string"}}}, greeting="Hi."
    )
    await stage.until(call, lambda leg: leg["rms_out"] > 300)
    await stage.until(call, lambda leg: leg["source"] != "assistant" and leg["assistant"]["question"])

    await supervisor.say_something()

    assert (await stage.event("call.ai_gather.ended")).payload["result"] == {"full_name": "Jo Day"}


@pytest.mark.parametrize("role", ["whisper", "barge"])
async def test_a_switch_of_roles_leaves_silence(stage: Stage, role: SupervisorRole) -> None:
    prospect, call, supervisor, own = await watched(stage, "monitor")
    await supervisor.until_hears(prospect)

    await stage.client.calls.actions.switch_supervisor_role(own, role=role)

    await supervisor.until_deaf_to(prospect)
    await asyncio.gather(supervisor.stays_deaf_to(prospect), prospect.stays_deaf_to(supervisor))
    closer = await talking(stage, call)
    await asyncio.gather(closer.until_hears(prospect), prospect.until_hears(closer))
    await asyncio.gather(supervisor.stays_deaf_to(closer), closer.stays_deaf_to(supervisor))
    assert (await stage.leg(own))["supervisor_role"] == role


async def test_the_role_may_be_switched_both_ways(stage: Stage) -> None:
    await stage.platform(role_switch="accept")
    prospect, _, supervisor, own = await watched(stage, "monitor")
    await supervisor.until_hears(prospect)

    await stage.client.calls.actions.switch_supervisor_role(own, role="barge")
    await prospect.until_hears(supervisor)
    await stage.client.calls.actions.switch_supervisor_role(own, role="monitor")

    await prospect.until_deaf_to(supervisor)
    await supervisor.until_hears(prospect)


@pytest.mark.parametrize("named_first", [True, False])
async def test_a_supervising_leg_takes_no_commands(stage: Stage, *, named_first: bool) -> None:
    _, call, _, own = await watched(stage, "monitor")
    leg, other = (own, call) if named_first else (call, own)

    status, body = await stage.command(leg, "bridge", call_control_id=other)

    assert (status, body["errors"][0]["detail"]) == (422, "Supervisor calls do not support commands.")
    assert (await stage.leg(call))["peer"] is None
    assert (await stage.command(own, "speak", payload="Hi.", voice="Telnyx.x"))[0] == 422
    assert (await stage.command(own, "hangup"))[0] == 200


async def test_a_bridge_may_take_a_supervisor_into_the_call(stage: Stage) -> None:
    await stage.platform(supervisor_commands="accept", bridge_over_assistant="ends")
    prospect, call, supervisor, own = await watched(stage, "monitor")
    await start_assistant(stage, call)

    status, _ = await stage.command(call, "bridge", call_control_id=own, prevent_double_bridge=True)

    await asyncio.gather(prospect.until_hears(supervisor), supervisor.until_hears(prospect))
    assert (status, (await stage.event("call.conversation.ended")).payload["reason"]) == (200, "call_bridged")
    leg = await stage.leg(own)
    assert (leg["supervises"], leg["peer"], leg["source"]) == (None, call, "peer")


async def test_a_supervisor_goes_on_listening_when_the_closer_leaves(stage: Stage) -> None:
    prospect, call, supervisor, _ = await watched(stage, "barge")
    closer = await talking(stage, call)
    await closer.until_hears(supervisor)

    await closer.hang_up()

    await stage.until(call, lambda leg: leg["peer"] is None)
    await asyncio.gather(prospect.until_hears(supervisor), supervisor.until_hears(prospect))


async def test_a_supervisor_who_leaves_is_heard_no_more(stage: Stage) -> None:
    prospect, call, supervisor, _ = await watched(stage, "barge")
    await prospect.until_hears(supervisor)

    await supervisor.hang_up()

    await prospect.until_deaf_to(supervisor)
    leg = await stage.leg(call)
    assert (leg["state"], leg["source"]) == ("answered", "silence")


async def test_a_supervisor_is_left_on_the_line_when_the_prospect_leaves(stage: Stage) -> None:
    prospect, _, supervisor, own = await watched(stage, "monitor")
    await supervisor.until_hears(prospect)

    await prospect.hang_up()

    await supervisor.until_quiet()
    leg = await stage.leg(own)
    assert (leg["state"], leg["supervises"], leg["source"]) == ("answered", None, "silence")


async def test_a_prospect_who_left_while_it_rang_is_not_supervised(stage: Stage) -> None:
    prospect, call = await stage.answered()
    supervisor, address = await stage.closer()
    dialled = await stage.client.calls.dial(
        connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234", supervise_call_control_id=call
    )
    await supervisor.frame("telnyx_rtc.invite")
    await prospect.hang_up()

    await supervisor.pick_up()

    assert (await stage.leg(dialled.data.call_control_id))["supervises"] is None


async def test_a_held_supervisor_is_not_heard(stage: Stage) -> None:
    prospect, _, supervisor, _ = await watched(stage, "barge")
    await prospect.until_hears(supervisor)
    dialog = {"callID": supervisor.call_id}

    await supervisor.ask("telnyx_rtc.modify", {"action": "hold", "dialogParams": dialog})

    await asyncio.gather(prospect.until_deaf_to(supervisor), supervisor.until_quiet())


@pytest.mark.parametrize(
    ("extra", "status", "code"),
    [
        ({"supervise_call_control_id": "v3:nobody"}, 404, "10005"),
        ({"supervisor_role": "listen"}, 422, "10032"),
    ],
)
async def test_supervision_without_sense_is_refused(stage: Stage, extra: Any, status: int, code: str) -> None:
    answer = await dial(stage, **extra)

    assert (answer[0], answer[1]["errors"][0]["code"]) == (status, code)


async def test_a_call_must_be_answered_to_be_supervised(stage: Stage) -> None:
    _, call = await stage.parked()

    status, body = await dial(stage, supervise_call_control_id=call)

    assert (status, body["errors"][0]["code"]) == (422, "90034")


async def test_the_platform_may_refuse_supervision(stage: Stage) -> None:
    _, call = await stage.answered()
    await stage.platform(supervision="refuse")

    status, body = await dial(stage, supervise_call_control_id=call, supervisor_role="monitor")

    assert (status, body["errors"][0]["code"]) == (422, "10015")
    assert (await dial(stage))[0] == 200


async def test_the_platform_may_refuse_a_change_of_role(stage: Stage) -> None:
    _, _, _, own = await watched(stage, "monitor")
    await stage.platform(role_switch="refuse")

    status, _ = await stage.command(own, "switch_supervisor_role", role="barge")

    assert status == 422
    assert (await stage.leg(own))["supervisor_role"] == "monitor"


async def test_only_a_supervisor_has_a_role(stage: Stage) -> None:
    _, call = await stage.answered()

    assert (await stage.command(call, "switch_supervisor_role", role="barge"))[0] == 422
    assert (await stage.command(call, "switch_supervisor_role", role="shout"))[0] == 422


@pytest.mark.parametrize("choice", [{"supervision": "perhaps"}, {"gravity": "off"}, ["supervision"]])
async def test_a_choice_without_sense_is_refused(stage: Stage, choice: Any) -> None:
    assert "error" in await stage.control("PUT", "platform", choice)


async def test_reset_returns_to_what_is_usual(stage: Stage) -> None:
    usual = await stage.control("GET", "platform")
    await stage.platform(supervision="refuse")
    assert await stage.control("GET", "platform") == {**usual, "supervision": "refuse"}

    await stage.control("POST", "reset", {})

    assert await stage.control("GET", "platform") == usual
