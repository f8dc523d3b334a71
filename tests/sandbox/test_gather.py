"""The AI asks on a leg that we own: spoken and typed answers, its events, its end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.stage import Stage

SCHEMA = {
    "type": "object",
    "properties": {
        "full_name": {"type": "string"},
        "budget": {"type": "number", "description": "What is your budget?"},
    },
    "required": ["full_name"],
}


async def gather(stage: Stage, call: str, **extra: Any) -> str:
    response = await stage.client.calls.actions.gather_using_ai(
        call,
        parameters=SCHEMA,
        greeting="Hi.",
        gather_ended_speech="Bye.",
        send_partial_results=True,
        send_message_history_updates=True,
        **extra,
    )
    assert response.data.conversation_id
    return str(response.data.conversation_id)


def asking(question: str) -> Callable[[dict[str, Any]], bool]:
    return lambda leg: bool(leg["assistant"]["question"] == question)


async def type_text(stage: Stage, call: str, text: str) -> None:
    messages = [{"role": "user", "content": text}]
    await stage.client.calls.actions.add_ai_assistant_messages(call, messages=messages)


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
    await stage.control("PUT", "scenario", {"answers": ["Jo Day", "about twelve thousand dollars"], "pause_ms": 0})
    phone, call = await stage.answered()
    await gather(stage, call)

    for question in ("full_name", "budget"):
        leg = await stage.until(call, asking(question))
        await stage.until(call, lambda leg: leg["rms_out"] > 300)
        await stage.until(call, lambda leg: leg["source"] == "silence")
        assert leg["assistant"]["running"]
        await phone.say_something()

    result = (await stage.event("call.ai_gather.ended")).payload["result"]
    assert result == {"full_name": "Jo Day", "budget": 12000}


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

    page = await stage.client.ai.conversations.messages.list(conversation_id)
    texts = [message.text for message in page.data]
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
        ({"parameters": SCHEMA, "voice": "female"}, "90012"),
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


async def test_an_assistant_start_asks_for_variables_and_says_its_greeting(stage: Stage) -> None:
    stage.variables = {"dynamic_variables": {"company": "Acme"}, "conversation": {"metadata": {"ours": "1"}}}
    _, call = await stage.answered()

    started = await stage.client.calls.actions.start_ai_assistant(
        call,
        assistant={"id": DEFAULT_ASSISTANT_ID},
        greeting="Welcome to {{company}}.",
        send_message_history_updates=True,
    )

    history = (await stage.event("call.ai_gather.message_history_updated")).payload["message_history"]
    assert history[0]["content"] == "Welcome to Acme. Could you tell me your full name?"
    conversation = await stage.client.ai.conversations.retrieve(started.data.conversation_id or "")
    assert conversation.data.metadata["ours"] == "1"
