"""Insights are drawn by a group, for an assistant that has one, and sent where the group says."""

import asyncio
import json
from typing import Any

import pytest

from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.equipment import start, type_text
from tests.sandbox.stage import Stage

SCHEMA = {"type": "object", "properties": {"full_name": {"type": "string"}, "roof": {"type": "string"}}}
SHORTLY = {"insights_after_ms": 300, "gather_fields": {"full_name": {}, "email": {}}}


async def make_group(stage: Stage, *, webhook: str = "") -> tuple[str, list[str]]:
    insights = stage.client.ai.conversations.insights
    groups = stage.client.ai.conversations.insight_groups
    summary = await insights.create(name="summary", instructions="Sum up.")
    details = await insights.create(name="details", instructions="Details.", json_schema=SCHEMA)
    group = (await groups.insight_groups(name="ours", webhook=webhook)).data
    for one in (summary, details):
        await groups.insights.assign(one.data.id, group_id=group.id)
    return group.id, [summary.data.id, details.data.id]


async def talk(stage: Stage, **settings: Any) -> str:
    """A conversation that has just been stopped."""
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, **settings)
    _, call = await stage.answered()
    conversation_id = await start(stage, call)
    await type_text(stage, call, "Sam Lee")
    await stage.until(call, lambda leg: leg["assistant"]["question"] == "email")
    await stage.client.calls.actions.stop_ai_assistant(call)
    return conversation_id


async def test_they_go_to_the_groups_address_a_while_after_the_end(stage: Stage) -> None:
    await stage.control("PUT", "scenario", SHORTLY)
    await stage.platform(conversations="at_once")
    group, (summary, details) = await make_group(stage, webhook=f"{stage.application}/webhooks/telnyx/insights")
    conversation_id = await talk(stage, insight_settings={"insight_group_id": group})
    read = stage.client.ai.conversations.retrieve_conversations_insights
    before = (await read(conversation_id)).data[0]

    payload = (await stage.event("conversation_insight_result")).payload

    assert (before.status, before.conversation_insights) == ("pending", [])
    assert (payload["insight_group_id"], payload["conversation_id"]) == (group, conversation_id)
    results = {one["insight_id"]: one["result"] for one in payload["results"]}
    assert results[summary] == "The prospect spoke 1 time(s). Captured: full name: Sam Lee."
    assert json.loads(results[details]) == {"full_name": "Sam Lee"}
    event = (await stage.event("call.conversation_insights.generated")).payload
    assert (event["insight_group_id"], event["results"]) == (group, payload["results"])
    after = (await read(conversation_id)).data[0]
    assert (after.status, len(after.conversation_insights)) == ("completed", 2)


async def test_the_documented_shape_can_be_chosen(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {**SHORTLY, "insights_shape": "conversation.insights.completed"})
    group, _ = await make_group(stage, webhook=f"{stage.application}/webhooks/telnyx/insights")
    conversation_id = await talk(stage, insight_settings={"insight_group_id": group})

    told = (await stage.event("conversation.insights.completed")).event

    assert (told["conversation_id"], told["insight_group_name"]) == (conversation_id, "ours")
    assert [one["insight_name"] for one in told["insights"]] == ["summary", "details"]


@pytest.mark.parametrize("has_group", [False, True])
async def test_without_a_group_or_its_address_nothing_is_sent(stage: Stage, has_group: bool) -> None:
    await stage.control("PUT", "scenario", SHORTLY)
    await stage.platform(conversations="at_once")
    group, _ = await make_group(stage, webhook="" if has_group else f"{stage.application}/webhooks/telnyx/insights")
    conversation_id = await talk(stage, **({"insight_settings": {"insight_group_id": group}} if has_group else {}))

    await asyncio.sleep(0.6)

    assert stage.count("conversation_insight_result") == 0
    found = (await stage.client.ai.conversations.retrieve_conversations_insights(conversation_id)).data
    assert len(found) == has_group


@pytest.mark.parametrize("choice", ["none", "all"])
async def test_a_gather_has_none_unless_the_platform_gives_it_some(stage: Stage, choice: str) -> None:
    await stage.control("PUT", "scenario", SHORTLY)
    await stage.platform(gather_insights=choice)
    await make_group(stage, webhook=f"{stage.application}/webhooks/telnyx/insights")
    _, call = await stage.answered()
    await stage.client.calls.actions.gather_using_ai(call, parameters=SCHEMA, greeting="Hi.")
    await stage.control("POST", "assistant/end", {"call_control_id": call})

    if choice == "all":
        await stage.event("conversation_insight_result")
    else:
        await asyncio.sleep(0.6)
        assert stage.count("conversation_insight_result") == 0
