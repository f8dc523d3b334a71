"""Visits from end to end, told as the product tells them, so that everything is answered and told at least once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import telnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID, DEFAULT_CALLER_NUMBER
from tests.sandbox.equipment import equip, listening, start, type_text
from tests.sandbox.stage import Stage

NUMBER = "+61390001111"
SCHEMA = {
    "type": "object",
    "properties": {"full_name": {"type": "string"}, "email": {"type": "string"}},
    "required": ["full_name"],
}
TICKET = [{"name": "X-Session-Ticket", "value": "t-1"}]


async def set_up(stage: Stage) -> None:
    """An account with tools over both doors, and insights that are told."""
    await stage.control("PUT", "scenario", {"insights_after_ms": 100, "pause_ms": 0})
    conversations = stage.client.ai.conversations
    insight = (await conversations.insights.create(name="summary", instructions="Sum up.")).data
    group = (
        await conversations.insight_groups.insight_groups(
            name="ours", webhook=f"{stage.application}/webhooks/telnyx/insights"
        )
    ).data
    await conversations.insight_groups.insights.assign(insight.id, group_id=group.id)
    await equip(stage, mcp=True, insight_settings={"insight_group_id": group.id})
    await stage.client.call_control_applications.update(
        DEFAULT_APP_ID, application_name="Sandbox", webhook_event_url=stage.webhook_url, call_cost_in_webhooks=True
    )


async def default_conversation(stage: Stage) -> None:
    """The assistant asks and saves; a closer's seat is warm, and the two are bridged."""
    prospect, call = await stage.answered(custom_headers=TICKET)
    conversation_id = await start(stage, call, send_message_history_updates=True, client_state="YQ==")
    await type_text(stage, call, "Sam Lee")
    await stage.event("call.ai_gather.message_history_updated")
    closer, other = await stage.dialled(custom_headers=TICKET, client_state="Yg==")
    await stage.client.calls.actions.stop_ai_assistant(call)
    await stage.client.calls.actions.bridge(call, call_control_id_to_bridge_with=other, park_after_unbridge="self")
    await stage.event("call.bridged", 2)
    await closer.hang_up()
    await stage.event("call.cost")
    await stage.client.calls.actions.speak(call, payload="Hold on.", voice="Telnyx.x")
    await stage.event("call.speak.ended")
    await stage.client.calls.retrieve_status(call)
    await prospect.hang_up()
    await stage.event("conversation_insight_result")
    await _look_up(stage, conversation_id, call)


async def _look_up(stage: Stage, conversation_id: str, call: str) -> None:
    await asyncio.sleep(2.5)  # a conversation can be read a while after it happened
    conversations = stage.client.ai.conversations
    await conversations.retrieve(conversation_id)
    await conversations.list(metadata_call_control_id=f"eq.{call}")
    assert [one async for one in conversations.messages.list(conversation_id)]
    assert (await conversations.retrieve_conversations_insights(conversation_id)).data
    assert [one async for one in stage.client.call_events.list()]


async def gathered(stage: Stage) -> None:
    prospect, call = await stage.answered()
    given = {"parameters": SCHEMA, "greeting": "Hi.", "send_message_history_updates": True}
    await stage.client.calls.actions.gather_using_ai(call, send_partial_results=True, **given)
    await listening(stage, call)
    await prospect.say_something()
    await stage.event("call.ai_gather.ended")
    await stage.client.calls.actions.hangup(call)


async def in_a_room(stage: Stage) -> None:
    """Two legs in one conference, which one of them leaves and a command ends."""
    _, call = await stage.answered()
    _, other = await stage.dialled()
    conferences = stage.client.conferences
    conference = (await conferences.create(call_control_id=call, name="desk", region="Australia")).data
    await conferences.actions.join(conference.id, call_control_id=other)
    assert [one async for one in conferences.list_participants(conference.id)]
    await conferences.actions.leave(conference.id, call_control_id=other)
    await conferences.actions.end_conference(conference.id)
    await conferences.retrieve(conference.id)
    assert [one async for one in conferences.list()]
    await stage.event("conference.ended")


