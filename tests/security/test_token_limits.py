"""How often a visit may be opened; the counters are those of the real server."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import redis
from django.db import connections
from django.test import Client
from pytest_django import Settings

from sessions_app.http import limits
from sessions_app.models import VoiceSession, WidgetConfig
from tests.security.asking import ask, refused
from tests.telnyx import Rest


@pytest.fixture(autouse=True)
def only_the_token_s_limits(fresh_limits: None, enough_lines: None, settings: Settings) -> None:
    """The others have tests of their own."""
    settings.VISITS_PER_ADDRESS = 1000


def test_the_cap_of_an_address_is_exact(client: Client, widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS = 3
    assert [ask(client).status_code for _ in range(5)] == [201, 201, 201, 429, 429]

    answer = ask(client)
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert VoiceSession.objects.count() == len(rest.credentials) == 3


def test_a_forged_forwarding_header_is_not_believed(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS = 2
    answers = [ask(client, **{"X-Forwarded-For": f"198.51.100.{number}"}) for number in range(5)]

    assert [answer.status_code for answer in answers] == [201, 201, 429, 429, 429]


def test_behind_a_proxy_the_proxy_s_own_entry_counts(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    settings.TRUSTED_PROXY_COUNT, settings.TOKEN_LIMIT_PER_ADDRESS = 1, 1
    forged = [ask(client, **{"X-Forwarded-For": f"10.0.0.{number}, 198.51.100.1"}) for number in range(3)]
    other = ask(client, **{"X-Forwarded-For": "10.0.0.1, 198.51.100.2"})

    assert [answer.status_code for answer in forged] == [201, 429, 429]
    assert other.status_code == 201


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2::1", "2001:0db8:0001:0002"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002"),
        ("2001:db8:1:3::1", "2001:0db8:0001:0003"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("rubbish", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_ipv6_network_counts_as_one(address: str, network: str) -> None:
    assert limits.network(address) == network


def test_the_caps_of_a_widget_and_of_all_hold_too(settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_WIDGET, settings.TOKEN_LIMIT_OVERALL = 3, 5
    outcomes = [spend(f"203.0.113.{number}", f"widget-{number % 2}") for number in range(10)]

    assert Counter(outcomes) == {"spent": 5, "refused": 5}
    assert spend("203.0.113.99", "widget-9") == "refused"


def test_a_refusal_spends_nothing_of_the_other_caps(settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS, settings.TOKEN_LIMIT_OVERALL = 1, 3
    outcomes = [spend("203.0.113.1", "home") for _ in range(20)]

    assert Counter(outcomes) == {"spent": 1, "refused": 19}
    assert [spend(f"203.0.113.{number}", "home") for number in (2, 3, 4)] == ["spent", "spent", "refused"]


def spend(address: str, widget: str) -> str:
    try:
        limits.spend(address=address, widget=widget)
    except limits.Refused:
        return "refused"
    return "spent"


@pytest.mark.django_db(transaction=True)
def test_the_cap_is_exact_under_forty_requests_at_once(widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS = 7
    ready = Barrier(40)

    def one(_: int) -> int:
        try:
            ready.wait(30)
            return int(ask(Client()).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(40) as pool:
        outcomes = Counter(pool.map(one, range(40)))

    assert outcomes == {201: 7, 429: 33}
    assert VoiceSession.objects.count() == len(rest.credentials) == 7


def test_the_caps_are_exact_when_forty_ask_in_the_same_instant(settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS = 7
    for round_ in range(5):
        ready = Barrier(40)

        def one(_: int, ready: Barrier = ready, address: str = f"203.0.113.{round_}") -> str:
            ready.wait(30)
            return spend(address, "home")

        with ThreadPoolExecutor(40) as pool:
            assert Counter(pool.map(one, range(40))) == {"spent": 7, "refused": 33}


def test_with_the_limiter_down_nobody_gets_in(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    limits._redis.cache_clear()

    answer = ask(client)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    refused(rest)


def test_with_the_limiter_hanging_nobody_gets_in(
    client: Client, widget: WidgetConfig, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: Any) -> None:
        raise redis.TimeoutError

    monkeypatch.setattr(redis.Redis, "eval", hang)

    assert ask(client).status_code == 503
    refused(rest)
