"""The AI asks on a leg that we own: spoken and typed answers, its events, its end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from sandbox.assistant.script import PRACTICE
from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.equipment import conversation, listening, said, type_text
from tests.sandbox.stage import Stage

PROPERTIES = {
    "full_name": {"type": "string"},
    "budget": {"type": "number", "description": "What is your budget?"},
}
SCHEMA = {"type": "object", "properties": PROPERTIES, "required": ["full_name", "budget"]}


@pytest_asyncio.fixture(autouse=True)
async def steered(stage: Stage) -> None:
    """Most of these prospects type, which is quicker than to speak."""
    await stage.platform(gather_steering="accept", gather_stop="accept")


async def gather(stage: Stage, call: str, **extra: Any) -> str:
    given = {
        "parameters": SCHEMA,
        "greeting": "Hi.",
        "gather_ended_speech": "Bye.",
        "send_partial_results": True,
        "send_message_history_updates": True,
        **extra,
    }
    response = await stage.client.calls.actions.gather_using_ai(call, **given)
    assert response.data.conversation_id
    return str(response.data.conversation_id)


def asking(question: str) -> Callable[[dict[str, Any]], bool]:
    return lambda leg: bool(leg["assistant"]["question"] == question)


async def test_typed_answers_are_taken_literally(stage: Stage) -> None:
    _, call = await stage.answered()
    conversation_id = await gather(stage, call)

    await type_text(stage, call, "Sam Lee")
    first = (await stage.event("call.ai_gather.partial_results")).payload
    await type_text(stage, call, "around 15,000")

    ended = (await stage.event("call.ai_gather.ended")).payload
    assert first["partial_results"] == {"full_name": "Sam Lee"}
    assert (ended["status"], ended["result"]) == ("valid", {"full_name": "Sam Lee", "budget": 15000})
    assert (await stage.event("call.conversation.created")).payload["conversation_id"] == conversation_id
    assert [message["role"] for message in ended["message_history"]] == ["assistant", "user"] * 2 + ["assistant"]


async def test_a_spoken_turn_takes_the_scenarios_next_answer(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"answers": ["Jo Day", "about twelve thousand"], "pause_ms": 0})
    phone, call = await stage.answered()
    await gather(stage, call)

    for question in ("full_name", "budget"):
        leg = await stage.until(call, asking(question))
        assert leg["assistant"]["running"]
        await listening(stage, call)
        await phone.say_something()

    result = (await stage.event("call.ai_gather.ended")).payload["result"]
    assert result == {"full_name": "Jo Day", "budget": 12000}
    told = (await stage.event("call.conversation.ended")).payload["messages"]
    # Once, and before the next sentence.
    assert told[2]["content"] == f"{PRACTICE.format('Jo Day')} What is your budget?"
    assert told[4]["content"] == "Bye."


async def test_the_assistant_is_heard(stage: Stage) -> None:
    phone, call = await stage.answered()

    await gather(stage, call)

    assert await phone.until_loud() > 1000
    assert (await stage.leg(call))["source"] == "assistant"


async def test_the_end_is_told_in_order_and_the_leg_lives(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call)

    await stage.control("POST", "assistant/end", {"call_control_id": call, "reason": "told"})

    ended = (await stage.event("call.conversation.ended")).payload
    order = [item.type for item in stage.received if item.type.endswith(".ended")]
    assert order == ["call.ai_gather.ended", "call.conversation.ended"]
    assert (ended["reason"], ended["messages"][0]["content"]) == ("told", "Hi. Could you tell me your full name?")
    leg = await stage.leg(call)
    assert (leg["state"], leg["source"], leg["assistant"]["running"]) == ("answered", "silence", False)


async def test_field_values_fill_what_was_not_asked(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"field_values": {"budget": 9000}})
    _, call = await stage.answered()
    await gather(stage, call)

    await stage.control("POST", "assistant/end", {"call_control_id": call})

    result = (await stage.event("call.ai_gather.ended")).payload["result"]
    assert result == {"full_name": "Jordan Blake", "budget": 9000}


async def test_a_scenario_can_be_set_for_one_call(stage: Stage) -> None:
    _, call = await stage.answered()
    await stage.control("PUT", f"scenario?call_control_id={call}", {"field_values": {"full_name": "Only Me"}})
    await gather(stage, call)

    await stage.control("POST", "assistant/end", {"call_control_id": call})

    assert (await stage.event("call.ai_gather.ended")).payload["result"]["full_name"] == "Only Me"


async def test_hold_open_waits_to_be_told(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"hold_open": True})
    _, call = await stage.answered()
    await gather(stage, call)
    await type_text(stage, call, "Sam Lee")
    await stage.event("call.ai_gather.partial_results", 1)
    await type_text(stage, call, "5")
    await stage.event("call.ai_gather.partial_results", 2)

    await asyncio.sleep(1.0)
    assert stage.count("call.ai_gather.ended") == 0
    await stage.control("POST", "assistant/end", {"call_control_id": call})

    assert (await stage.event("call.ai_gather.ended")).payload["status"] == "valid"


async def test_silence_makes_it_ask_again(stage: Stage) -> None:
    _, call = await stage.answered()
    conversation_id = await gather(stage, call, user_response_timeout_ms=200)

    await stage.event("call.ai_gather.message_history_updated", 3)

    texts = await said(stage, conversation_id)
    assert texts[1:] == ["Sorry, I did not hear you. Your full name, please?"] * 2


async def test_stopping_keeps_the_leg_and_what_was_captured(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call)
    await type_text(stage, call, "Sam Lee")
    await stage.event("call.ai_gather.partial_results")

    await stage.client.calls.actions.stop_ai_assistant(call)

    ended = (await stage.event("call.ai_gather.ended")).payload
    assert (ended["status"], ended["result"]) == ("invalid", {"full_name": "Sam Lee"})
    assert (await stage.leg(call))["state"] == "answered"


async def test_a_caller_who_leaves_ends_the_conversation(stage: Stage) -> None:
    phone, call = await stage.answered()
    await gather(stage, call)

    await phone.hang_up()

    assert (await stage.event("call.conversation.ended")).payload["reason"] == "customer_disconnect"
    assert stage.count("call.ai_gather.ended") == 0


async def test_a_bridge_may_end_the_assistant(stage: Stage) -> None:
    await stage.platform(bridge_over_assistant="ends")
    _, call = await stage.answered()
    _, other = await stage.dialled()
    await gather(stage, call)

    await stage.command(call, "bridge", call_control_id=other)

    assert (await stage.event("call.conversation.ended")).payload["reason"] == "call_bridged"
    assert (await stage.leg(call))["source"] == "peer"


async def test_only_one_assistant_runs(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call)

    status, body = await stage.command(call, "ai_assistant_start", assistant={"id": DEFAULT_ASSISTANT_ID})

    assert (status, body["errors"][0]["code"]) == (422, "90061")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "10015"),
        ({"parameters": {"properties": {}}}, "10015"),
        ({"parameters": SCHEMA, "voice": "female"}, "10015"),
    ],
)
async def test_a_gather_without_sense_is_refused(stage: Stage, body: dict[str, Any], code: str) -> None:
    _, call = await stage.answered()

    status, answer = await stage.command(call, "gather_using_ai", **body)

    assert (status, answer["errors"][0]["code"]) == (422, code)


async def test_the_page_of_a_credential_leg_gets_no_transcript(stage: Stage) -> None:
    phone, call = await stage.answered()
    await gather(stage, call)
    await type_text(stage, call, "Sam Lee")
    await stage.event("call.ai_gather.partial_results")

    assert "ai_conversation" not in {frame["method"] for frame in phone.frames}


# How far the platform's gather goes.


@pytest.mark.parametrize(
    ("required", "ends", "result"),
    [
        (["full_name"], "required", {"full_name": "Sam Lee"}),
        ([], "required", {"full_name": "Sam Lee"}),
        (["full_name"], "all", {"full_name": "Sam Lee", "budget": 15000}),
        (["budget"], "required", {"full_name": "Sam Lee", "budget": 15000}),
    ],
)
async def test_it_is_over_when_what_is_required_is_known(
    stage: Stage, required: list[str], ends: str, result: dict[str, Any]
) -> None:
    await stage.platform(gather_steering="accept", gather_ends=ends)
    _, call = await stage.answered()
    await gather(stage, call, parameters={**SCHEMA, "required": required})

    await type_text(stage, call, "Sam Lee")
    if len(result) > 1:
        await stage.until(call, asking("budget"))
        await type_text(stage, call, "15,000")

    ended = (await stage.event("call.ai_gather.ended")).payload
    assert (ended["status"], ended["result"]) == ("valid", result)


async def test_what_was_not_understood_is_not_known(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call)

    await type_text(stage, call, "Sam Lee")
    await stage.until(call, asking("budget"))
    await type_text(stage, call, "no idea")

    ended = (await stage.event("call.ai_gather.ended")).payload
    assert (ended["status"], ended["result"]) == ("invalid", {"full_name": "Sam Lee", "budget": None})


async def test_a_provider_that_fails_leaves_no_result_and_the_next_gather_is_another_one(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"gather_status": ["client_error", "valid"]})
    _, call = await stage.answered()
    await gather(stage, call)

    first = (await stage.event("call.ai_gather.ended")).payload
    await stage.event("call.conversation.ended")
    await gather(stage, call, parameters={"properties": {"full_name": {}}})
    await type_text(stage, call, "Sam Lee")

    second = (await stage.event("call.ai_gather.ended", 2)).payload
    assert (first["status"], first["result"]) == ("client_error", None)
    assert [turn["content"] for turn in first["message_history"]] == ["Hi."]
    assert (second["status"], second["result"]) == ("valid", {"full_name": "Sam Lee"})


@pytest.mark.parametrize(("after", "result"), [(None, {"full_name": "Sam Lee"}), (0, {})])
async def test_a_gather_may_end_invalid(stage: Stage, after: int | None, result: dict[str, Any]) -> None:
    await stage.control("PUT", "scenario", {"gather_status": "invalid", "gather_ends_after": after})
    _, call = await stage.answered()
    await gather(stage, call)

    if result:
        await type_text(stage, call, "Sam Lee")

    ended = (await stage.event("call.ai_gather.ended")).payload
    assert (ended["status"], ended["result"]) == ("invalid", result)


@pytest.mark.parametrize(
    ("command", "body"),
    [("ai_assistant_stop", {}), ("ai_assistant_add_messages", {"messages": [{"role": "user", "content": "Sam"}]})],
)
async def test_it_is_neither_stopped_nor_told_anything_by_itself(
    stage: Stage, command: str, body: dict[str, Any]
) -> None:
    await stage.platform()
    _, call = await stage.answered()
    await gather(stage, call)

    status, answer = await stage.command(call, command, **body)

    assert (status, answer["errors"][0]["code"]) == (422, "10015")
    assert (await stage.leg(call))["assistant"] | {"conversation_id": ""} == {
        "running": True,
        "conversation_id": "",
        "question": "full_name",
    }


async def test_it_knows_no_assistant(stage: Stage) -> None:
    _, call = await stage.answered()
    conversation_id = await gather(stage, call)
    await stage.control("POST", "assistant/end", {"call_control_id": call})

    assert "assistant_id" not in (await stage.event("call.conversation.ended")).payload
    assert "assistant_id" not in (await conversation(stage, conversation_id))["metadata"]


@pytest.mark.parametrize(
    ("assistant", "pointer"),
    [
        ({"id": DEFAULT_ASSISTANT_ID}, "/assistant/id"),
        ({"instructions": "x", "dynamic_variables": {}}, "/assistant/dynamic_variables"),
        ({"tools": [{"type": "hangup", "hangup": {}}, {"type": "handoff"}]}, "/assistant/tools/1/type"),
    ],
)
async def test_what_belongs_to_configured_assistants_is_refused(
    stage: Stage, assistant: dict[str, Any], pointer: str
) -> None:
    _, call = await stage.answered()

    status, body = await stage.command(call, "gather_using_ai", parameters=SCHEMA, assistant=assistant)

    assert (status, body["errors"][0]["source"]) == (422, {"pointer": pointer})


async def test_nothing_is_said_that_the_command_did_not_name(stage: Stage) -> None:
    _, call = await stage.answered()
    talk = await stage.client.calls.actions.gather_using_ai(call, parameters={"properties": {"full_name": {}}})
    await type_text(stage, call, "Sam Lee")
    await stage.event("call.ai_gather.ended")

    assert await said(stage, talk.data.conversation_id) == ["Could you tell me your full name?"]
