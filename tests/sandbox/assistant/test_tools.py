"""The assistant's use of tools, as its account (or the command) describes them: webhooks, or over MCP."""

import asyncio
import base64
from typing import Any

import pytest
from nacl.signing import VerifyKey

from sandbox.assistant.habits import asks_for_person
from sandbox.assistant.tools import UNREACHABLE
from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.equipment import (
    QUESTIONS,
    conversation,
    equip,
    said,
    start,
    type_text,
    used,
    usual_tools,
    webhook_tool,
)
from tests.sandbox.phone import eventually
from tests.sandbox.stage import PUBLIC_KEY, TOOL_SECRET, Received, Stage

NAME = {"type": "object", "properties": {"full_name": {"type": "string"}, "budget": {"type": "string"}}}


async def use(stage: Stage, call: str, **body: Any) -> Any:
    return await stage.control("POST", "assistant/tool", {"call_control_id": call, **body})


async def gather(stage: Stage, call: str, **extra: Any) -> str:
    given = {"parameters": NAME, "greeting": "Hi.", **extra}
    return str((await stage.client.calls.actions.gather_using_ai(call, **given)).data.conversation_id)


def assert_signed(item: Received) -> None:
    signed = item.headers["telnyx-timestamp"].encode() + b"|" + item.raw
    VerifyKey(base64.b64decode(PUBLIC_KEY)).verify(signed, base64.b64decode(item.headers["telnyx-signature-ed25519"]))


async def test_a_webhook_tool_comes_signed_with_the_call_and_the_accounts_secret(stage: Stage) -> None:
    await equip(stage)
    _, call = await stage.answered()
    await start(stage, call)

    told = await use(stage, call, name="book_callback", arguments={"when": "noon"})

    item = await used(stage, "book_callback")
    assert told == {"status": 200, "text": "Done.", "data": {"status": "done"}}
    assert item.event == {"when": "noon"}
    assert item.headers["Authorization"] == f"Bearer {TOOL_SECRET}"
    assert item.headers["x-telnyx-call-control-id"] == call
    assert_signed(item)


async def test_no_tool_is_there_that_the_account_does_not_name(stage: Stage) -> None:
    _, call = await stage.answered()
    await start(stage, call)

    told = await use(stage, call, name="request_handoff", arguments={"reason": "x"})

    assert told == {"error": "the assistant has no tool 'request_handoff'"}
    assert stage.tools_used == []


async def test_its_definition_says_how_it_is_called(stage: Stage) -> None:
    settings = {
        "url": f"{stage.application}/webhooks/telnyx/tools/{{which}}?for={{{{who}}}}",
        "method": "PUT",
        "headers": [{"name": "X-Who", "value": "{{who}} {{nobody}}"}],
        "path_parameters": {"type": "object", "properties": {"which": {"type": "string"}}},
        "query_parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
        "preset_body_fields": {"who": "{{who}}", "when": "preset"},
    }
    await equip(stage, tools=[webhook_tool(stage, "see", {"when": {"type": "string"}}, webhook=settings)])
    _, call = await stage.answered()
    await start(stage, call, assistant={"dynamic_variables": {"who": "Sam"}})

    await use(stage, call, name="see", arguments={"which": "a b", "day": "+1", "when": "noon"})

    (item,) = stage.tools_used
    assert item.path == "/webhooks/telnyx/tools/a%20b?for=Sam&day=%2B1"
    assert item.event == {"when": "preset", "who": "Sam"}
    assert item.headers["X-Who"] == "Sam {{nobody}}"
    assert "Authorization" not in item.headers


