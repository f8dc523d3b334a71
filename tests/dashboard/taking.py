"""What a closer does with a call that the assistant still has, and what their desk shows of it."""

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from dashboard.render import desk, fragments
from handoff.models import Closer, Handoff
from sessions_app.models import VoiceSession
from tests import handoffs
from tests.dashboard.conftest import hand_over


def post(browser: Client, url: str, body: Any = None) -> Any:
    return browser.post(url, data=json.dumps(body or {}), content_type="application/json")


def take(browser: Client, session: VoiceSession, *, immediately: bool = False) -> Any:
    return post(browser, f"/dashboard/sessions/{session.pk}/take", {"immediately": immediately})


def steer(browser: Client, session: VoiceSession, text: str = "Ask about budget") -> Any:
    return post(browser, f"/dashboard/sessions/{session.pk}/steer", {"text": text})


def controls(session: VoiceSession) -> str:
    session.refresh_from_db()
    return str(fragments.detail(session)["html"]).split('id="detail-controls"')[1].split("</section>")[0]


def own_desk(closer: Closer) -> tuple[dict[str, Any], str]:
    frame = desk.read(closer, timezone.now(), None).desk
    return frame, str(frame["fragments"][0]["html"])


def seated(session: VoiceSession, closer: Closer, **values: Any) -> Handoff:
    handoff = hand_over(session, closer, state="seated")
    return handoffs.change(handoff, seated_at=timezone.now(), **values)
