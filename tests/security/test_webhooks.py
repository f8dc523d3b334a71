"""The suite on every address under /webhooks/."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.flows.telnyx import CALL_CONTROL, DYNAMIC_VARIABLES, INSIGHTS
from tests.security.webhook_suite import WebhookSuite


class TestCallControl(WebhookSuite):
    path = CALL_CONTROL


class TestInsights(WebhookSuite):
    path = INSIGHTS


class TestDynamicVariables(WebhookSuite):
    path = DYNAMIC_VARIABLES


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def test_no_webhook_address_is_left_out() -> None:
    known = {route for route in routes(get_resolver().url_patterns) if route.startswith("/webhooks/")}

    assert known == {suite.path for suite in WebhookSuite.__subclasses__()}
