"""The Conversations API, read through the official SDK."""

import asyncio

import pytest
import pytest_asyncio
import telnyx

from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.stage import Stage


@pytest_asyncio.fixture(autouse=True)
async def at_once(stage: Stage) -> None:
    await stage.platform(conversations="at_once", gather_steering="accept")


async def finished(stage: Stage) -> tuple[str, str]:
    _, call = await stage.answered()
    response = await stage.client.calls.actions.gather_using_ai(
        call, parameters={"properties": {"full_name": {}}}, greeting="Hi."
    )
    await stage.command(call, "ai_assistant_add_messages", messages=[{"role": "user", "content": "Sam 🙂"}])
    await stage.control("POST", "assistant/end", {"call_control_id": call})
    assert response.data
    return call, response.data.conversation_id or ""


async def test_a_conversation_is_found_by_its_call(stage: Stage) -> None:
    await finished(stage)
    call, conversation_id = await finished(stage)

    found = await stage.client.ai.conversations.list(metadata_call_control_id=f"eq.{call}", limit=1)
    by_id = await stage.client.ai.conversations.list(id=f"eq.{conversation_id}")

    assert [item.id for item in found.data] == [conversation_id]
    assert [item.id for item in by_id.data] == [conversation_id]


async def test_messages_are_paged(stage: Stage) -> None:
    _, call = await stage.answered()
    response = await stage.client.calls.actions.gather_using_ai(
        call, parameters={"properties": {"full_name": {}}}, greeting="Hi."
    )
    messages = [{"role": "system", "content": f"note {number}"} for number in range(24)]
    await stage.command(call, "ai_assistant_add_messages", messages=messages)
    assert response.data

    listed = stage.client.ai.conversations.messages.list(response.data.conversation_id or "", page_size=10)
    texts = [message.text async for message in listed]

    assert len(texts) >= 24
    assert texts[-1] == "note 23"


async def test_the_assistant_can_be_read(stage: Stage) -> None:
    assistant = await stage.client.ai.assistants.retrieve(DEFAULT_ASSISTANT_ID)

    assert assistant.telephony_settings
    assert assistant.telephony_settings.supports_unauthenticated_web_calls is True


async def test_what_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(telnyx.NotFoundError):
        await stage.client.ai.conversations.retrieve("none")
    with pytest.raises(telnyx.NotFoundError):
        await stage.client.ai.assistants.retrieve("assistant-none")


async def test_what_happened_can_be_read_only_a_moment_later(stage: Stage) -> None:
    await stage.platform(gather_steering="accept")
    call, conversation_id = await finished(stage)
    conversations = stage.client.ai.conversations
    with pytest.raises(telnyx.NotFoundError):
        await conversations.retrieve(conversation_id)
    assert (await conversations.list(metadata_call_control_id=f"eq.{call}")).data == []

    await asyncio.sleep(2.1)

    assert (await conversations.retrieve(conversation_id)).data.id == conversation_id
    assert [message.text for message in (await conversations.messages.list(conversation_id)).data][-1] == "Sam 🙂"
