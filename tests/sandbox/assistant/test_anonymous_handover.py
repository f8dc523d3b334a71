"""Getting a visitor without a credential to a human: by command, where the platform lets us, or by the assistant."""

import asyncio
from typing import Any

import pytest

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Stage

CALLER = "+61255501234"


async def visit(stage: Stage) -> tuple[Phone, str]:
    """An anonymous visitor whose assistant has begun to speak."""
    await stage.control("PUT", "scenario", {"gather_fields": {"email": {"type": "string"}}})
    phone = await stage.phone()
    await phone.call(custom_headers=[{"name": "X-Page", "value": "/pricing"}])
    await phone.until_answered()
    call = (await stage.event("assistant.initialization")).payload["call_control_id"]
    await stage.until(call, lambda leg: leg["assistant"]["question"] == "email")
    return phone, call


async def visit_with_target(stage: Stage, **other: Any) -> tuple[Phone, str, Phone]:
    """A visitor whose dynamic variables name a closer, and that closer."""
    closer, address = await stage.closer()
    targets = [{"name": "Alice", "to": address}, {"name": "Bob", "to": "sip:bob@pbx.example.com"}]
    stage.variables = {"dynamic_variables": {"targets": targets, "session": "s-1", **other}}
    headers = {"X-Session": "{{session}}", "X-From": "{{ page }}", "X-Open": "{{unknown}}"}
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, tools=[transfer_tool(**headers)])
    visitor, call = await visit(stage)
    return visitor, call, closer


def transfer_tool(**headers: str) -> dict[str, Any]:
    custom_headers = [{"name": name, "value": value} for name, value in headers.items()]
    settings = {"from": CALLER, "targets": "{{ targets }}", "custom_headers": custom_headers}
    return {"type": "transfer", "transfer": settings}


async def transfer(stage: Stage, call: str, **extra: Any) -> Any:
    return await stage.control("POST", "assistant/transfer", {"call_control_id": call, **extra})


@pytest.mark.parametrize(
    ("choice", "status", "code"), [(None, 422, "90018"), ("422", 422, "90018"), ("404", 404, "10005")]
)
async def test_commands_on_such_a_leg_are_refused(stage: Stage, choice: str | None, status: int, code: str) -> None:
    _, call = await visit(stage)
    _, own = await stage.dialled()
    await stage.control("PUT", "platform", {"anonymous_legs": choice} if choice else {})

    answers = [
        await stage.command(call, "bridge", call_control_id=own),
        await stage.command(own, "bridge", call_control_id=call),
        await stage.command(call, "transfer", **{"to": "+61390001111", "from": CALLER}),
        await stage.command(call, "speak", payload="x", voice="y"),
        await stage.post("conferences", {"call_control_id": call, "name": "desk"}),
        await stage.post(
            "calls", {"connection_id": DEFAULT_APP_ID, "to": "+61390001111", "from": CALLER, "link_to": call}
        ),
    ]

    assert {(answer[0], answer[1]["errors"][0]["code"]) for answer in answers} == {(status, code)}
    leg = await stage.leg(call)
    assert (leg["state"], leg["assistant"]["running"]) == ("answered", True)


async def test_messages_are_always_taken(stage: Stage) -> None:
    _, call = await visit(stage)

    status, _ = await stage.command(
        call, "ai_assistant_add_messages", messages=[{"role": "system", "content": "Hurry."}]
    )

    assert status == 200
    assert (await stage.client.calls.retrieve_status(call)).data.is_alive


async def test_an_accepted_bridge_takes_the_assistant_off_and_keeps_the_leg(stage: Stage) -> None:
    await stage.platform(anonymous_legs="accept", bridge_over_assistant="ends")
    visitor, call = await visit(stage)
    closer, own = await stage.dialled()
    visitor.speak()
    closer.speak()

    status, _ = await stage.command(call, "bridge", call_control_id=own, park_after_unbridge="self")

    assert status == 200
    await asyncio.gather(visitor.until_hears(closer), closer.until_hears(visitor))
    await stage.event("call.conversation.ended")
    assert stage.count("call.hangup") == 0
    await closer.hang_up()
    await stage.until(call, lambda leg: leg["peer"] is None)
    assert (await stage.leg(call))["state"] == "answered"


