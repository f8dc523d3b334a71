"""The suite on every address under /webhooks/."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from agileadapt.asgi import door
from sessions_app.models import ToolCall
from tests.security.webhook_suite import SignatureSuite, WebhookSuite
from tests.telnyx import CALL_CONTROL, DYNAMIC_VARIABLES, INSIGHTS


class TestCallControl(WebhookSuite):
    path = CALL_CONTROL


class TestInsights(WebhookSuite):
    path = INSIGHTS


class TestDynamicVariables(WebhookSuite):
    path = DYNAMIC_VARIABLES


class ToolSuite(SignatureSuite):
    """Doors for the assistant's tools. A good signature alone opens none of them."""

    good = b'{"reason": "v3"}'

    def send(self, body: bytes, headers: dict[str, str], content_type: str = "application/json") -> Any:
        access = {"Authorization": f"Bearer {settings.MCP_SECRETS[0]}", "x-telnyx-call-control-id": "v3:x"}
        return super().send(body, access | headers, content_type)

    def nothing_happened(self) -> None:
        assert not ToolCall.objects.exists()

    def forget(self) -> None:
        ToolCall.objects.all().delete()

    def test_a_good_signature_is_accepted(self) -> None:
        assert self.send(self.good, self.signed(self.good)).status_code == 200
        assert ToolCall.objects.get().call_control_id == "v3:x"

    @pytest.mark.parametrize("secret", ["", "Bearer", "Bearer x", f"Basic {settings.MCP_SECRETS[0]}"])
    def test_a_good_signature_without_the_secret_is_refused(self, secret: str) -> None:
        self.refuse(self.good, self.signed(self.good) | {"Authorization": secret})

    def test_without_a_secret_of_ours_nothing_is_accepted(self, settings: Settings) -> None:
        headers = self.signed(self.good) | {"Authorization": f"Bearer {settings.MCP_SECRETS[0]}"}
        settings.MCP_SECRETS = []
        assert (
            self.client.post(self.path, self.good, content_type="application/json", headers=headers).status_code == 401
        )
        self.nothing_happened()

    @pytest.mark.parametrize("call", ["", "x" * 300])
    def test_a_use_in_no_call_is_refused(self, call: str) -> None:
        self.refuse(self.good, self.signed(self.good) | {"x-telnyx-call-control-id": call}, status=400)

    @pytest.mark.parametrize(
        "body", [b"[]", b"null", b"7", b"{", b"\xff", b'{"a": NaN}', b"[" * 10_000 + b"]" * 10_000, b'{"a":1e999}']
    )
    def test_what_is_no_object_is_refused_although_signed(self, body: bytes) -> None:
        self.refuse(body, self.signed(body), status=400)

    def test_a_form_is_refused(self) -> None:
        form = "application/x-www-form-urlencoded"
        assert self.send(b"reason=v3", self.signed(b"reason=v3"), form).status_code == 415

    def test_a_repetition_is_answered_again_and_not_carried_out(self) -> None:
        headers = self.signed(self.good)
        answers = [self.send(self.good, headers) for _ in range(3)]

        assert len({answer.content for answer in answers}) == ToolCall.objects.count() == 1


class TestSaveDetails(ToolSuite):
    path = "/webhooks/telnyx/tools/save_prospect_details"


class TestAvailability(ToolSuite):
    path = "/webhooks/telnyx/tools/check_closer_availability"


class TestRequestHandoff(ToolSuite):
    path = "/webhooks/telnyx/tools/request_handoff"


class TestBookCallback(ToolSuite):
    path = "/webhooks/telnyx/tools/book_callback"


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def suites(base: type[SignatureSuite]) -> Iterator[type[SignatureSuite]]:
    for suite in base.__subclasses__():
        yield suite
        yield from suites(suite)


def test_no_webhook_address_is_left_out() -> None:
    known = {route for route in routes(get_resolver().url_patterns) if route.startswith("/webhooks/")}
    known |= door.lanes.keys()
    # A probe asks whether its tool's uses are signed at all; its ticket is tried in tests/probe/test_page.py.
    known.remove("/webhooks/telnyx/probe/<str:ticket>")

    assert known == {suite.path for suite in suites(SignatureSuite) if suite.path}
