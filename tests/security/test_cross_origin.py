"""Which website's page may read what the server answers; why it is so: docs/adr/0007."""

import json
from typing import Any

import pytest
from django.test import Client

from sessions_app.models import WidgetConfig
from tests.telnyx import Rest

URL = "/api/orchestration/token"
SHOP, OTHER, EVIL = "https://shop.example", "https://other.example", "https://evil.example"
READER = "Access-Control-Allow-Origin"


@pytest.fixture
def two_websites(widget: WidgetConfig, anonymous_widget: WidgetConfig) -> None:
    """The shop's page has the widget `home`, the other one the widget `anonymous`."""
    WidgetConfig.objects.filter(pk=anonymous_widget.pk).update(allowed_origins=[OTHER])


def ask(client: Client, origin: str, *, widget: str = "home", version: str = "2026-11") -> Any:
    body = {"widget": widget, "consent": {"version": version, "recording": True}}
    return client.post(URL, json.dumps(body), content_type="application/json", headers={"Origin": origin})


def preflight(client: Client, origin: str) -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options(URL, headers=asked)


def test_a_refusal_is_read_by_the_widget_s_own_website(client: Client, two_websites: None, rest: Rest) -> None:
    answer = ask(client, SHOP, version="2025-01")

    assert (answer.status_code, answer.headers[READER], answer.headers["Vary"]) == (400, SHOP, "Origin")


@pytest.mark.parametrize(("slug", "status"), [("home", 403), ("nowhere", 404), ("not a widget", 400)])
def test_a_refusal_is_not_read_by_the_website_of_another_widget(
    client: Client, two_websites: None, rest: Rest, slug: str, status: int
) -> None:
    answer = ask(client, OTHER, widget=slug)

    assert answer.status_code == status
    assert READER not in answer.headers
    assert SHOP not in str(dict(answer.headers)) + answer.content.decode()


@pytest.mark.parametrize("origin", [SHOP, OTHER])
def test_a_preflight_passes_for_the_websites_of_widgets(client: Client, two_websites: None, origin: str) -> None:
    answer = preflight(client, origin)

    assert answer.headers[READER] == origin
    assert answer.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_preflight_tells_other_websites_nothing(client: Client, two_websites: None) -> None:
    answer = preflight(client, EVIL)

    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert answer.content == b""


def test_a_preflight_does_not_pass_for_a_widget_that_is_switched_off(client: Client, two_websites: None) -> None:
    WidgetConfig.objects.filter(slug="anonymous").update(is_active=False)

    assert READER not in preflight(client, OTHER).headers


@pytest.mark.parametrize("path", ["/api/orchestration/lines?widget=home", "/dashboard/", "/"])
def test_no_other_address_is_read_by_other_websites(client: Client, two_websites: None, path: str) -> None:
    assert READER not in client.get(path, headers={"Origin": SHOP}).headers