async def test_a_get_has_no_body(stage: Stage) -> None:
    query = {"type": "object", "properties": {"day": {"type": "string"}}}
    settings = {"method": "GET", "query_parameters": query, "preset_query_params": {"call": "{{call_control_id}}"}}
    await equip(stage, tools=[webhook_tool(stage, "see", webhook=settings)])
    _, call = await stage.answered()
    await start(stage, call)

    await use(stage, call, name="see", arguments={"day": "today"})

    (item,) = stage.tools_used
    assert (item.raw, item.path.startswith("/webhooks/telnyx/tools/see?day=today&call=v3:")) == (b"", True)
    assert_signed(item)


async def test_a_secret_that_the_account_does_not_hold_is_nothing(stage: Stage) -> None:
    header = {"name": "Authorization", "value": "Bearer {{#integration_secret}}other{{/integration_secret}}"}
    await equip(stage, tools=[webhook_tool(stage, "see", webhook={"headers": [header]})])
    _, call = await stage.answered()
    await start(stage, call)

    await use(stage, call, name="see")

    assert stage.tools_used[0].headers["Authorization"].strip() == "Bearer"


async def test_an_answer_that_comes_too_late_is_a_failure_and_the_conversation_goes_on(stage: Stage) -> None:
    await equip(stage, tools=[webhook_tool(stage, "save_prospect_details", QUESTIONS, timeout_ms=200)])
    stage.tool_answers = {"save_prospect_details": {"text": "All is known.", "complete": True}}
    stage.tool_seconds = 0.6
    _, call = await stage.answered()
    talk = await start(stage, call)

    await type_text(stage, call, "Sam Lee")
    await stage.until(call, lambda leg: leg["assistant"]["question"] == "email")

    told = [one for one in (await conversation(stage, talk))["messages"] if one["role"] == "tool"]
    assert [one["content"] for one in told] == [UNREACHABLE]


@pytest.mark.parametrize(("repeats", "count"), [("signed_anew", 2), ("as_it_was", 2), ("never", 1)])
async def test_a_use_that_is_not_answered_in_time_comes_once_more(stage: Stage, repeats: str, count: int) -> None:
    await equip(stage, tools=[webhook_tool(stage, "see", timeout_ms=1100)])
    await stage.control("PUT", "platform", {"tool_repeats": repeats})
    stage.tool_seconds = 1.4
    _, call = await stage.answered()
    await start(stage, call)

    told = await use(stage, call, name="see", arguments={"day": "today"})
    stage.tool_seconds = 0
    await used(stage, "see", count)
    await asyncio.sleep(0.2)

    assert (told["status"], told["text"]) == (None, UNREACHABLE)
    assert len(stage.tools_used) == count
    first, last = stage.tools_used[0], stage.tools_used[-1]
    assert first.raw == last.raw
    assert_signed(last)
    signature = "telnyx-signature-ed25519"
    assert (first.headers[signature] != last.headers[signature]) == (repeats == "signed_anew")


async def test_a_time_inside_of_the_webhooks_own_settings_is_not_applied(stage: Stage) -> None:
    await equip(stage, tools=[webhook_tool(stage, "see", webhook={"timeout_ms": 50})])
    stage.tool_seconds = 0.3
    _, call = await stage.answered()
    await start(stage, call)

    assert (await use(stage, call, name="see"))["status"] == 200


@pytest.mark.parametrize("answer", [{"status": "refused", "code": "over"}, ["a", "list"]])
async def test_whatever_it_answers_is_told_to_the_model(stage: Stage, answer: Any) -> None:
    await equip(stage)
    stage.tool_answers = {"request_handoff": answer}
    _, call = await stage.answered()
    await start(stage, call)

    told = await use(stage, call, name="request_handoff")

    assert told["data"] == (answer if isinstance(answer, dict) else {})


