"""A visitor without a credential: the assistant answers by itself and the leg ends with it."""

from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Stage

FIELDS = {"gather_fields": {"email": {"type": "string"}}, "ends_itself": True}


async def visit(stage: Stage) -> Phone:
    await stage.control("PUT", "scenario", FIELDS)
    phone = await stage.phone()
    await phone.call(custom_headers=[{"name": "X-User-Tier", "value": "Enterprise"}])
    await phone.until_answered()
    return phone


async def type_text(phone: Phone, text: str) -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await phone.ask("ai_conversation", {"type": "conversation.item.create", "item": item})


async def test_it_is_initialised_with_its_ids(stage: Stage) -> None:
    phone = await visit(stage)

    asked = await stage.event("assistant.initialization")

    initiated = (await stage.event("call.initiated")).payload
    assert asked.path.endswith("/dynamic-variables")
    assert asked.payload["telnyx_conversation_channel"] == "web_call"
    assert asked.payload["call_control_id"] == initiated["call_control_id"]
    assert initiated["connection_id"] == f"texml-{DEFAULT_ASSISTANT_ID}"
    assert await phone.until_loud() > 1000


async def test_the_page_sees_the_conversation(stage: Stage) -> None:
    stage.variables = {"dynamic_variables": {"company": "Acme", "user_tier": "ignored"}}
    await stage.control("PUT", "scenario", {**FIELDS, "greeting": "{{company}} {{user_tier}}."})
    phone = await stage.phone()
    await phone.call(custom_headers=[{"name": "X-User-Tier", "value": "Enterprise"}])
    await phone.until_answered()

    first = await phone.frame("ai_conversation")
    await type_text(phone, "a@example.com")
    await phone.frame("telnyx_rtc.bye")

    frames = [frame["params"] for frame in phone.frames if frame["method"] == "ai_conversation"]
    texts: dict[str, str] = {}
    for params in frames:
        if params["type"] == "response.text.delta":
            texts[params["item_id"]] = texts.get(params["item_id"], "") + params["delta"]
    user = next(params["item"] for params in frames if params["type"] == "conversation.item.created")
    assert first["type"] == "response.text.delta"
    assert next(iter(texts.values())).startswith("Acme Enterprise. Could")
    assert (user["role"], user["content"][0]["text"]) == ("user", "a@example.com")


async def test_the_leg_ends_with_the_assistant(stage: Stage) -> None:
    phone = await visit(stage)
    await stage.event("call.conversation.created")

    await type_text(phone, "a@example.com")

    assert (await phone.frame("telnyx_rtc.bye"))["cause"] == "NORMAL_CLEARING"
    await stage.event("call.hangup")
    types = [item.type for item in stage.received]
    assert types.index("call.conversation.ended") < types.index("call.hangup")
    # Only a gather reports what it learns.
    assert stage.count("call.ai_gather.partial_results") == 0


async def test_stopping_the_assistant_hangs_up(stage: Stage) -> None:
    phone = await visit(stage)
    call = (await stage.event("call.initiated")).payload["call_control_id"]
    await stage.event("call.conversation.created")

    await stage.client.calls.actions.stop_ai_assistant(call)

    await phone.frame("telnyx_rtc.bye")
    assert (await stage.leg(call))["state"] == "ended"


async def test_an_unknown_assistant_cannot_be_called(stage: Stage) -> None:
    phone = Phone(stage.url + "/")
    stage.phones.append(phone)

    reply = await phone.sign_in(target_type="ai_assistant", target_id="assistant-other")

    assert reply["error"]["code"] == -32001


async def test_without_an_answer_from_us_it_goes_on(stage: Stage) -> None:
    await stage.control("PUT", "faults", [{"match": "webhook assistant.initialization", "mode": "drop"}])
    phone = await visit(stage)

    assert await phone.until_loud() > 1000
    assert stage.count("assistant.initialization") == 0