async def nobody_answers(stage: Stage) -> None:
    """A softphone that has gone, a number that is busy, a transfer that somebody takes, and a listener."""
    ended = stage.count("call.hangup")
    _, call = await stage.answered()
    gone, address = await stage.closer()
    await gone.drop_socket()
    dial = stage.client.calls.dial
    await dial(connection_id=DEFAULT_APP_ID, to=address, from_=DEFAULT_CALLER_NUMBER)
    await stage.control("PUT", "destinations", {NUMBER: {"behaviour": "busy", "after_seconds": 0}})
    await dial(connection_id=DEFAULT_APP_ID, to=NUMBER, from_=DEFAULT_CALLER_NUMBER)
    await stage.event("call.hangup", ended + 2)
    closer, address = await stage.closer()
    await stage.client.calls.actions.transfer(call, to=address, from_=DEFAULT_CALLER_NUMBER)
    await closer.pick_up()
    _, listener = await stage.dialled(supervise_call_control_id=call, supervisor_role="monitor")
    await stage.client.calls.actions.switch_supervisor_role(listener, role="barge")


async def anonymous(stage: Stage) -> None:
    """An assistant that answers by itself, and transfers to a softphone with the visit's ticket."""
    closer, address = await stage.closer()
    stage.variables = {"dynamic_variables": {"targets": [{"name": "Alice", "to": address}]}}
    settings = {"transfer_targets": "{{ targets }}", "transfer_headers": {"X-Session-Ticket": "t-1"}, "pause_ms": 0}
    await stage.control("PUT", "scenario", settings)
    visitor = await stage.phone()
    seen = stage.count("call.conversation.created")
    await visitor.call(custom_headers=TICKET)
    call = (await stage.event("call.conversation.created", seen + 1)).payload["call_control_id"]
    await stage.until(call, lambda leg: leg["assistant"]["question"])
    await stage.control("POST", "assistant/transfer", {"call_control_id": call})
    await closer.pick_up()
    await stage.until(call, lambda leg: leg["peer"])
    await closer.hang_up()


async def an_assistant_that_cannot_start(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"start_fails": "service_error"})
    phone, call = await stage.parked()
    await stage.client.calls.actions.answer(call, webhook_url=stage.webhook_url, assistant={"id": DEFAULT_ASSISTANT_ID})
    await phone.until_answered()
    await stage.event("call.conversation.start_failed")
    await stage.control("PUT", "scenario", {"pause_ms": 0})


async def the_owner_at_work(stage: Stage) -> None:
    """Every kind of thing that an account holds is made, read, listed, changed and taken away."""
    client = stage.client
    profile = (await client.outbound_voice_profiles.create(name="Ours", whitelisted_destinations=["AU"])).data
    await _keep_house(client.outbound_voice_profiles, profile.id, name="Ours, renamed")
    connection = (
        await client.credential_connections.create(
            connection_name="Ours", user_name="agileadapt1", password="a-long-password"
        )
    ).data
    await _keep_house(client.credential_connections, connection.id, connection_name="Renamed")
    address = "https://example.com/hooks"
    applications = client.call_control_applications
    application = (await applications.create(application_name="Ours", webhook_event_url=address)).data
    await _keep_house(applications, application.id, application_name="Renamed", webhook_event_url=address)
    server = await client.ai.mcp_servers.create(name="Other", type="http", url="https://example.com/mcp")
    await _keep_house(client.ai.mcp_servers, server.id, name="Renamed", type="http", url="https://example.com/mcp")
    assistant = await client.ai.assistants.create(name="Other", instructions="Qualify.", model="openai/gpt-4o")
    await client.ai.assistants.list()
    await client.ai.assistants.retrieve(assistant.id)
    await client.ai.assistants.update(assistant.id, name="Renamed")
    await client.ai.assistants.delete(assistant.id)
    await _insights(client)
    await _secrets(client)
    await _credentials(stage)


async def _keep_house(resource: Any, object_id: str, **changes: Any) -> None:
    assert [one async for one in resource.list()]
    await resource.retrieve(object_id)
    await resource.update(object_id, **changes)
    await resource.delete(object_id)