async def test_a_gathers_tool_is_the_commands_and_proves_nothing(stage: Stage) -> None:
    await equip(stage)
    _, call = await stage.answered()
    url = f"{stage.application}/webhooks/telnyx/tools/request_handoff?ticket=run-1:abc_-"
    tool = webhook_tool(stage, "request_handoff", webhook={"url": url})
    await gather(stage, call, assistant={"tools": [tool]})

    await use(stage, call, name="request_handoff", arguments={"reason": "asks"})

    item = await used(stage, "request_handoff")
    assert (item.path.partition("?")[2], item.event) == ("ticket=run-1:abc_-", {"reason": "asks"})
    names = {name.lower() for name in item.headers}
    assert not names & {"telnyx-signature-ed25519", "telnyx-timestamp", "x-telnyx-call-control-id"}
    assert item.headers["Authorization"] == f"Bearer {TOOL_SECRET}"
    assert "error" in await use(stage, call, name="book_callback")


async def test_a_gathers_tool_may_be_signed_too(stage: Stage) -> None:
    await stage.platform(gather_tool_proof="signed")
    _, call = await stage.answered()
    await gather(stage, call, assistant={"tools": [webhook_tool(stage, "request_handoff", webhook={"headers": []})]})

    await use(stage, call, name="request_handoff")

    (item,) = stage.tools_used
    assert item.headers["x-telnyx-call-control-id"] == call
    assert_signed(item)


async def test_over_mcp_the_platform_says_whose_conversation_it_is(stage: Stage) -> None:
    await equip(stage, tools=[], mcp=True)
    _, call = await stage.answered()
    talk = await start(stage, call)
    await eventually(lambda: len(stage.tools_used) == 3)

    told = await use(stage, call, name="request_handoff", arguments={"reason": "asks"})

    assert told == {"status": 200, "text": "Done.", "data": {}}
    methods = [item.event["method"] for item in stage.tools_used]
    assert methods == ["initialize", "initialize", "tools/list", "initialize", "tools/call"]
    assert stage.tools_used[-1].event["params"] == {
        "name": "request_handoff",
        "arguments": {"reason": "asks"},
        "_meta": {"progressToken": None, "telnyx_conversation_id": talk},
    }
    assert {item.headers["Authorization"] for item in stage.tools_used} == {f"Bearer {TOOL_SECRET}"}


async def test_the_first_word_waits_for_what_a_server_offers(stage: Stage) -> None:
    await equip(stage, tools=[], mcp=True)
    stage.tool_seconds = 0.3
    _, call = await stage.answered()
    talk = await start(stage, call)
    await eventually(lambda: len(stage.tools_used) == 3)
    assert await said(stage, talk) == []

    await stage.until(call, lambda leg: leg["source"] == "assistant")

    assert [item.event["method"] for item in stage.tools_used] == ["initialize", "initialize", "tools/list"]


async def test_where_both_lead_to_a_tool_the_webhook_is_used(stage: Stage) -> None:
    tools = [tool for tool in usual_tools(stage) if tool["webhook"]["name"] == "request_handoff"]
    await equip(stage, tools=tools, mcp=True)
    _, call = await stage.answered()
    await start(stage, call)
    await stage.until(call, lambda leg: leg["assistant"]["question"] is not None)

    await use(stage, call, name="request_handoff")
    await use(stage, call, name="request_handoff", door="mcp")
    await use(stage, call, name="book_callback")

    paths = [item.path for item in stage.tools_used[3:]]
    assert paths == ["/webhooks/telnyx/tools/request_handoff", *["/mcp/"] * 4]


async def test_over_mcp_an_answer_without_a_place_of_its_own_goes_among_the_others(stage: Stage) -> None:
    await equip(stage, tools=[], mcp=True)
    _, call = await stage.answered()
    await start(stage, call)

    for question, text in (("full_name", "Sam Lee"), ("email", "sam@example.com")):
        await stage.until(call, lambda leg, name=question: leg["assistant"]["question"] == name)
        await type_text(stage, call, text)
    await eventually(lambda: len(stage.tools_used) == 7)

    given = [item.event["params"]["arguments"] for item in stage.tools_used if item.event["method"] == "tools/call"]
    assert given == [{"full_name": "Sam Lee"}, {"answers": [{"question": "email", "answer": "sam@example.com"}]}]


