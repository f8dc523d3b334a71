"""Ask Telnyx what happened, and write its answer as the webhook that would have told it.

What was observed then enters where webhooks do. Its id is that of the webhook where Telnyx's record names it, else one
that is made of the record alone, so that asking again makes nothing new.
Source: https://developers.telnyx.com/api-reference/debugging/list-call-events; of an event's `metadata` the types of
telnyx 4.189.0 say only “raw event”.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strict_json import identifier, instant, mapping, objects, text
from telephony import parsing
from telephony.connection import Connection
from telephony.events import CallIds
from telephony.exchange import ask, pages

PER_PAGE = 100
WEBHOOK = "webhook"
# The names under which a record may hold the event itself.
_WRAPPERS = ("data", "raw_event", "event", "webhook", "body")


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that happened, as a webhook of ours: `body` is what the inbox keeps."""

    id: str
    type: str
    occurred_at: datetime
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One entry of Telnyx's own list of a call's events."""

    name: str
    at: datetime
    call_leg_id: str | None
    call_session_id: str | None
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation that Telnyx keeps."""

    id: str
    created_at: datetime | None
    metadata: Mapping[str, Any] = field(repr=False)


class Observing(Connection):
    def call_records(
        self, *, call_leg_id: str = "", connection_id: str = "", since: datetime | None = None
    ) -> list[CallRecord]:
        """Return the webhooks that Telnyx had for one leg, or for all legs of a connection, oldest first."""
        wanted: dict[str, Any] = {"type": WEBHOOK}
        if call_leg_id:
            wanted["leg_id"] = call_leg_id
        if connection_id:
            wanted["connection_id"] = connection_id
        if since is not None:
            wanted["occurred_at"] = {"gte": since.isoformat()}
        request = self._sdk.call_events.with_raw_response.list
        records: list[CallRecord] = []
        for item in pages(request, filter=wanted, page_size=PER_PAGE):
            at, name = instant(item.get("event_timestamp")), text(item.get("name"))
            if at is None or item.get("type") != WEBHOOK or not parsing.is_known(name):
                continue
            record = CallRecord(
                name=name,
                at=at,
                call_leg_id=identifier(item.get("call_leg_id")),
                call_session_id=identifier(item.get("call_session_id")),
                raw=mapping(item.get("metadata")),
            )
            records.append(record)
        return sorted(records, key=lambda record: record.at)

    def conversations_of_call(self, call_control_id: str) -> list[ConversationRecord]:
        """Return the conversations on one leg, oldest first."""
        request = self._sdk.ai.conversations.with_raw_response.list
        answer = ask(request, metadata_call_control_id=f"eq.{call_control_id}", order="created_at.asc", limit=10)
        return [
            ConversationRecord(
                id=found, created_at=instant(item.get("created_at")), metadata=mapping(item.get("metadata"))
            )
            for item in objects(answer.get("data"))
            if (found := identifier(item.get("id"))) is not None
        ]


def of_record(record: CallRecord, *, ids: CallIds | None = None) -> Observation:
    """The webhook of a record; `ids` are those of a leg that is known and may be missing from it."""
    event = _event(record.raw)
    payload = mapping(event.get("payload")) or {key: value for key, value in event.items() if key not in _ENVELOPE}
    own = {"call_leg_id": record.call_leg_id, "call_session_id": record.call_session_id}
    known = _plain(ids) | {name: value for name, value in own.items() if value}
    made_up = f"record:{record.call_leg_id}:{record.name}:{record.at.isoformat()}"
    return _observation(
        identifier(event.get("id")) or made_up,
        record.name,
        instant(event.get("occurred_at")) or record.at,
        known | {name: value for name, value in payload.items() if value is not None},
    )


_ENVELOPE = frozenset({"id", "event_type", "record_type", "occurred_at", "created_at"})


def _event(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event itself, wherever in the record it stands."""
    for name in _WRAPPERS:
        inner = mapping(raw.get(name))
        if inner:
            return _event(inner)
    return raw


def hangup(ids: CallIds, *, at: datetime) -> Observation:
    """A leg that Telnyx says is over, though nothing told of its end."""
    payload = _plain(ids) | {"hangup_cause": "observed", "hangup_source": "unknown", "sip_hangup_cause": "unspecified"}
    return _observation(f"observed:{ids.call_control_id}:hangup", "call.hangup", at, payload)


def conversation(found: ConversationRecord, ids: CallIds, *, at: datetime) -> Observation:
    """A conversation that is there, though nothing told of its beginning."""
    payload = _plain(ids) | {
        "conversation_id": found.id,
        "telnyx_conversation_id": found.id,
        "assistant_id": text(found.metadata.get("assistant_id")),
        "telnyx_conversation_channel": text(found.metadata.get("telnyx_conversation_channel")),
        "telnyx_agent_target": text(found.metadata.get("telnyx_agent_target")),
        "telnyx_end_user_target": text(found.metadata.get("telnyx_end_user_target")),
    }
    return _observation(f"conversation:{found.id}", "assistant.initialization", found.created_at or at, payload)


def _plain(ids: CallIds | None) -> dict[str, Any]:
    names = ("call_control_id", "call_leg_id", "call_session_id", "connection_id")
    return {name: value for name in names if ids is not None and (value := getattr(ids, name))}


def _observation(event_id: str, event_type: str, at: datetime, payload: Mapping[str, Any]) -> Observation:
    data = {
        "record_type": "event",
        "event_type": event_type,
        "id": event_id,
        "occurred_at": at.isoformat(),
        "payload": payload,
    }
    return Observation(event_id[:120], event_type, at, json.dumps({"data": data}).encode())
