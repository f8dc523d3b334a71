"""Turn decoded webhook bodies into events; a pure table from event type to reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strict_json import Unreadable, embedded, identifier, instant, mapping, objects, text, whole
from telephony import events
from telephony.reason_codes import sip_code

MAX_TYPE_CHARS = 100
TEXML_TYPE = "texml.call_status"
# Where the end of a call may hold the words of its SIP answer. The SDK's type knows the first two alone.
_SIP_REASONS = ("sip_hangup_cause", "hangup_cause", "sip_hangup_reason", "sip_reason", "hangup_reason", "reason")

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an event falls back on when its body has no id or no time of its own."""

    id: str
    sent_at: datetime


def from_json(body: Any, *, delivery: Delivery) -> events.Event:
    """Read a JSON webhook, enveloped in `data` or bare. Raises Unreadable when it names no event type."""
    report = body.get("data", body) if isinstance(body, dict) else body
    if isinstance(report, str):
        report = mapping(report)  # Some senders wrap the event as a JSON string.
    if not isinstance(report, dict):
        raise Unreadable("not an event object")
    event_type = report.get("event_type")
    if not isinstance(event_type, str) or not 0 < len(event_type) <= MAX_TYPE_CHARS:
        raise Unreadable("no event_type")
    # Insight groups configured on their own URL send a bare object without a payload.
    payload = mapping(report["payload"]) if "payload" in report else report
    common: dict[str, Any] = {
        "id": identifier(report.get("id")) or delivery.id,
        "type": event_type,
        "occurred_at": instant(report.get("occurred_at")) or delivery.sent_at,
        "ids": call_ids(payload),
        "client_state": text(payload.get("client_state")) or None,
        "payload": payload,
        "from_": text(payload.get("from")),
        "to": text(payload.get("to")),
    }
    reader = _READERS.get(event_type)
    return reader(common, payload) if reader else _PLAIN.get(event_type, events.UnknownEvent)(**common)


def is_known(event_type: str) -> bool:
    """Whether this product reads anything from such an event."""
    return event_type in _READERS or event_type in _PLAIN


def from_form(form: Mapping[str, str], *, delivery: Delivery) -> events.CallStatusCallback:
    """Read a TeXML status callback. Raises Unreadable when it names neither a call nor a status."""
    call_control_id = identifier(form.get("CallControlId")) or identifier(form.get("CallSid"))
    if call_control_id is None or "CallStatus" not in form:
        raise Unreadable("not a call status")
    return events.CallStatusCallback(
        id=delivery.id,
        type=TEXML_TYPE,
        occurred_at=instant(form.get("OccurredAt")) or instant(form.get("Timestamp")) or delivery.sent_at,
        ids=events.CallIds(
            call_control_id=call_control_id,
            call_leg_id=identifier(form.get("CallLegId")),
            call_session_id=identifier(form.get("CallSessionId")),
            connection_id=identifier(form.get("ConnectionId")),
            conversation_id=identifier(form.get("ConversationId")),
        ),
        client_state=form.get("ClientState") or None,
        payload=form,
        status=form["CallStatus"],
        hangup_cause=text(form.get("HangupCause")),
        hangup_source=text(form.get("HangupSource")),
        from_=text(form.get("From")),
        to=text(form.get("To")),
        duration_seconds=whole(form.get("CallDuration")),
        quality=mapping(form.get("CallQualityStats")),
    )


def call_ids(payload: Payload) -> events.CallIds:
    """Collect the ids that a payload names."""
    return events.CallIds(
        call_control_id=identifier(payload.get("call_control_id")),
        call_leg_id=identifier(payload.get("call_leg_id")),
        call_session_id=identifier(payload.get("call_session_id")),
        connection_id=identifier(payload.get("connection_id")),
        conversation_id=identifier(payload.get("conversation_id")) or identifier(payload.get("telnyx_conversation_id")),
    )


def messages(value: Any) -> tuple[events.Message, ...]:
    """Read the turns of a conversation, from an event or from the Conversations API."""
    return tuple(_message(turn) for turn in objects(value))


def _message(turn: Payload) -> events.Message:
    moments = (instant(turn.get(name)) for name in ("timestamp", "sent_at", "created_at"))
    return events.Message(
        role=text(turn.get("role")),
        content=_content(turn.get("content", turn.get("text"))),
        at=next((moment for moment in moments if moment), None),
        tool_calls=tuple(_tool_call(call) for call in objects(turn.get("tool_calls"))),
    )


def _content(value: Any) -> str:
    if isinstance(value, list):  # chat-style parts: [{"type": "text", "text": "…"}]
        return "".join(text(part.get("text")) for part in objects(value))
    return text(value)


def _tool_call(call: Payload) -> events.ToolCall:
    function = mapping(call.get("function"))
    return events.ToolCall(
        id=identifier(call.get("id")),
        name=text(function.get("name")),
        arguments=embedded(function.get("arguments")),
    )


def insights(value: Any) -> tuple[events.InsightResult, ...]:
    """Read insight results, from an event or from the Conversations API."""
    return tuple(
        events.InsightResult(
            insight_id=identifier(item.get("insight_id")),
            name=text(item.get("insight_name", item.get("name"))),
            result=embedded(item.get("result")),
        )
        for item in objects(value)
    )


