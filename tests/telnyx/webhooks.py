"""Telnyx's webhooks: signed, and delivered at our real addresses."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.test import Client, TestCase
from django.utils import timezone
from nacl.signing import SigningKey

CALL_CONTROL = "/webhooks/telnyx/call-control"
INSIGHTS = "/webhooks/telnyx/insights"
DYNAMIC_VARIABLES = "/webhooks/telnyx/dynamic-variables"
DOORS = (CALL_CONTROL, INSIGHTS, DYNAMIC_VARIABLES)


def signature(key: SigningKey, body: bytes, *, at: datetime) -> dict[str, str]:
    """The two headers with which Telnyx signs a body."""
    seconds = str(int(at.timestamp()))
    signed = key.sign(seconds.encode() + b"|" + body).signature
    return {"telnyx-signature-ed25519": base64.b64encode(signed).decode(), "telnyx-timestamp": seconds}


def envelope(event_type: str, payload: dict[str, Any], *, event_id: str, occurred_at: datetime) -> bytes:
    data = {
        "record_type": "event",
        "event_type": event_type,
        "id": event_id,
        "occurred_at": occurred_at.isoformat(),
        "payload": payload,
    }
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


@dataclass
class Webhooks:
    """Delivers events, signed, through the URL that Telnyx knows."""

    client: Client
    key: SigningKey
    # Every event that was sent, also what was lost: what Telnyx lists of a leg.
    told: list[dict[str, Any]] = field(default_factory=list)
    loses: bool = False

    @contextmanager
    def nothing_arrives(self) -> Iterator[None]:
        """Whatever is sent meanwhile is lost on its way."""
        self.loses = True
        yield
        self.loses = False

    def deliver(self, body: bytes, *, path: str = CALL_CONTROL, content_type: str = "application/json") -> Any:
        headers = signature(self.key, body, at=timezone.now())
        return self.client.post(path, body, content_type=content_type, headers=headers)

    def use_tool(self, tool: str, arguments: dict[str, Any], *, headers: dict[str, str], query: str = "") -> Any:
        """Use a tool, signed; what is committed then goes out."""
        body = json.dumps(arguments).encode()
        with TestCase.captureOnCommitCallbacks(execute=True):
            return self.client.post(
                f"/webhooks/telnyx/tools/{tool}{query}",
                body,
                content_type="application/json",
                headers=signature(self.key, body, at=timezone.now()) | headers,
            )

    def event(
        self,
        event_type: str,
        payload: dict[str, Any],
        *,
        path: str = CALL_CONTROL,
        event_id: str = "",
        occurred_at: datetime | None = None,
    ) -> Any:
        """Deliver one event; it must be accepted, whatever becomes of it."""
        body = envelope(
            event_type, payload, event_id=event_id or str(uuid.uuid4()), occurred_at=occurred_at or timezone.now()
        )
        self.told.append(json.loads(body)["data"])
        if self.loses:
            return None
        response = self.deliver(body, path=path)
        assert response.status_code == 200, response.content
        return response