async def test_a_server_that_is_not_there_offers_nothing(stage: Stage) -> None:
    made = await stage.client.ai.mcp_servers.create(name="gone", type="http", url="http://127.0.0.1:9/mcp")
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, mcp_servers=[{"id": made.id}])
    phone, call = await stage.answered()
    await start(stage, call)

    assert await phone.until_loud() > 1000
    assert "error" in await use(stage, call, name="request_handoff")


async def test_only_what_is_allowed_is_used(stage: Stage) -> None:
    await equip(stage, tools=[], mcp=True)
    assistant = await stage.client.ai.assistants.retrieve(DEFAULT_ASSISTANT_ID)
    servers = [{"id": assistant.mcp_servers[0].id, "allowed_tools": ["request_handoff"]}]
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, mcp_servers=servers)
    _, call = await stage.answered()
    talk = await start(stage, call)
    await stage.until(call, lambda leg: leg["assistant"]["question"] is not None)

    assert (await conversation(stage, talk))["given"]["tools"] == ["request_handoff"]


async def test_a_scenario_uses_a_tool_after_an_answer(stage: Stage) -> None:
    await equip(stage)
    planned = [{"after": "full_name", "name": name} for name in ("check_closer_availability", "no_such_tool")]
    await stage.control("PUT", "scenario", {"tools": planned})
    _, call = await stage.answered()
    await start(stage, call)

    await type_text(stage, call, "Sam Lee")
    await used(stage, "check_closer_availability")

    await stage.until(call, lambda leg: leg["assistant"]["question"] == "email")


async def test_tools_stand_in_the_messages_and_not_among_the_turns_of_events(stage: Stage) -> None:
    await equip(stage)
    await stage.platform(conversations="at_once")
    _, call = await stage.answered()
    talk = await start(stage, call, send_message_history_updates=True)
    await use(stage, call, name="request_handoff")
    await type_text(stage, call, "Sam Lee")
    await stage.until(call, lambda leg: leg["assistant"]["question"] == "email")

    history = stage.of_type("call.ai_gather.message_history_updated")[-1].payload["message_history"]
    assert {tuple(turn) for turn in history} == {("role", "content")}
    page = await stage.client.ai.conversations.messages.list(talk)
    calls = [message.tool_calls[0].function.name for message in page.data if message.tool_calls]
    assert calls == ["request_handoff", "save_prospect_details"]


@pytest.mark.parametrize("way", ["reset", "set again"])
async def test_an_account_that_is_kept_keeps_its_secrets(stage: Stage, way: str) -> None:
    await equip(stage)
    kept = await stage.control("POST", "account/keep")
    await stage.control("PUT", "account", {})
    await (stage.control("POST", "reset") if way == "reset" else stage.control("PUT", "account", kept))
    _, call = await stage.answered()
    await start(stage, call)

    await use(stage, call, name="request_handoff")

    assert (await used(stage, "request_handoff")).headers["Authorization"] == f"Bearer {TOOL_SECRET}"
    assert TOOL_SECRET not in str(await stage.control("GET", "account"))


@pytest.mark.parametrize("wrong", [{"name": "x", "door": "fax"}, {"name": "request_handoff", "arguments": []}])
async def test_a_request_without_sense_is_refused(stage: Stage, wrong: dict[str, Any]) -> None:
    await equip(stage)
    _, call = await stage.answered()
    await start(stage, call)

    assert "error" in await use(stage, call, **wrong)
    await asyncio.sleep(0.1)
    assert stage.tools_used == []


@pytest.mark.parametrize("text", ["human", "A real person please!", "Can I speak to a PERSON"])
def test_these_want_a_person(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize("text", ["humanity", "personal training", "Jordan Blake", ""])
def test_these_do_not(text: str) -> None:
    assert not asks_for_person(text)
