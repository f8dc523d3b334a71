"""What assistants conclude and what was said to them is read in every spelling."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from telephony import events
from telephony.events import CallIds, Event, InsightResult, Message, ToolCall
from tests.telephony.examples import CALL, PAYLOADS
from tests.telephony.vendor import envelope

Deliver = Callable[..., Event]

INSIGHT_SHAPES = {
    "group's own, bare": {
        "event_type": "conversation.insights.completed",
        **PAYLOADS["conversation.insights.completed"],
    },
    "result, bare": {
        "record_type": "event",
        "event_type": "conversation_insight_result",
        "payload": PAYLOADS["conversation_insight_result"],
    },
    "result, wrapped": {
        "data": {"event_type": "conversation_insight_result", "payload": PAYLOADS["conversation_insight_result"]}
    },
}


@pytest.mark.parametrize("shape", INSIGHT_SHAPES)
def test_it_reads_every_shape_of_insights(deliver: Deliver, shape: str) -> None:
    event = deliver(INSIGHT_SHAPES[shape])

    assert isinstance(event, events.InsightsGenerated)
    assert (event.group_id, event.ids.conversation_id) == ("group-1", "0424805b-aaaa")
    assert [result.insight_id for result in event.results] == ["i1"]
    assert event.id.startswith("sha256:")


def test_insights_take_the_ids_of_the_call_from_their_metadata(deliver: Deliver) -> None:
    payload = {**PAYLOADS["conversation_insight_result"], "call_leg_id": "its own", "call_session_id": None}

    event = deliver(envelope("conversation_insight_result", payload))

    assert event.ids.call_control_id == CALL["call_control_id"]
    assert event.ids.call_session_id == CALL["call_session_id"]
    assert event.ids.call_leg_id == "its own"


def test_no_other_event_takes_ids_from_metadata(deliver: Deliver) -> None:
    event = deliver(envelope("call.answered", {"metadata": CALL}))

    assert event.ids == CallIds()


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        (' ["x"]', ["x"]),
        ('{"a": "\\u0000"}', {"a": "�"}),
        ("42", "42"),
        ("true", "true"),
        ("[sic] he said", "[sic] he said"),
        ("{{name}}", "{{name}}"),
        ('{"a": NaN}', '{"a": NaN}'),
        ("[" * 10_000, "[" * 10_000),
        ({"a": "[1]"}, {"a": "[1]"}),
        (7.5, 7.5),
        (None, None),
    ],
)
def test_it_decodes_json_inside_a_result(deliver: Deliver, sent: Any, read: Any) -> None:
    event = deliver(envelope("conversation_insight_result", {"results": [{"insight_id": "i", "result": sent}]}))

    assert isinstance(event, events.InsightsGenerated)
    assert event.results == (InsightResult("i", "", read),)


@pytest.mark.parametrize(
    ("turn", "read"),
    [
        ({"role": "user", "content": None}, Message("user", "")),
        ({"role": "user", "text": "typed"}, Message("user", "typed")),
        ({"role": "user", "content": 5}, Message("user", "5")),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"text": "b"}, "c"]}, Message("user", "ab")),
        ({"content": "x"}, Message("", "x")),
        (
            {"role": "user", "content": "x", "sent_at": "2026-11-22T00:00:00"},
            Message("user", "x", datetime(2026, 11, 22, tzinfo=UTC)),
        ),
        (
            {"role": "tool", "content": "x", "tool_calls": [{"function": None}, 3]},
            Message("tool", "x", None, (ToolCall(None, "", None),)),
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": 4, "function": {"name": "f", "arguments": "{bad"}}]},
            Message("assistant", "", None, (ToolCall("4", "f", "{bad"),)),
        ),
    ],
)
def test_it_reads_every_spelling_of_a_turn(deliver: Deliver, turn: dict[str, Any], read: Message) -> None:
    event = deliver(envelope("call.ai_gather.message_history_updated", {"message_history": ["odd", None, turn]}))

    assert isinstance(event, events.MessageHistoryUpdated)
    assert event.messages == (read,)
