"""Telnyx's side of the wire, as the tests play it: signed deliveries and API answers."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import respx
from nacl.signing import SigningKey

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
BASE_URL = "http://telnyx.test/v2"
API_KEY = "KEY0190-very-secret"


class Signer:
    """Signs deliveries as Telnyx does."""

    def __init__(self) -> None:
        self._key = SigningKey.generate()
        self.public_key = base64.b64encode(bytes(self._key.verify_key)).decode()

    def signature(self, body: bytes, timestamp: str) -> bytes:
        return bytes(self._key.sign(timestamp.encode() + b"|" + body).signature)

    def headers(self, body: bytes, *, at: datetime = NOW, content_type: str = "application/json") -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        return {
            "Telnyx-Signature-Ed25519": base64.b64encode(self.signature(body, timestamp)).decode(),
            "Telnyx-Timestamp": timestamp,
            "Content-Type": content_type,
        }


def envelope(event_type: str, payload: Mapping[str, Any] | None, **others: Any) -> dict[str, Any]:
    """The shape of a Call Control webhook."""
    return {
        "data": {
            "record_type": "event",
            "event_type": event_type,
            "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
            "occurred_at": "2026-11-22T03:04:01.817785Z",
            "payload": payload,
            **others,
        },
        "meta": {"attempt": 1, "delivered_to": "https://shop.example/webhooks/telnyx/call-control"},
    }


def sent(route: respx.Route) -> Any:
    """The JSON body of the only request that a route has seen."""
    assert route.call_count == 1
    return json.loads(route.calls.last.request.content)


def answered(data: Mapping[str, Any] | Sequence[Any], **others: Any) -> httpx.Response:
    """A 200 answer of the API."""
    return httpx.Response(200, json={"data": data, **others})
