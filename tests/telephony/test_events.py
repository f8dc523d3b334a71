"""Every event of Telnyx becomes the right class with the right values, however much of it is missing or odd."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from telephony import events
from telephony.events import CallIds, Event, InsightResult, Message, ToolCall
from tests.telephony.examples import CALL, PAYLOADS
from tests.telephony.vendor import envelope

Deliver = Callable[..., Event]

TURNS = (Message("assistant", "Hello, who is calling?"), Message("user", "Ada Lovelace"))

CLASSES: dict[str, tuple[type[Event], dict[str, Any]]] = {
    "call.initiated": (
        events.CallInitiated,
        {
            "direction": "outgoing",
            "state": "parked",
            "from_sip_uri": "gencred7x@sip.telnyx.com",
            "to_sip_uri": "61255501234@sip.telnyx.com",
            "sip_username": "gencred7x",
            "custom_headers": {"X-Session": "tok.en", "X-Page": "/pricing"},
        },
    ),
    "call.answered": (events.CallAnswered, {}),
    "call.bridged": (events.CallBridged, {}),
    "call.hangup": (
        events.CallHangup,
        {
            "cause": "normal_clearing",
            "source": "caller",
            "sip_cause": "200",
            "code": "",
            "quality": {"inbound": {"mos": "4.50", "packet_count": "591"}, "outbound": {"packet_count": "0"}},
        },
    ),
    "call.speak.ended": (events.SpeakEnded, {}),
    "call.conversation.created": (events.ConversationCreated, {}),
    "call.conversation.start_failed": (events.ConversationStartFailed, {"reason": "service_error"}),
    "call.conversation.ended": (
        events.ConversationEnded,
        {
            "reason": "customer_disconnect",
            "duration_seconds": 83,
            "messages": (
                Message("user", "Hi", at=datetime(2026, 11, 22, 3, tzinfo=UTC)),
                Message("assistant", "", tool_calls=(ToolCall("call_1", "escalate", {"why": "price"}),)),
            ),
        },
    ),
    "call.ai_gather.partial_results": (
        events.GatherPartialResults,
        {"results": {"full_name": "Ada"}, "messages": TURNS},
    ),
    "call.ai_gather.ended": (
        events.GatherEnded,
        {"status": "valid", "result": {"full_name": "Ada Lovelace", "seats": 12}, "messages": TURNS},
    ),
    "call.ai_gather.message_history_updated": (events.MessageHistoryUpdated, {"messages": TURNS}),
    "call.conversation_insights.generated": (
        events.InsightsGenerated,
        {
            "group_id": "group-1",
            "status": "completed",
            "results": (InsightResult("i1", "", {"score": 8}), InsightResult("i2", "", "Warm lead.")),
        },
    ),
    "call.conversation.insights.generated": (
        events.InsightsGenerated,
        {"group_id": "group-1", "status": "completed", "results": ()},
    ),
    "conversation_insight_result": (
        events.InsightsGenerated,
        {"group_id": "group-1", "status": "pending", "results": (InsightResult("i1", "", {"score": 8}),)},
    ),
    "conversation.insights.completed": (
        events.InsightsGenerated,
        {"group_id": "group-1", "status": "completed", "results": (InsightResult("i1", "Score", "8"),)},
    ),
    "assistant.initialization": (
        events.AssistantInitialization,
        {
            "assistant_id": "assistant-1",
            "channel": "web_call",
            "agent_target": "assistant-1",
            "end_user_target": "anonymous",
            "variables": {"telnyx_end_user_target_verified": "false", "page": "/pricing", "visits": "3"},
        },
    ),
    "conference.created": (events.ConferenceCreated, {"conference_id": "conf-1"}),
    "conference.participant.joined": (events.ConferenceParticipantJoined, {"conference_id": "conf-1"}),
    "conference.participant.left": (events.ConferenceParticipantLeft, {"conference_id": "conf-1"}),
    "conference.ended": (events.ConferenceEnded, {"conference_id": "conf-1"}),
}

KNOWN = pytest.mark.parametrize("event_type", sorted(CLASSES))
COMMON = {field.name for field in fields(Event)}


def own_fields(event: Event) -> dict[str, Any]:
    return {field.name: getattr(event, field.name) for field in fields(event) if field.name not in COMMON}


@KNOWN
def test_it_becomes_its_class(deliver: Deliver, event_type: str) -> None:
    kind, expected = CLASSES[event_type]

    event = deliver(envelope(event_type, PAYLOADS[event_type]))

    assert type(event) is kind
    assert own_fields(event) == expected
    assert event.id == "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
    assert event.type == event_type
    assert event.occurred_at == datetime(2026, 11, 22, 3, 4, 1, 817785, tzinfo=UTC)
    assert event.payload == PAYLOADS[event_type]


REFUSED = "User channel limit exceeded D1"
REASONS: list[tuple[dict[str, Any], str]] = [
    ({"sip_hangup_cause": "403"}, ""),
    ({"sip_hangup_cause": f"403 {REFUSED}"}, "D1"),
    ({"sip_hangup_cause": "403", "sip_reason": REFUSED}, "D1"),
    ({"sip_hangup_cause": "403", "sip_hangup_reason": f"{REFUSED}."}, "D1"),
    ({"hangup_cause": "call_rejected", "hangup_reason": "Connection limit (D3)"}, "D3"),
    ({"reason": "D1"}, "D1"),
    ({"reason": "Room D1 is closed"}, ""),
    ({"reason": "XD1"}, ""),
    ({"reason": "no such code D99"}, ""),
    ({"reason": ["D1"]}, ""),
    ({"reason": "D1" * 100_000}, ""),
]


@pytest.mark.parametrize(("told", "code"), REASONS, ids=lambda value: repr(value)[:60])
def test_the_end_of_a_call_tells_telnyx_s_code_wherever_it_stands(
    deliver: Deliver, told: dict[str, Any], code: str
) -> None:
    event = deliver(envelope("call.hangup", {**PAYLOADS["call.hangup"], **told}))

    assert isinstance(event, events.CallHangup)
    assert event.code == code


@KNOWN
def test_it_names_the_ends_of_its_call_where_it_is_told_them(deliver: Deliver, event_type: str) -> None:
    told = {"from": "sip:gencred7x@sip.telnyx.com", "to": "61255501234"}

    event = deliver(envelope(event_type, {**PAYLOADS[event_type], **told}))

    assert (event.from_, event.to) == (told["from"], told["to"])
    assert "61255501234" in event.called


HEADERS: list[tuple[Any, dict[str, str]]] = [
    ([{"name": "X-A", "value": "1"}], {"X-A": "1"}),
    ([{"header_name": "X-A", "header_value": "1"}], {"X-A": "1"}),
    ([{"name": "X-A", "value": "1"}, {"header_name": "X-B", "header_value": "2"}], {"X-A": "1", "X-B": "2"}),
    ([{"name": None, "header_name": "X-A", "value": "", "header_value": "1"}], {"X-A": "1"}),
    ([{"name": "X-A", "value": 7}], {"X-A": "7"}),
    ('[{"header_name": "X-A", "header_value": "1"}]', {"X-A": "1"}),
    (None, {}),
    ({"X-A": "1"}, {}),
]


@pytest.mark.parametrize(("sent", "read"), HEADERS)
def test_it_reads_both_spellings_of_a_custom_header(deliver: Deliver, sent: Any, read: dict[str, str]) -> None:
    event = deliver(envelope("call.initiated", {**CALL, "custom_headers": sent}))

    assert isinstance(event, events.CallInitiated)
    assert event.custom_headers == read


@pytest.mark.parametrize("field", ["from", "from_sip_uri", "sip_username"])
@pytest.mark.parametrize(
    "address",
    [
        "gencred7x",
        "gencred7x@sip.telnyx.com",
        "sip:gencred7x@sip.telnyx.com",
        "SIPS:gencred7x@sip.telnyx.com:5061;transport=tls",
        '"Ada" <sip:gencred7x@sip.telnyx.com>;tag=1',
        " gencred7x ",
    ],
)
def test_it_knows_who_placed_a_call_by_any_name(deliver: Deliver, field: str, address: str) -> None:
    event = deliver(envelope("call.initiated", {**CALL, field: address}))

    assert isinstance(event, events.CallInitiated)
    assert event.calling == ("gencred7x",)


@pytest.mark.parametrize("address", ["", "@", "sip:@sip.telnyx.com", "<>", "x" * 101, "sip:" + "x" * 100_000])
def test_an_address_without_a_user_names_nobody(deliver: Deliver, address: str) -> None:
    event = deliver(envelope("call.initiated", {**CALL, "from": address, "to": address, "to_sip_uri": address}))

    assert isinstance(event, events.CallInitiated)
    assert (event.calling, event.called) == ((), frozenset())


@KNOWN
def test_unknown_keys_change_nothing(deliver: Deliver, event_type: str) -> None:
    plain = deliver(envelope(event_type, PAYLOADS[event_type]))
    extra: dict[str, Any] = {"shaken_stir_attestation": None, "tags": [], "new": {"deep": [1]}}

    event = deliver(envelope(event_type, {**PAYLOADS[event_type], **extra}, created_at="2026", version=3))

    assert type(event) is type(plain)
    assert own_fields(event) == own_fields(plain)


@KNOWN
@pytest.mark.parametrize("blank", ["absent", None, "", 0, [], {}, "text", [None, 1, "x", {}]])
def test_each_key_may_be_missing_or_odd(deliver: Deliver, event_type: str, blank: Any) -> None:
    kind, whole = CLASSES[event_type]
    for key in PAYLOADS[event_type]:
        payload = {**PAYLOADS[event_type], key: blank}
        if blank == "absent":
            del payload[key]

        event = deliver(envelope(event_type, payload))

        assert type(event) is kind
        assert sum(value != whole[name] for name, value in own_fields(event).items()) <= 1


@KNOWN
@pytest.mark.parametrize("payload", [None, {}])
def test_it_survives_without_a_payload(deliver: Deliver, event_type: str, payload: Any) -> None:
    event = deliver(envelope(event_type, payload))

    assert type(event) is CLASSES[event_type][0]
    assert event.ids == CallIds()
    assert event.client_state is None
    assert not any(value for name, value in own_fields(event).items() if name != "status" or value != "completed")


def test_it_collects_the_ids_of_the_call(deliver: Deliver) -> None:
    event = deliver(envelope("call.conversation.created", PAYLOADS["call.conversation.created"]))

    assert event.ids == CallIds(
        call_control_id="v3:HDR1-a_b",
        call_leg_id="cc29cce6-2f1c-11f0-8c5d-02420aef41a1",
        call_session_id="cc29c8d6-2f1c-11f0-a1d1-02420aef41a1",
        connection_id="2694492062593582591",
        conversation_id="0424805b-aaaa",
    )
    assert event.client_state == "b2ZmZXI6MQ=="


def test_ids_may_be_numbers(deliver: Deliver) -> None:
    payload = dict.fromkeys(CALL, 2694492062593582591)

    event = deliver(envelope("call.answered", payload, id=17))

    assert event.id == "17"
    assert event.ids == CallIds(*["2694492062593582591"] * 4)


@pytest.mark.parametrize("odd", ["", None, True, [], {}, "x" * 256])
def test_an_odd_id_counts_as_missing(deliver: Deliver, odd: Any) -> None:
    event = deliver(envelope("call.answered", {**CALL, "call_control_id": odd}))

    assert event.ids.call_control_id is None
    assert event.ids.call_leg_id == CALL["call_leg_id"]


def test_the_dynamic_variables_webhook_names_the_conversation(deliver: Deliver) -> None:
    event = deliver(envelope("assistant.initialization", PAYLOADS["assistant.initialization"]))

    assert event.ids == CallIds(call_control_id="v3:HDR1-a_b", conversation_id="0424805b-aaaa")


def test_nested_dynamic_variables_are_variables_too(deliver: Deliver) -> None:
    event = deliver(
        envelope("assistant.initialization", {"a": "1", "dynamic_variables": {"a": 2, "b": None, "c": [1]}})
    )

    assert isinstance(event, events.AssistantInitialization)
    assert event.variables == {"a": "2"}


@pytest.mark.parametrize(
    ("sent", "read"), [(83, 83), ("83", 83), (83.9, 83), ("", None), ("1e999", None), (2**31, None), (True, None)]
)
def test_it_reads_a_duration_however_it_is_written(deliver: Deliver, sent: Any, read: int | None) -> None:
    event = deliver(envelope("call.conversation.ended", {"duration_sec": sent}))

    assert isinstance(event, events.ConversationEnded)
    assert event.duration_seconds == read


@KNOWN
def test_its_repr_shows_no_people(deliver: Deliver, event_type: str) -> None:
    shown = repr(deliver(envelope(event_type, PAYLOADS[event_type])))

    for private in (
        "Ada",
        "+61255501234",
        "gencred7x",
        "tok.en",
        "/pricing",
        "anonymous",
        "Warm lead",
        "score",
        "price",
    ):
        assert private not in shown
