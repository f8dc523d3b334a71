"""What the website says of its visitor, as the closer reads it: on the card, in the ring and with the open call."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.render import fragments, rings
from handoff.models import Closer
from sessions_app.models import VoiceSession, WidgetConfig
from tests.dashboard.conftest import described, ring, visit
from tests.dashboard.page_model import Element, parse

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"
VALUES = {"user_tier": "Enterprise", "plan": "Gold", "order_number": HOSTILE, "city": "Perth", "language": "Tamil"}
SYSTEM = {
    "channel": "web_call",
    "agent_target": "+61255501234",
    "end_user_target": "gencred0abc@sip.telnyx.com",
    "occurred_at": "2026-11-28T01:02:03+00:00",
}


@pytest.fixture
def told(widget: WidgetConfig) -> VoiceSession:
    return visit(widget, visitor_values=described(VALUES, at=timezone.now()), system_variables=SYSTEM)


def words(element: Element | str | None) -> str:
    """What somebody reads, word by word."""
    assert element is not None
    if isinstance(element, str):
        return " ".join(element.split())
    return " ".join(filter(None, map(words, element.children)))


def of_class(element: Element, name: str) -> list[Element]:
    found = [element] if name in (element.attributes.get("class") or "").split() else []
    inner = (child for child in element.children if isinstance(child, Element))
    return found + [one for child in inner for one in of_class(child, name)]


def test_the_card_shows_the_first_two(told: VoiceSession) -> None:
    (shown,) = of_class(parse(fragments.card_html(told)), "card-told")

    assert words(shown) == "Tier: Enterprise · Plan: Gold"


def test_the_ring_shows_the_first_four(told: VoiceSession, alice: Closer) -> None:
    ring(told, alice)

    frame: Any = rings.ring(alice, timezone.now())

    (shown,) = of_class(parse(frame["html"]), "told")
    assert words(shown) == f"Tier: Enterprise Plan: Gold Order number: {HOSTILE} City: Perth"
    assert HOSTILE not in frame["html"]


def test_the_open_call_shows_all_beside_what_telnyx_says(told: VoiceSession) -> None:
    page = parse(fragments.detail(told)["html"])

    shown = words(page.find("detail-visit"))
    assert "hidden" not in (page.find("detail-visit") or page).attributes
    for line in ("Tier Enterprise", "Plan Gold", f"Order number {HOSTILE}", "City Perth", "Language Tamil"):
        assert line in shown
    assert "nobody has checked it" in shown
    assert "Channel Browser call Reached at +61255501234 Calls from A browser Time" in shown
    (first,) = of_class(page.find("detail-head") or page, "told")
    assert words(first).startswith("Tier: Enterprise")
    assert "Language" not in words(first)


def test_nothing_is_shown_of_a_visit_of_which_nothing_is_said(session: VoiceSession) -> None:
    page = parse(fragments.detail(session)["html"])

    panel = page.find("detail-visit")
    assert panel is not None
    assert "hidden" in panel.attributes
    assert of_class(page, "told") == of_class(parse(fragments.card_html(session)), "card-told") == []


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/sessions/{}/"])
def test_no_value_becomes_a_part_of_the_page(alices_browser: Client, told: VoiceSession, path: str) -> None:
    page = alices_browser.get(path.format(told.pk)).content.decode()

    assert "Enterprise" in page
    assert HOSTILE not in page


def test_they_cost_the_page_no_look_at_the_database(told: VoiceSession, session: VoiceSession) -> None:
    def queries(one: VoiceSession) -> int:
        fresh = VoiceSession.objects.select_related("widget", "gather_version", "prospect", "team").get(pk=one.pk)
        with CaptureQueriesContext(connection) as counted:
            fragments.card(fresh)
            fragments.detail(fresh)
        return len(counted)

    assert queries(told) == queries(session)


@pytest.mark.parametrize(
    ("told_as", "calls_back", "shown"),
    [
        ("phone_call", False, "Channel Browser call"),
        ("web_call", False, "Channel Browser call"),
        ("phone_call", True, "Channel Phone call"),
        ("web_call", True, "Channel Web call"),
        ("sms_chat", False, "Channel Text messages"),
        ("fax", False, "Channel Fax"),
    ],
)
def test_a_visit_of_our_page_is_a_browser_s_whatever_telnyx_calls_it(
    widget: WidgetConfig, told_as: str, calls_back: bool, shown: str
) -> None:
    earlier = visit(widget) if calls_back else None
    session = visit(widget, previous=earlier, system_variables={**SYSTEM, "channel": told_as})

    page = parse(fragments.detail(session)["html"])

    assert shown in words(page.find("detail-visit"))


def test_an_ended_visit_is_with_nobody(widget: WidgetConfig) -> None:
    ended = visit(widget, handover_phase="human", closer_name="Alice", ended_at=timezone.now(), end_reason="hung_up")

    (shown,) = of_class(parse(fragments.card_html(ended)), "card-phase")

    assert words(shown) == "Ended: hung up"
