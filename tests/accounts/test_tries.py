"""Passwords cannot be tried without end, at either door."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from dashboard.pages import sign_in
from handoff.models import Closer
from sessions_app.http import limits
from tests.people import PASSWORD, make_ready

DOORS = ("/accounts/login/", "/admin/login/")

pytestmark = pytest.mark.usefixtures("fresh_limits")


def log_in(client: Client, email: str, password: str = "wrong", door: str = DOORS[0], **more: Any) -> int:
    return int(client.post(door, {"username": email, "password": password}, **more).status_code)


def _full_width(address: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in address)


def _fancy(address: str) -> str:
    return address.replace("a", "\N{MATHEMATICAL BOLD SMALL A}", 1)


@pytest.fixture
def two_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "TRIES_OF_ACCOUNT", 2)


@pytest.mark.parametrize("door", DOORS)
def test_an_account_s_tries_end_and_then_the_right_password_opens_nothing(
    client: Client, admin_user: User, two_tries: None, door: str
) -> None:
    statuses = [log_in(client, admin_user.email, door=door) for _ in range(3)]

    assert statuses == [200, 200, 429]
    right = client.post(door, {"username": admin_user.email, "password": PASSWORD})
    assert right.status_code == 429
    assert int(right["Retry-After"]) > 0
    assert "_auth_user_id" not in client.session
    assert b"tried too often" in right.content


@pytest.mark.parametrize("written", [str.upper, " {} ".format, f"{' ' * 240}{{}}".format, _full_width, _fancy])
def test_both_doors_and_every_way_of_writing_the_address_are_counted_together(
    client: Client, alice: Closer, two_tries: None, written: Callable[[str], str]
) -> None:
    """However it is written, it is that account's password which is tried."""
    email = alice.user.email
    assert log_in(Client(), written(email), PASSWORD) == 302

    assert log_in(client, written(email)) == 200
    assert log_in(client, written(email), door=DOORS[1]) == 200
    assert log_in(client, email) == 429


def test_a_stranger_s_tries_keep_nobody_out_who_is_elsewhere(
    client: Client, alice: Closer, two_tries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        log_in(client, alice.user.email)
    assert log_in(Client(), alice.user.email, PASSWORD, REMOTE_ADDR="203.0.113.9") == 302

    monkeypatch.setattr(sign_in, "TRIES_PER_ACCOUNT", 4)
    many = [log_in(client, alice.user.email, REMOTE_ADDR=f"203.0.113.{number}") for number in range(3)]
    assert many == [200, 200, 429], "two were counted before"


def test_who_signs_in_as_somebody_else_has_signed_out(client: Client, alice: Closer, admin_user: User) -> None:
    make_ready(alice, idle_seconds=1)
    client.force_login(alice.user)

    assert log_in(client, admin_user.email, door=DOORS[1]) == 200
    assert Closer.objects.get(pk=alice.pk).is_available
    assert log_in(client, admin_user.email, PASSWORD, door=DOORS[1]) == 302
    assert not Closer.objects.get(pk=alice.pk).is_available


def test_a_right_password_costs_nothing(client: Client, alice: Closer, two_tries: None) -> None:
    assert [log_in(Client(), alice.user.email, PASSWORD) for _ in range(4)] == [302] * 4

    assert [log_in(client, alice.user.email) for _ in range(3)] == [200, 200, 429]


def test_another_account_is_let_in_from_the_same_network(
    client: Client, alice: Closer, bob: Closer, two_tries: None
) -> None:
    for _ in range(3):
        log_in(client, alice.user.email)

    assert log_in(client, bob.user.email, PASSWORD) == 302


def test_a_network_s_tries_end_whatever_the_account(
    client: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "TRIES_PER_NETWORK", 3)

    statuses = [log_in(client, f"{number}@example.com") for number in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert log_in(client, alice.user.email, PASSWORD) == 429
    assert log_in(client, alice.user.email, PASSWORD, REMOTE_ADDR="203.0.113.9") == 302


def test_while_nothing_can_be_counted_nobody_is_let_in(
    client: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(caps: Any, *, seconds: int) -> None:
        raise limits.LimiterDown

    monkeypatch.setattr(limits, "spend_on_all", down)

    assert log_in(client, alice.user.email, PASSWORD) == 503
    assert client.get(DOORS[0]).status_code == 200
