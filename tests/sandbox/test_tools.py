"""The assistant uses tools of the account as the platform does: over MCP, or as signed webhooks."""

import base64
from typing import Any

import pytest
from nacl.signing import VerifyKey

from sandbox.config import DEFAULT_ASSISTANT_ID
from sandbox.tool_habits import asks_for_person
from tests.sandbox.phone import eventually
from tests.sandbox.stage import PUBLIC_KEY, TOOL_SECRET, Received, Stage

NAME = {"type": "object", "properties": {"full_name": {"type": "string"}, "budget": {"type": "string"}}}


async def gather(stage: Stage, call: str, **extra: Any) -> str:
    given = {"parameters": NAME, "greeting": "Hi.", "gather_ended_speech": "", **extra}
    return str((await stage.client.calls.actions.gather_using_ai(call, **given)).data.conversation_id)


async def type_text(stage: Stage, call: str, text: str) -> None:
    messages = [{"role": "user", "content": text}]
    await stage.client.calls.actions.add_ai_assistant_messages(call, messages=messages)


async def use(stage: Stage, call: str, **body: Any) -> Any:
    return await stage.control("POST", "assistant/tool", {"call_control_id": call, **body})


def body(item: Received) -> dict[str, Any]:
    return item.event


async def test_over_mcp_the_platform_says_whose_conversation_it_is(stage: Stage) -> None:
    _, call = await stage.answered()
    conversation_id = await gather(stage, call)

    told = await use(stage, call, name="request_handoff", arguments={"reason": "asks"})

    assert told == {"status": 200, "text": "Done.", "data": {}}
    hello, used = stage.tools_used
    assert (hello.path, body(hello)["method"], body(used)["method"]) == ("/mcp/", "initialize", "tools/call")
    assert body(used)["params"] == {
        "name": "request_handoff",
        "arguments": {"reason": "asks"},
        "_meta": {"progressToken": None, "telnyx_conversation_id": conversation_id},
    }
    assert used.headers["Authorization"] == f"Bearer {TOOL_SECRET}"


async def test_a_webhook_tool_is_signed_and_names_the_call(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call)

    told = await use(stage, call, name="book_callback", arguments={"when": "noon"}, door="webhook")

    (used,) = stage.tools_used
    assert told == {"status": 200, "text": "Done.", "data": {"status": "done"}}
    assert (used.path, body(used)) == ("/webhooks/telnyx/tools/book_callback", {"when": "noon"})
    assert (used.headers["x-telnyx-call-control-id"], used.headers["Authorization"]) == (call, f"Bearer {TOOL_SECRET}")
    signed = used.headers["telnyx-timestamp"].encode() + b"|" + used.raw
    VerifyKey(base64.b64decode(PUBLIC_KEY)).verify(signed, base64.b64decode(used.headers["telnyx-signature-ed25519"]))


async def test_who_types_for_a_person_is_heard_out_before_the_question_goes_on(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call)

    await type_text(stage, call, "I want to talk to a human, please")
    await eventually(lambda: len(stage.tools_used) == 2)
    await type_text(stage, call, "Sam Lee")
    await stage.until(call, lambda leg: leg["assistant"]["question"] == "budget")

    assert body(stage.tools_used[1])["params"]["name"] == "request_handoff"
    state = await stage.control("GET", "state")
    assert state["conversations"][0]["results"] == {"full_name": "Sam Lee"}
    said = [message for message in state["conversations"][0]["messages"] if message["content"]]
    assert said[2]["content"].startswith("Done.")


async def test_an_assistant_that_reports_no_results_saves_them(stage: Stage) -> None:
    _, call = await stage.answered()
    await stage.client.calls.actions.start_ai_assistant(call, assistant={"id": DEFAULT_ASSISTANT_ID}, greeting="Hi.")

    for text in ("Sam Lee", "sam@example.com", "20000"):
        await type_text(stage, call, text)
    await eventually(lambda: len(stage.tools_used) == 6)

    given = [body(used)["params"]["arguments"] for used in stage.tools_used[1::2]]
    assert given == [
        {"full_name": "Sam Lee"},
        {"email": "sam@example.com"},
        {"answers": [{"question": "budget", "answer": "20000"}]},
    ]


async def test_a_scenario_uses_a_tool_after_an_answer(stage: Stage) -> None:
    planned = {"after": "full_name", "name": "check_closer_availability", "door": "webhook"}
    await stage.control("PUT", "scenario", {"tools": [planned]})
    _, call = await stage.answered()
    await gather(stage, call)

    await type_text(stage, call, "Sam Lee")
    await eventually(lambda: len(stage.tools_used) == 1)

    assert stage.tools_used[0].path.endswith("/tools/check_closer_availability")


async def test_what_was_used_stands_in_the_history_and_not_among_the_answers(stage: Stage) -> None:
    _, call = await stage.answered()
    await gather(stage, call, send_message_history_updates=True)
    await use(stage, call, name="request_handoff")
    await type_text(stage, call, "Sam Lee")
    await type_text(stage, call, "20000")

    ended = (await stage.event("call.conversation.ended")).payload["messages"]

    calls = [message for message in ended if message.get("tool_calls")]
    assert [one["tool_calls"][0]["function"]["name"] for one in calls] == ["request_handoff"]
    assert {message["role"] for message in ended} == {"assistant", "user"}


@pytest.mark.parametrize("wrong", [{"name": "x", "door": "fax"}, {"name": "x", "arguments": []}])
async def test_a_request_without_sense_is_refused(stage: Stage, wrong: dict[str, Any]) -> None:
    _, call = await stage.answered()
    await gather(stage, call)

    assert "error" in await use(stage, call, **wrong)
    assert stage.tools_used == []


@pytest.mark.parametrize("text", ["human", "A real person please!", "Can I speak to a PERSON"])
def test_these_want_a_person(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize("text", ["humanity", "personal training", "Jordan Blake", ""])
def test_these_do_not(text: str) -> None:
    assert not asks_for_person(text)