async def test_an_accepted_transfer_rings_while_the_assistant_speaks(stage: Stage) -> None:
    await stage.platform(anonymous_legs="accept", bridge_over_assistant="ends")
    visitor, call = await visit(stage)
    closer, address = await stage.closer()

    await stage.command(call, "transfer", **{"to": address, "from": CALLER, "park_after_unbridge": "self"})
    await closer.frame("telnyx_rtc.invite")
    assert (await stage.leg(call))["assistant"]["running"]
    await closer.pick_up()
    closer.speak()

    await visitor.until_hears(closer)
    assert (await stage.event("call.conversation.ended")).payload["reason"] == "call_bridged"


async def test_the_assistant_transfers_to_a_target_of_the_variables(stage: Stage) -> None:
    visitor, call, closer = await visit_with_target(stage)

    answer = await transfer(stage, call, reason="transferred")
    invite = await closer.pick_up()
    closer.speak()
    visitor.speak()

    await asyncio.gather(visitor.until_hears(closer), closer.until_hears(visitor))
    assert invite["dialogParams"]["custom_headers"] == [
        {"name": "X-Session", "value": "s-1"},
        {"name": "X-From", "value": "/pricing"},
        {"name": "X-Open", "value": "{{unknown}}"},
    ]
    assert (await stage.event("call.conversation.ended")).payload["reason"] == "transferred"
    assert (await stage.leg(call))["peer"] == answer["call_control_id"]
    assert stage.count("call.hangup") == 0


async def test_the_target_can_be_named(stage: Stage) -> None:
    visitor, call, _ = await visit_with_target(stage)

    answer = await transfer(stage, call, target="Bob")

    await stage.event("call.bridged", 2)
    assert (await stage.leg(answer["call_control_id"]))["to"] == "sip:bob@pbx.example.com"
    assert (await stage.event("call.conversation.ended")).payload["reason"] == "normal"
    await visitor.until_loud()


async def test_the_visitor_stays_with_the_assistant_when_nobody_answers(stage: Stage) -> None:
    _, call, _ = await visit_with_target(stage)
    await stage.control("PUT", "destinations", {"sip:bob@*": {"behaviour": "busy", "after_seconds": 0.1}})

    await transfer(stage, call, target="Bob")

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "user_busy"
    leg = await stage.leg(call)
    assert (leg["state"], leg["assistant"]["running"]) == ("answered", True)
    assert stage.count("call.conversation.ended") == 0


async def test_the_leg_ends_with_the_closer_it_was_transferred_to(stage: Stage) -> None:
    visitor, call, closer = await visit_with_target(stage)
    await transfer(stage, call)
    await closer.pick_up()
    await stage.event("call.bridged", 2)

    await closer.hang_up()

    await visitor.frame("telnyx_rtc.bye")
    assert (await stage.leg(call))["state"] == "ended"


async def test_targets_may_be_json_text(stage: Stage) -> None:
    _, call, _ = await visit_with_target(stage, targets='[{"name": "Carol", "to": "+61390001111"}]')

    answer = await transfer(stage, call)

    assert (await stage.leg(answer["call_control_id"]))["to"] == "+61390001111"


@pytest.mark.parametrize("targets", [None, "{{ targets }}", [], [{"name": "Alice"}], {"to": "x"}, "not JSON"])
async def test_without_a_target_nobody_is_rung(stage: Stage, targets: Any) -> None:
    _, call, _ = await visit_with_target(stage, targets=targets)

    assert "target" in (await transfer(stage, call))["error"]
    assert stage.count("call.initiated") == 1


async def test_a_leg_of_our_own_can_be_transferred_too(stage: Stage) -> None:
    closer, address = await stage.closer()
    stage.variables = {"dynamic_variables": {"targets": [{"name": "Alice", "to": address}]}}
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, tools=[transfer_tool()])
    prospect, call = await stage.answered()
    await stage.client.calls.actions.start_ai_assistant(call, assistant={"id": DEFAULT_ASSISTANT_ID}, greeting="Hi.")
    await stage.until(call, lambda leg: leg["assistant"]["question"] == "full_name")

    await transfer(stage, call)
    await closer.pick_up()
    closer.speak()

    await prospect.until_hears(closer)


async def test_without_the_tool_it_does_not_transfer(stage: Stage) -> None:
    _, call = await visit(stage)

    assert "no transfer tool" in (await transfer(stage, call))["error"]


async def test_only_an_assistant_transfers(stage: Stage) -> None:
    _, call = await stage.answered()

    assert "no assistant" in (await transfer(stage, call))["error"]
