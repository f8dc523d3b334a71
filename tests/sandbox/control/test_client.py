"""The launcher's client of the control interface says what it means."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from launcher.sandbox_control import ControlError, SandboxControl
from tests.sandbox.stage import CONTROL_TOKEN, Stage

Result = TypeVar("Result")
NUMBER = "+61390001111"


@pytest.fixture
def control(stage: Stage) -> SandboxControl:
    return SandboxControl(stage.url, CONTROL_TOKEN)


async def aside(work: Callable[[], Result]) -> Result:
    """The client blocks, and the sandbox runs in this very loop."""
    return await asyncio.to_thread(work)


async def test_a_leg_and_its_conversation_are_printed_as_typed(stage: Stage, control: SandboxControl) -> None:
    _, call = await stage.answered()
    supervisor = (await stage.dialled(supervise_call_control_id=call, supervisor_role="monitor"))[1]
    schema = {"type": "object", "properties": {"full_name": {"type": "string"}}}
    await stage.client.calls.actions.gather_using_ai(
        call, parameters=schema, greeting="Hi.", assistant={"instructions": "Be brief."}
    )

    watching = (await aside(lambda: control.legs(supervises=call)))[0]
    talk = (await aside(lambda: control.conversations(call)))[0]

    assert (watching["call_control_id"], watching["supervisor_role"]) == (supervisor, "monitor")
    assert (talk["given"]["instructions"], talk["added"]) == ("Be brief.", [])


async def test_the_platform_and_the_destinations_are_set(stage: Stage, control: SandboxControl) -> None:
    _, call = await stage.answered()

    await aside(lambda: control.platform(supervision="refuse"))
    await aside(lambda: control.destinations({NUMBER: {"behaviour": "busy", "after_seconds": 0}}))
    await stage.command(call, "transfer", **{"to": NUMBER, "from": "+61255501234"})

    assert (await stage.control("GET", "platform"))["supervision"] == "refuse"
    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "user_busy"
    with pytest.raises(ControlError, match="choices"):
        await aside(lambda: control.platform(gravity="off"))


async def test_faults_and_what_was_carried_out(stage: Stage, control: SandboxControl) -> None:
    _, call = await stage.answered()
    fault = {"command": "speak", "call_control_id": call, "mode": "status", "status": 422, "code": "90018", "times": 1}
    await aside(lambda: control.faults(fault))
    words = {"payload": "x", "voice": "y", "command_id": "same"}

    refused = await stage.command(call, "speak", **words)
    await stage.command(call, "speak", **words)
    await aside(lambda: control.age_command_ids(61))
    await stage.command(call, "speak", **words)

    assert refused[1]["errors"][0]["code"] == "90018"
    done = await aside(lambda: control.effective(call, "speak"))
    assert [(entry["command_id"], entry["legs"]) for entry in done] == [("same", [call])] * 2
    assert [entry["fault"] for entry in await aside(control.requests)][-3:] == ["status", None, None]


async def test_webhooks_are_disordered_until_the_faults_are_cleared(stage: Stage, control: SandboxControl) -> None:
    await aside(lambda: control.disorder(7, lose=1.0))
    await stage.post("calls", {"connection_id": "1684641123236054244", "to": NUMBER, "from": "+61255501234"})
    await aside(lambda: control.wait_for("an answer", lambda known: known.legs(state="answered")))

    await aside(control.clear_faults)
    await aside(lambda: control.hangup(control.legs(state="answered")[0]["call_control_id"]))

    await stage.event("call.hangup")
    assert [item.type for item in stage.received] == ["call.hangup"]


async def test_the_assistant_transfers(stage: Stage, control: SandboxControl) -> None:
    stage.variables = {"dynamic_variables": {"targets": [{"name": "Desk", "to": NUMBER}]}}
    await aside(lambda: control.scenario(transfer_targets="{{ targets }}"))
    phone = await stage.phone()
    await phone.call()
    await phone.until_answered()
    call = (await stage.event("assistant.initialization")).payload["call_control_id"]
    await stage.until(call, lambda leg: leg["assistant"]["question"] is not None)

    new_leg = await aside(lambda: control.transfer_by_assistant(call, target="Desk"))

    await stage.event("call.bridged", 2)
    assert (await aside(lambda: control.legs(call_control_id=new_leg)))[0]["peer"] == call