def call_initiated(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.CallInitiated(
        **common,
        direction=text(payload.get("direction")),
        state=text(payload.get("state")),
        from_sip_uri=text(payload.get("from_sip_uri")),
        to_sip_uri=text(payload.get("to_sip_uri")),
        sip_username=text(payload.get("sip_username")),
        custom_headers=dict(map(_custom_header, objects(payload.get("custom_headers")))),
    )


def _custom_header(header: Payload) -> tuple[str, str]:
    # `name` in the types of the SDK, `header_name` in a sample of Telnyx's documentation (2026-04):
    # https://developers.telnyx.com/docs/voice/webrtc/use-cases/outbound-dialer
    name, value = (text(header.get(key)) or text(header.get(f"header_{key}")) for key in ("name", "value"))
    return name, value


def call_hangup(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.CallHangup(
        **common,
        cause=text(payload.get("hangup_cause")),
        source=text(payload.get("hangup_source")),
        sip_cause=text(payload.get("sip_hangup_cause")),
        code=next(filter(None, (sip_code(text(payload.get(name))) for name in _SIP_REASONS)), ""),
        quality=mapping(payload.get("call_quality_stats")),
    )


def start_failed(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.ConversationStartFailed(**common, reason=text(payload.get("reason")))


def conversation_ended(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.ConversationEnded(
        **common,
        reason=text(payload.get("reason")),
        messages=messages(payload.get("messages")),
        duration_seconds=whole(payload.get("duration_sec")),
    )


def partial_results(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.GatherPartialResults(
        **common,
        results=mapping(payload.get("partial_results")),
        messages=messages(payload.get("message_history")),
    )


def gather_ended(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.GatherEnded(
        **common,
        status=text(payload.get("status")),
        result=mapping(payload.get("result")),
        messages=messages(payload.get("message_history")),
    )


def history_updated(common: dict[str, Any], payload: Payload) -> events.Event:
    return events.MessageHistoryUpdated(**common, messages=messages(payload.get("message_history")))


def insights_generated(common: dict[str, Any], payload: Payload) -> events.Event:
    # Only the insight group's webhook carries the call's ids inside `metadata`.
    given = {key: value for key, value in payload.items() if value is not None}
    return events.InsightsGenerated(
        **{**common, "ids": call_ids({**mapping(payload.get("metadata")), **given})},
        group_id=identifier(payload.get("insight_group_id")),
        results=insights(payload.get("results") or payload.get("insights")),
        status=text(payload.get("status")) or "completed",
    )


_INITIALIZATION_KEYS = frozenset(
    {
        "assistant_id",
        "call_control_id",
        "telnyx_agent_target",
        "telnyx_conversation_channel",
        "telnyx_conversation_id",
        "telnyx_end_user_target",
    }
)


def initialization(common: dict[str, Any], payload: Payload) -> events.Event:
    others = {key: value for key, value in payload.items() if key not in _INITIALIZATION_KEYS}
    given = {**others, **mapping(payload.get("dynamic_variables"))}
    return events.AssistantInitialization(
        **common,
        assistant_id=identifier(payload.get("assistant_id")),
        channel=text(payload.get("telnyx_conversation_channel")),
        agent_target=text(payload.get("telnyx_agent_target")),
        end_user_target=text(payload.get("telnyx_end_user_target")),
        variables={
            key: str(value).lower() if isinstance(value, bool) else text(value)
            for key, value in given.items()
            if isinstance(value, str | int | float)
        },
    )


def _conference(kind: type[events.ConferenceEvent]) -> Callable[[dict[str, Any], Payload], events.Event]:
    return lambda common, payload: kind(**common, conference_id=identifier(payload.get("conference_id")))


_PLAIN: Mapping[str, type[events.Event]] = {
    "call.answered": events.CallAnswered,
    "call.bridged": events.CallBridged,
    "call.conversation.created": events.ConversationCreated,
    "call.speak.ended": events.SpeakEnded,
}

_READERS: Mapping[str, Callable[[dict[str, Any], Payload], events.Event]] = {
    "assistant.initialization": initialization,
    "call.ai_gather.ended": gather_ended,
    "call.ai_gather.message_history_updated": history_updated,
    "call.ai_gather.partial_results": partial_results,
    "call.conversation.ended": conversation_ended,
    # Three names for insights: the API reference, Telnyx's own samples, and the insight group's own URL (two shapes).
    "call.conversation.insights.generated": insights_generated,
    "call.conversation.start_failed": start_failed,
    "call.conversation_insights.generated": insights_generated,
    "call.hangup": call_hangup,
    "call.initiated": call_initiated,
    "conference.created": _conference(events.ConferenceCreated),
    "conference.ended": _conference(events.ConferenceEnded),
    "conference.participant.joined": _conference(events.ConferenceParticipantJoined),
    "conference.participant.left": _conference(events.ConferenceParticipantLeft),
    "conversation.insights.completed": insights_generated,
    "conversation_insight_result": insights_generated,
}
