"""What Telnyx is asked about, and its answer as a webhook of the usual kind."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from telephony import inbound, observing
from telephony.client import Telnyx
from telephony.events import AssistantInitialization, CallHangup, CallIds, GatherEnded
from telephony.observing import CallRecord, ConversationRecord

AT = "2026-11-22T05:00:00.250000Z"
MOMENT = datetime(2026, 11, 22, 5, 0, 0, 250_000, UTC)
IDS = CallIds(call_control_id="v3:a", call_leg_id="leg-1", call_session_id="session-1", connection_id="27")
EVENT = {
    "id": "evt-1",
    "event_type": "call.ai_gather.ended",
    "occurred_at": AT,
    "record_type": "event",
    "payload": {"call_control_id": "v3:a", "status": "valid", "result": {"budget": "5"}, "message_history": None},
}


def item(name: str = "call.hangup", at: str = AT, **values: Any) -> dict[str, Any]:
    plain = {"call_leg_id": "leg-1", "call_session_id": "session-1", "record_type": "call_event", "type": "webhook"}
    return {**plain, "name": name, "event_timestamp": at, "metadata": {}} | values


def test_it_asks_for_one_leg_and_reads_every_page(client: Telnyx, api: respx.MockRouter) -> None:
    later = item("call.hangup", "2026-11-22T05:00:09Z")
    pages = [[later, item("call.teleported"), item(type="command")], [item("call.answered"), {"name": []}]]
    route = api.get("/call_events").mock(
        side_effect=[httpx.Response(200, json={"data": page, "meta": {"total_pages": 2}}) for page in pages]
    )

    records = client.call_records(call_leg_id="leg-1")

    assert [record.name for record in records] == ["call.answered", "call.hangup"]
    assert dict(route.calls[1].request.url.params) == {
        "filter[type]": "webhook",
        "filter[leg_id]": "leg-1",
        "page[number]": "2",
        "page[size]": "100",
    }


def test_it_asks_for_a_connection_since_a_moment(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.get("/call_events").respond(json={"data": []})

    client.call_records(connection_id="27", since=MOMENT)

    asked = dict(route.calls.last.request.url.params)
    assert asked["filter[connection_id]"] == "27"
    assert asked["filter[occurred_at][gte]"] == "2026-11-22T05:00:00.250000+00:00"


def test_it_asks_for_the_conversations_of_a_leg(client: Telnyx, api: respx.MockRouter) -> None:
    found = {"id": "k1", "created_at": AT, "metadata": {"assistant_id": "assistant-1"}}
    route = api.get("/ai/conversations").respond(json={"data": [found, {"id": None}]})

    assert client.conversations_of_call("v3:a") == [
        ConversationRecord(id="k1", created_at=MOMENT, metadata={"assistant_id": "assistant-1"})
    ]
    assert route.calls.last.request.url.params["metadata->call_control_id"] == "eq.v3:a"


@pytest.mark.parametrize(
    "raw",
    [
        EVENT,
        {"data": EVENT},
        {"raw_event": json.dumps(EVENT)},
        {"event": {"data": EVENT}},
        {"webhook": EVENT, "to": "x"},
    ],
)
def test_a_record_that_holds_its_event_is_that_very_webhook(raw: dict[str, Any]) -> None:
    record = CallRecord("call.ai_gather.ended", MOMENT, "leg-1", "session-1", raw)

    observation = observing.of_record(record, ids=IDS)
    event = inbound.reread(observation.body, content_type="application/json", received_at=MOMENT)

    assert isinstance(event, GatherEnded)
    assert (event.id, observation.id) == ("evt-1", "evt-1")
    assert (event.occurred_at, event.ids, event.result) == (MOMENT, IDS, {"budget": "5"})


@pytest.mark.parametrize("raw", [{}, {"payload": []}, {"data": 7}, {"x": {"y": 1}}])
def test_a_record_without_its_event_is_named_by_itself(raw: dict[str, Any]) -> None:
    record = CallRecord("call.hangup", MOMENT, "leg-1", "session-1", raw)

    one, same = (observing.of_record(record, ids=IDS) for _ in range(2))
    event = inbound.reread(one.body, content_type="application/json", received_at=MOMENT)

    assert one == same
    assert isinstance(event, CallHangup)
    assert event.ids == IDS


def test_an_end_that_was_observed_and_a_conversation_that_was_found() -> None:
    end = observing.hangup(IDS, at=MOMENT)
    begun = observing.conversation(ConversationRecord("k1", None, {"assistant_id": "assistant-1"}), IDS, at=MOMENT)
    told, asked = (
        inbound.reread(one.body, content_type="application/json", received_at=MOMENT) for one in (end, begun)
    )

    assert isinstance(told, CallHangup)
    assert (told.cause, told.source, told.ids) == ("observed", "unknown", IDS)
    assert isinstance(asked, AssistantInitialization)
    assert (asked.assistant_id, asked.ids.conversation_id) == ("assistant-1", "k1")
