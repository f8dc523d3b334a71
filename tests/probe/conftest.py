"""A probe whose page and whose Telnyx are played; what lies between them is real: rows, doors, signatures, the SDK."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from probe import tab
from probe.models import Probe, Told
from probe.scene import Scene, Site
from probe.tab import Tab
from sessions_app.models import WidgetConfig
from sessions_app.visits import credentials
from telephony.attempts import Attempts
from tests.telnyx import Leg, Rest, Webhooks

Play = Callable[[dict[str, Any]], None]


class Page(Tab):
    """A page that does at once what it is asked to; `plays` says what else follows from an order, by its kind."""

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe)
        self.probe = probe
        self.plays: dict[str, Play] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def tells(self, what: str, line: str = "caller", **data: Any) -> None:
        Told.objects.create(
            probe=self.probe, source="tab", at=timezone.now(), data={"what": what, "line": line, **data}
        )

    def order(self, kind: str, **arguments: Any) -> None:
        super().order(kind, **arguments)
        Probe.objects.filter(pk=self.probe.pk).update(tab_seen_at=timezone.now())
        self.asked.append((kind, arguments))
        if kind in self.plays:
            self.plays[kind](arguments)
        elif kind == "login":
            _, row = credentials.mint_for_probe(now=timezone.now())
            self.tells("login", arguments["line"], credential=row.pk)
            self.tells("ready", arguments["line"], dc="sy1", region="apac")


@dataclass
class Stage:
    scene: Scene
    page: Page
    rest: Rest
    webhooks: Webhooks
    dialled: list[dict[str, Any]] = field(default_factory=list)

    def parks(self, **payload: Any) -> Play:
        """Let Telnyx tell of the call that the page places, with the page's headers unless something else is said."""

        def play(order: dict[str, Any]) -> None:
            leg = Leg(self.webhooks, settings.TELNYX_CONNECTION_ID)
            ends = {"from": "anonymous", "to": order["destination"], "direction": "outgoing", "state": "parked"}
            leg.says("call.initiated", **{**ends, "custom_headers": order["headers"], **payload})

        return play

    def dials(self, request: httpx.Request) -> httpx.Response:
        self.dialled.append(json.loads(request.content))
        leg = {
            "call_control_id": f"v3:{len(self.dialled)}",
            "call_leg_id": "l",
            "call_session_id": "s",
            "is_alive": False,
        }
        return httpx.Response(200, json={"data": leg})


@pytest.fixture
def stage(widget: WidgetConfig, rest: Rest, webhooks: Webhooks) -> Stage:
    page = Page(tab.begin(now=timezone.now()))
    telnyx = Attempts(api_key="KEY", base_url=settings.TELNYX_API_BASE)
    scene = Scene(page, telnyx, Site(settings.PUBLIC_URL, widget, patience=0.4), settling=0.1)
    played = Stage(scene, page, rest, webhooks)
    rest.router["dial"].mock(side_effect=played.dials)
    return played
