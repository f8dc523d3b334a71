"""What was said: conversations, their messages, and when they can be read."""

import json
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.assistant.insights import Insights
from sandbox.model import clock

KEPT_CONVERSATIONS = 500
TURNS = ("assistant", "user")
# What the documents call “a moment after”.
LATE = timedelta(seconds=2)


@dataclass(frozen=True)
class Message:
    role: str
    text: str
    at: datetime
    # Of an assistant that uses a tool, and of that tool's answer.
    tool_calls: tuple[dict[str, Any], ...] = ()
    tool_call_id: str = ""

    def as_turn(self) -> dict[str, Any]:
        of_tools = {"tool_calls": list(self.tool_calls)} if self.tool_calls else {}
        answer_to = {"tool_call_id": self.tool_call_id} if self.tool_call_id else {}
        return {"role": self.role, "content": self.text, **of_tools, **answer_to}

    def as_event_json(self) -> dict[str, Any]:
        return {**self.as_turn(), "timestamp": clock.iso(self.at)}

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
    insights: Insights | None = None

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
        """The turns as events tell them: what was said, and nothing of tools."""
        return [message.as_turn() for message in self.spoken]

    def told(self, *, is_full: bool) -> list[dict[str, Any]]:
        """What the end tells: the turns, or with the full history everything."""
        return [message.as_event_json() for message in (self.messages if is_full else self.spoken)]

    @property
    def spoken(self) -> list[Message]:
        return [message for message in self.messages if message.role in TURNS and not message.tool_calls]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": f"Conversation {self.id[:8]}",
            "created_at": clock.iso(self.created_at),
            "last_message_at": clock.iso(self.last_message_at),
            "metadata": self.metadata,
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
