"""A signing Telnyx for the webhook tests, and a client whose requests stay in this process for the command tests."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import respx

from telephony.client import Telnyx
from telephony.events import Event
from telephony.inbound import receive
from tests.telephony.vendor import API_KEY, BASE_URL, NOW, Signer


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def deliver(signer: Signer) -> Callable[..., Event]:
    """Sign bytes, or a value as JSON, and hand them in."""

    def _deliver(body: Any, *, content_type: str = "application/json") -> Event:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return receive(raw, signer.headers(raw, content_type=content_type), keys=[signer.public_key], now=NOW)

    return _deliver


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE_URL, assert_all_called=False) as router:
        yield router


@pytest.fixture
def client() -> Telnyx:
    return Telnyx(api_key=API_KEY, base_url=BASE_URL)


@pytest.fixture
def sydney_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's own time zone be far from UTC."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Australia/Sydney")
        time.tzset()
        yield
    time.tzset()
