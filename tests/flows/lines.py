"""Visitors who ask for a line, and how many are held."""

from typing import Any

from django.test import Client
from django.utils import timezone

from sessions_app.models import Team, VoiceSession, WidgetConfig
from sessions_app.visits import capacity, visits

URL = "/api/orchestration/token"
OWN = "http://testserver"


def ask(client: Client, *, widget: str = "home", address: str = "203.0.113.7", call: bool = True) -> Any:
    body = {"widget": widget, "consent": {"version": "2026-11", "recording": True}, "call": call}
    return client.post(URL, body, content_type="application/json", headers={"Origin": OWN}, REMOTE_ADDR=address)


def held(team: Team | None = None) -> int:
    return capacity.usage(now=timezone.now()).held(team.pk if team else None)


def open_one(widget: WidgetConfig) -> VoiceSession:
    return visits.open_visit(widget, recording=True, origin="", now=timezone.now())
