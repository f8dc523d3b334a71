"""What was said: conversations, their messages and the insights drawn from them."""

import json
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox import clock

KEPT_CONVERSATIONS = 500
SUMMARY_INSIGHT = "11111111-5a0d-4d6e-9d3b-6a1f1f7b0001"
FIELDS_INSIGHT = "11111111-5a0d-4d6e-9d3b-6a1f1f7b0002"
INSIGHT_GROUP = "11111111-5a0d-4d6e-9d3b-6a1f1f7b00aa"


@dataclass(frozen=True)
class Message:
    role: str
    text: str
    at: datetime
    # Of an assistant that uses a tool, and of that tool's answer.
    tool_calls: tuple[dict[str, Any], ...] = ()
    tool_call_id: str = ""

    def as_event_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"role": self.role, "content": self.text, "timestamp": clock.iso(self.at)}
        if self.tool_calls:
            told["tool_calls"] = list(self.tool_calls)
        return {**told, "tool_call_id": self.tool_call_id} if self.tool_call_id else told

    def as_api_json(self) -> dict[str, Any]:
        at = clock.iso(self.at)
        told = {"role": self.role, "text": self.text, "sent_at": at, "created_at": at, "metadata": {}}
        return {**told, "tool_calls": list(self.tool_calls)}


@dataclass(eq=False)
class Conversation:
    metadata: dict[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: datetime = field(default_factory=clock.now)
    messages: list[Message] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    # What the assistant was told when it started, and the messages that were added to it later.
    given: dict[str, Any] = field(default_factory=dict)
    added: list[dict[str, str]] = field(default_factory=list)
    insights: list[dict[str, str]] = field(default_factory=list)
    insights_at: datetime | None = None

    def add(self, role: str, text: str) -> Message:
        message = Message(role, text, clock.now())
        self.messages.append(message)
        return message

    def note_tool_call(self, call_id: str, name: str, arguments: Mapping[str, Any]) -> None:
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": call_id, "type": "function", "function": function}
        self.messages.append(Message("assistant", "", clock.now(), tool_calls=(call,)))

    def note_tool_answer(self, call_id: str, text: str) -> None:
        self.messages.append(Message("tool", text, clock.now(), tool_call_id=call_id))

    @property
    def last_message_at(self) -> datetime:
        return self.messages[-1].at if self.messages else self.created_at

    def history(self) -> list[dict[str, Any]]:
        """The turns; what the assistant used is in it, as the platform tells of it."""
        told = []
        for message in self.messages:
            if message.role in ("assistant", "user"):
                calls = {"tool_calls": list(message.tool_calls)} if message.tool_calls else {}
                told.append({"role": message.role, "content": message.text, **calls})
        return told

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": f"Conversation {self.id[:8]}",
            "created_at": clock.iso(self.created_at),
            "last_message_at": clock.iso(self.last_message_at),
            "metadata": self.metadata,
        }

    def draw_insights(self) -> None:
        """Fill the insights from what was captured, as the platform does shortly after the end."""
        facts = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in self.results.items())
        turns = sum(1 for message in self.messages if message.role == "user")
        summary = f"The prospect spoke {turns} time(s). {'Captured: ' + facts if facts else 'Nothing was captured'}."
        self.insights = [
            {"insight_id": SUMMARY_INSIGHT, "result": summary},
            {"insight_id": FIELDS_INSIGHT, "result": json.dumps(self.results)},
        ]
        self.insights_at = clock.now()

    def insights_json(self) -> list[dict[str, Any]]:
        if self.insights_at is None:
            return []
        return [
            {
                "id": INSIGHT_GROUP,
                "status": "completed",
                "created_at": clock.iso(self.insights_at),
                "conversation_insights": self.insights,
            }
        ]

    def insights_webhook(self) -> dict[str, Any]:
        return {
            "record_type": "event",
            "event_type": "conversation_insight_result",
            "payload": {
                "request_id": str(uuid.uuid4()),
                "conversation_id": self.id,
                "status": "completed",
                "insight_group_id": INSIGHT_GROUP,
                "metadata": self.metadata,
                "results": self.insights,
            },
        }


class Conversations:
    def __init__(self) -> None:
        self._by_id: OrderedDict[str, Conversation] = OrderedDict()

    def add(self, conversation: Conversation) -> Conversation:
        self._by_id[conversation.id] = conversation
        while len(self._by_id) > KEPT_CONVERSATIONS:
            self._by_id.popitem(last=False)
        return conversation

    def get(self, conversation_id: str) -> Conversation | None:
        return self._by_id.get(conversation_id)

    def all(self) -> list[Conversation]:
        """Newest first."""
        return list(reversed(self._by_id.values()))

    def clear(self) -> None:
        self._by_id.clear()
