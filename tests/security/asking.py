"""A page that asks for a visit."""

import json
from typing import Any

from django.test import Client

from sessions_app.models import Consent, VoiceSession
from tests.telnyx import Rest

URL = "/api/orchestration/token"
OWN = "http://testserver"
SHOP = "https://shop.example"
NO_VOICE = {"status": "error", "message": "Unable to establish secure voice session."}
ADDRESS = "203.0.113.7"


def body_for(widget: str = "home", **changes: Any) -> dict[str, Any]:
    return {"widget": widget, "consent": {"version": "2026-11", "recording": True}} | changes


def ask(client: Client, body: Any = None, *, origin: str | None = SHOP, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body if body is not None else body_for())
    given = headers | ({"Origin": origin} if origin is not None else {})
    return client.post(URL, content, content_type="application/json", headers=given, REMOTE_ADDR=ADDRESS)


def refused(rest: Rest) -> None:
    assert rest.requests == []
    assert not VoiceSession.objects.exists()
    assert not Consent.objects.exists()