async def _insights(client: Any) -> None:
    insights, groups = client.ai.conversations.insights, client.ai.conversations.insight_groups
    insight = (await insights.create(name="other", instructions="Sum up.")).data
    group = (await groups.insight_groups(name="other")).data
    await groups.insights.assign(insight.id, group_id=group.id)
    await groups.retrieve(group.id)
    assert [one async for one in groups.retrieve_insight_groups()]
    await groups.update(group.id, name="renamed")
    await groups.insights.delete_unassign(insight.id, group_id=group.id)
    await groups.delete(group.id)
    assert [one async for one in insights.list()]
    await insights.retrieve(insight.id)
    await insights.update(insight.id, name="renamed", instructions="Sum up.")
    await insights.delete(insight.id)


async def _secrets(client: Any) -> None:
    secret = (await client.integration_secrets.create(identifier="other", type="bearer", token="t")).data
    assert [one async for one in client.integration_secrets.list()]
    await client.integration_secrets.delete(secret.id)


async def _credentials(stage: Stage) -> None:
    credentials = stage.client.telephony_credentials
    credential = await stage.credential()
    await credentials.create_token(credential.id)
    await credentials.retrieve(credential.id)
    await credentials.update(credential.id, name="renamed")
    assert [one async for one in credentials.list()]
    await credentials.delete(credential.id)


async def how_the_account_stands(stage: Stage) -> None:
    client, now = stage.client, datetime.now(UTC)
    await client.balance.retrieve()
    await client.connections.retrieve_count()
    assert [one async for one in client.phone_numbers.list()]
    hour = {"start_time": now - timedelta(hours=1), "end_time": now}
    assert [one async for one in client.dial_metrics.list(granularity="hour", **hour)]
    credential = await stage.credential()
    for is_there in (False, True):
        if is_there:
            await stage.phone(credential)
        await client.sip_registration_status.list(
            credential_type="telephony_credential", username=credential.sip_username
        )


async def refused(stage: Stage) -> None:
    """What is refused, in each of the platform's ways of saying so."""
    _, call = await stage.parked()
    expired = await stage.credential(expires_at=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
    client = stage.client
    attempts = [
        client.with_options(api_key="KEY-of-a-stranger").balance.retrieve(),
        client.calls.actions.speak(call, payload="Hi.", voice="Telnyx.x"),
        client.calls.actions.answer(call, client_state="?"),
        client.calls.actions.bridge("v3:nobody", call_control_id_to_bridge_with=call),
        client.calls.dial(connection_id="12", to=NUMBER, from_=DEFAULT_CALLER_NUMBER),
        client.calls.dial(connection_id=DEFAULT_APP_ID, to="101", from_=DEFAULT_CALLER_NUMBER),
        client.calls.dial(connection_id=DEFAULT_APP_ID, to=NUMBER, from_="+61390009999"),
        client.calls.dial(
            connection_id=DEFAULT_APP_ID, to="sip:a@sip.telnyx.com", from_=DEFAULT_CALLER_NUMBER, sip_region="Mars"
        ),
        client.ai.assistants.create(name="", instructions="Qualify.", model="openai/gpt-4o"),
        client.telephony_credentials.update(expired.id, name="x"),
        client.outbound_voice_profiles.create(name="x"),
    ]
    for attempt in attempts:
        try:
            await attempt
        except telnyx.APIStatusError:
            continue
        raise AssertionError("an attempt was not refused")
    await stage.limits(concurrent_calls=0)
    assert (await stage.post("calls", {"connection_id": DEFAULT_APP_ID, "to": NUMBER, "from": "+61255501234"}))[
        0
    ] == 403
    await stage.limits(requests=0)
    await stage.get("balance")
    await stage.limits()


STORIES = (
    set_up,
    default_conversation,
    gathered,
    in_a_room,
    nobody_answers,
    anonymous,
    an_assistant_that_cannot_start,
    the_owner_at_work,
    how_the_account_stands,
    refused,
)
