"""Deliveries: signed as the SDK verifies, shaped as the SDK models say, retried, and disturbed on demand."""

import asyncio
import base64
import json
import time
from dataclasses import replace
from types import NoneType
from typing import Any, get_args

import pytest
from telnyx import types
from telnyx.lib import WebhookVerificationError, verify_webhook_signature

from sandbox.config import DEFAULT_APP_ID
from sandbox.model.faults import Disorder
from tests.sandbox.equipment import equip, start, type_text
from tests.sandbox.stage import PUBLIC_KEY, Received, Stage

MODELS: dict[str, Any] = {
    "call.initiated": types.CallInitiatedWebhookEvent,
    "call.answered": types.CallAnsweredWebhookEvent,
    "call.bridged": types.CallBridgedWebhookEvent,
    "call.hangup": types.CallHangupWebhookEvent,
    "call.speak.started": types.CallSpeakStartedWebhookEvent,
    "call.speak.ended": types.CallSpeakEndedWebhookEvent,
    "call.conversation.created": types.CallConversationCreatedWebhookEvent,
    "call.conversation_insights.generated": types.CallConversationInsightsGeneratedWebhookEvent,
    "call.conversation.ended": types.CallConversationEndedWebhookEvent,
    "call.ai_gather.ended": types.CallAIGatherEndedWebhookEvent,
    "call.ai_gather.partial_results": types.CallAIGatherPartialResultsWebhookEvent,
    "call.ai_gather.message_history_updated": types.CallAIGatherMessageHistoryUpdatedWebhookEvent,
    "conference.created": types.ConferenceCreatedWebhookEvent,
    "conference.participant.joined": types.ConferenceParticipantJoinedWebhookEvent,
    "conference.participant.left": types.ConferenceParticipantLeftWebhookEvent,
    "conference.ended": types.ConferenceEndedWebhookEvent,
}


# Not in the SDK's models, but in deliveries that others have logged.
SEEN_ON_LIVE_ACCOUNTS = {
    "call.initiated": {"calling_party_type", "from_sip_uri", "to_sip_uri"},
    "call.answered": {"codec", "sampling_rate"},
}


async def whole_life(stage: Stage) -> None:
    """Bring about one event of every type."""
    await stage.platform(gather_steering="accept")
    await stage.control("PUT", "scenario", {"insights_after_ms": 0})
    group = (await stage.client.ai.conversations.insight_groups.insight_groups(name="ours")).data
    await equip(stage, tools=[], insight_settings={"insight_group_id": group.id})
    prospect, call = await stage.answered()
    _, other = await stage.dialled()
    await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")
    await stage.event("call.speak.ended")
    await stage.client.calls.actions.gather_using_ai(
        call,
        parameters={"properties": {"full_name": {}}},
        greeting="",
        gather_ended_speech="",
        send_partial_results=True,
        send_message_history_updates=True,
    )
    await type_text(stage, call, "Sam")
    await stage.event("call.conversation.ended")
    await start(stage, call)
    await stage.client.calls.actions.stop_ai_assistant(call)
    await stage.event("call.conversation_insights.generated")
    await stage.command(call, "bridge", call_control_id=other)
    conference = await stage.client.conferences.create(call_control_id=call, name="desk")
    await stage.client.conferences.actions.leave(conference.data.id, call_control_id=call)
    await prospect.hang_up()
    await stage.event("call.hangup")


def known_to(model: Any, *names: str) -> set[str]:
    """The keys that the SDK's model has at a place within it."""
    for name in names:
        annotation = model.model_fields[name].annotation
        model = next(part for part in get_args(annotation) if part is not NoneType)
    return {field.alias or name for name, field in model.model_fields.items()}


async def test_every_event_is_signed_and_fits_the_sdks_model(stage: Stage) -> None:
    await whole_life(stage)

    seen = {item.type: item for item in stage.received if item.path.endswith("/call-control")}

    assert MODELS.keys() <= seen.keys()
    for item in seen.values():
        verify_webhook_signature(item.raw, item.headers, PUBLIC_KEY)
        body = json.loads(item.raw)
        assert body["data"]["record_type"] == "event"
        assert body["meta"] == {"attempt": 1, "delivered_to": body["meta"]["delivered_to"]}
        MODELS[item.type].model_validate(body, strict=False)
        # Every entry of a model may be missing, so that only keys which it does not have can tell of a mistake.
        extra = item.payload.keys() - known_to(MODELS[item.type], "data", "payload")
        assert extra <= SEEN_ON_LIVE_ACCOUNTS.get(item.type, set()) | {"occurred_at"}
        assert body["data"].keys() - known_to(MODELS[item.type], "data") <= {"occurred_at"}


async def test_a_changed_body_fails_the_signature(stage: Stage) -> None:
    await stage.parked()
    item = await stage.event("call.initiated")

    with pytest.raises(WebhookVerificationError):
        verify_webhook_signature(item.raw + b" ", item.headers, PUBLIC_KEY)


async def test_a_refused_delivery_comes_again_with_the_same_id(stage: Stage) -> None:
    stage.statuses = [500, 408]

    await stage.parked()
    third = await stage.event("call.initiated", 3)

    attempts = stage.of_type("call.initiated")
    assert len({item.event["id"] for item in attempts}) == 1
    assert [json.loads(item.raw)["meta"]["attempt"] for item in attempts] == [1, 2, 3]
    assert attempts[1].at - attempts[0].at >= 0.45
    verify_webhook_signature(third.raw, third.headers, PUBLIC_KEY)
    log = await stage.control("GET", "webhooks")
    assert (log[0]["attempts"], log[0]["event_id"]) == (3, third.event["id"])


