"""What is concluded from a conversation: the insights of a group, and how they are told."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.model import clock

PENDING, COMPLETED = "pending", "completed"


@dataclass(eq=False)
class Insights:
    """`group` as the account holds it; results are there once they were drawn."""

    group: Mapping[str, Any]
    begun_at: datetime = field(default_factory=clock.now)
    results: list[dict[str, str]] = field(default_factory=list)

    @property
    def webhook(self) -> str:
        return str(self.group.get("webhook") or "")

    def draw(self, captured: Mapping[str, Any], *, spoken_turns: int) -> None:
        """Fill each insight of the group: one with a schema from what was captured, any other one with a summary."""
        self.results = [
            {"insight_id": str(one["id"]), "result": _result(one, captured, spoken_turns)} for one in self.insights
        ]

    @property
    def insights(self) -> Sequence[Mapping[str, Any]]:
        return self.group.get("insights") or []

    def as_json(self) -> dict[str, Any]:
        """The entry of `GET /ai/conversations/{id}/conversations-insights`."""
        return {
            "id": str(self.group["id"]),
            "status": COMPLETED if self.results else PENDING,
            "created_at": clock.iso(self.begun_at),
            "conversation_insights": self.results,
        }

    def as_webhook(self, conversation_id: str, metadata: Mapping[str, str]) -> dict[str, Any]:
        """What most third parties saw sent to the group's address (2026)."""
        return {
            "record_type": "event",
            "event_type": "conversation_insight_result",
            "payload": {
                "request_id": str(uuid.uuid4()),
                "conversation_id": conversation_id,
                "status": COMPLETED,
                "insight_group_id": str(self.group["id"]),
                "metadata": dict(metadata),
                "results": self.results,
            },
        }

    def as_documented_webhook(self, conversation_id: str) -> dict[str, Any]:
        """What is printed for a group's address: https://developers.telnyx.com/docs/inference/ai-insights/insight-groups"""
        names = {str(one["id"]): str(one.get("name") or "") for one in self.insights}
        return {
            "event_type": "conversation.insights.completed",
            "conversation_id": conversation_id,
            "insight_group_id": str(self.group["id"]),
            "insight_group_name": str(self.group.get("name") or ""),
            "insights": [{**one, "insight_name": names[one["insight_id"]]} for one in self.results],
        }

    def as_event(self) -> dict[str, Any]:
        """What `call.conversation_insights.generated` says beyond the ids of the leg."""
        return {
            "calling_party_type": "sip",
            "insight_group_id": str(self.group["id"]),
            "results": self.results,
        }


def _result(insight: Mapping[str, Any], captured: Mapping[str, Any], spoken_turns: int) -> str:
    schema = insight.get("json_schema")
    if isinstance(schema, str) and schema:
        schema = json.loads(schema)
    if isinstance(schema, dict):
        wanted = schema.get("properties") or captured
        return json.dumps({name: captured[name] for name in wanted if name in captured})
    facts = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in captured.items())
    return f"The prospect spoke {spoken_turns} time(s). {f'Captured: {facts}' if facts else 'Nothing was captured'}."
