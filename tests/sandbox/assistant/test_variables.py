"""What an assistant knows of its call: asked at its own address, in its own time, and merged as documented."""

from typing import Any

import pytest

from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.equipment import conversation, said, start
from tests.sandbox.stage import Stage

TIER = [{"name": "X-User-Tier", "value": "Enterprise"}, {"name": "X-Telnyx-Thing", "value": "theirs"}]


async def greeted(stage: Stage, call: str, greeting: str, **assistant: Any) -> tuple[str, str]:
    """Start the assistant; return its conversation and its first sentence."""
    talk = await start(stage, call, greeting=greeting, assistant=assistant)
    await stage.until(call, lambda leg: leg["assistant"]["question"] is not None)
    await stage.until(call, lambda leg: leg["source"] == "assistant")
    return talk, (await said(stage, talk))[0]


async def test_the_command_wins_over_headers_these_over_the_answer_that_over_the_account(stage: Stage) -> None:
    await stage.client.ai.assistants.update(
        DEFAULT_ASSISTANT_ID, dynamic_variables={"a": "account", "b": "account", "user_tier": "account", "d": "account"}
    )
    stage.variables = {"dynamic_variables": {"b": "asked", "user_tier": "asked", "d": "asked", "telnyx_thing": "asked"}}
    _, call = await stage.answered(custom_headers=TIER)

    _, first = await greeted(
        stage, call, "{{a}} {{b}} {{user_tier}} {{d}} {{telnyx_thing}}.", dynamic_variables={"d": "command"}
    )

    assert first.startswith("account asked Enterprise command asked. ")


async def test_it_knows_of_its_call_and_leaves_what_it_does_not_know(stage: Stage) -> None:
    _, call = await stage.answered(caller_id_name="Sam")

    talk, first = await greeted(stage, call, "{{telnyx_call_caller_id_name}}, {{nothing}}.")

    assert first.startswith("Sam, {{nothing}}. ")
    variables = (await conversation(stage, talk))["given"]["variables"]
    names = {"telnyx_call_to", "telnyx_call_from", "telnyx_agent_target", "telnyx_conversation_channel"}
    assert variables.keys() >= {*names, "telnyx_end_user_target", "telnyx_current_time"}
    assert variables["call_control_id"] == call


async def test_it_asks_at_its_own_address_and_takes_metadata_over(stage: Stage) -> None:
    await stage.client.ai.assistants.update(
        DEFAULT_ASSISTANT_ID, dynamic_variables_webhook_url=f"{stage.application}/webhooks/telnyx/dynamic-variables"
    )
    stage.variables = {"conversation": {"metadata": {"ours": "1"}}}
    _, call = await stage.answered()

    talk, _ = await greeted(stage, call, "Hi.")

    asked = await stage.event("assistant.initialization")
    assert (asked.payload["assistant_id"], asked.payload["telnyx_conversation_id"]) == (DEFAULT_ASSISTANT_ID, talk)
    assert (await conversation(stage, talk))["metadata"]["ours"] == "1"


@pytest.mark.parametrize(("timeout_ms", "expected"), [(100, "account"), (5000, "asked")])
async def test_it_waits_as_long_as_its_settings_say(stage: Stage, timeout_ms: int, expected: str) -> None:
    await stage.client.ai.assistants.update(
        DEFAULT_ASSISTANT_ID, dynamic_variables={"a": "account"}, dynamic_variables_webhook_timeout_ms=timeout_ms
    )
    stage.variables, stage.variables_seconds = {"dynamic_variables": {"a": "asked"}}, 0.5
    _, call = await stage.answered()

    _, first = await greeted(stage, call, "{{a}}.")

    assert first.startswith(f"{expected}. ")


@pytest.mark.parametrize("answer", [{"a": "flat"}, {"dynamic_variables": ["a"]}])
async def test_an_answer_of_another_shape_is_ignored(stage: Stage, answer: dict[str, Any]) -> None:
    stage.variables = answer
    _, call = await stage.answered()

    _, first = await greeted(stage, call, "{{a}}.")

    assert first.startswith("{{a}}. ")


async def test_nobody_is_asked_where_the_account_names_no_address(stage: Stage) -> None:
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, dynamic_variables_webhook_url="")
    _, call = await stage.answered()

    await greeted(stage, call, "Hi.")

    assert stage.count("assistant.initialization") == 0


async def test_a_gather_asks_for_none_and_fills_nothing(stage: Stage) -> None:
    _, call = await stage.answered(custom_headers=TIER)

    started = await stage.client.calls.actions.gather_using_ai(
        call, parameters={"properties": {"full_name": {}}}, greeting="Hi {{user_tier}}."
    )
    await stage.until(call, lambda leg: leg["source"] == "assistant")

    assert (await said(stage, started.data.conversation_id))[0].startswith("Hi {{user_tier}}. ")
    assert stage.count("assistant.initialization") == 0