async def disturbed(stage: Stage, mode: str, **extra: Any) -> list[Received]:
    fault = {"match": "webhook call.initiated", "mode": mode, "times": 1, **extra}
    await stage.control("PUT", "faults", [fault])
    phone = await stage.phone(await stage.credential())
    await phone.call()
    await phone.hang_up()
    await stage.event("call.hangup")
    return stage.received


async def test_a_duplicate_has_the_same_id(stage: Stage) -> None:
    await disturbed(stage, "duplicate")

    await stage.event("call.initiated", 2)

    first, second = stage.of_type("call.initiated")
    assert first.event["id"] == second.event["id"]


async def test_a_dropped_delivery_never_comes(stage: Stage) -> None:
    await disturbed(stage, "drop")

    assert stage.count("call.initiated") == 0
    log = await stage.control("GET", "webhooks")
    assert (log[0]["event_type"], log[0]["attempts"]) == ("call.initiated", 0)


async def test_a_delayed_delivery_comes_late(stage: Stage) -> None:
    started = time.monotonic()
    await disturbed(stage, "delay", seconds=0.6)

    assert (await stage.event("call.initiated")).at - started >= 0.6


async def test_a_reordered_delivery_is_overtaken(stage: Stage) -> None:
    await disturbed(stage, "reorder", seconds=5)

    await stage.event("call.initiated")
    assert [item.type for item in stage.received] == ["call.hangup", "call.initiated"]


async def test_a_fault_can_be_for_the_webhooks_of_one_call(stage: Stage) -> None:
    _, first = await stage.parked()
    _, second = await stage.parked()
    fault = {"match": "webhook call.answered", "mode": "drop", "call_control_id": first}
    await stage.control("PUT", "faults", [fault])

    await stage.command(first, "answer")
    await stage.command(second, "answer")

    assert (await stage.event("call.answered")).payload["call_control_id"] == second
    assert stage.count("call.answered") == 1


async def scattered(stage: Stage, **disorder: Any) -> list[Received]:
    """What arrives of twenty equal visits."""
    assert await stage.control("PUT", "disorder", {"seed": 7, **disorder}) == {"ok": True}
    body = {"connection_id": DEFAULT_APP_ID, "to": "sip:nobody@sip.telnyx.com", "from": "+61255501234"}
    for _ in range(20):
        await stage.post("calls", body)
    await asyncio.sleep(1.0)
    return stage.received


async def test_a_share_of_the_webhooks_is_lost(stage: Stage) -> None:
    received = await scattered(stage, lose=0.5)

    assert 10 <= len(received) <= 30
    log = await stage.control("GET", "webhooks")
    assert [item["attempts"] for item in log].count(0) == 40 - len(received)


async def test_a_share_of_the_webhooks_is_sent_twice(stage: Stage) -> None:
    received = await scattered(stage, duplicate=0.5)

    assert len({item.event["id"] for item in received}) == 40
    assert 50 <= len(received) <= 70


async def test_the_order_is_shuffled(stage: Stage) -> None:
    received = await scattered(stage, shuffle_seconds=0.5)

    ended: set[str] = set()
    begun_after_its_end = 0
    for item in received:
        call = item.payload["call_control_id"]
        begun_after_its_end += item.type == "call.initiated" and call in ended
        ended |= {call} if item.type == "call.hangup" else set()
    assert len(received) == 40
    assert begun_after_its_end >= 3


def test_the_same_seed_does_the_same_to_the_same_webhook() -> None:
    disorder = Disorder(seed=1, lose=0.3, duplicate=0.3, delay=0.5, shuffle_seconds=1)

    treated = [disorder.pauses("call.hangup", number) for number in range(50)]

    assert treated == [disorder.pauses("call.hangup", number) for number in range(50)]
    assert treated != [replace(disorder, seed=2).pauses("call.hangup", number) for number in range(50)]
    assert {len(pauses) for pauses in treated} == {0, 1, 2}
    assert max(pause for pauses in treated for pause in pauses) > 1


@pytest.mark.parametrize("disorder", [[], {"lose": -1}, {"lose": "half"}, {"lose": True}, {"rain": 1}])
async def test_a_disorder_without_sense_is_refused(stage: Stage, disorder: Any) -> None:
    assert "error" in await stage.control("PUT", "disorder", disorder)


@pytest.mark.parametrize(("sign", "verifies"), [("good", True), ("bad", False), ("stale", False), ("none", False)])
async def test_a_crafted_delivery_is_signed_as_asked(stage: Stage, sign: str, verifies: bool) -> None:
    stage.statuses = [418]

    answer = await stage.control(
        "POST", "webhook", {"event_type": "call.teleported", "payload": {"x": 1}, "sign": sign}
    )

    item = stage.received[0]
    assert answer == {"status": 418, "body": ""}
    assert item.payload == {"x": 1}
    try:
        verify_webhook_signature(item.raw, item.headers, PUBLIC_KEY)
        verified = True
    except WebhookVerificationError:
        verified = False
    assert verified is verifies


async def test_a_crafted_delivery_can_be_any_bytes(stage: Stage) -> None:
    await stage.control("POST", "webhook", {"raw": base64.b64encode(b"\xff{").decode(), "path": "insights"})

    assert stage.received[0].raw == b"\xff{"
    assert stage.received[0].path.endswith("/insights")
