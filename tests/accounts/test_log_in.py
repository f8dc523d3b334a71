"""People log in with their address, and a refusal says nothing of whose it is."""

import re
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from accounts.models import User
from handoff.models import Closer
from tests.people import PASSWORD

LOGIN = "/accounts/login/"


def log_in(client: Client, email: str, password: str = PASSWORD) -> bool:
    response = client.post(LOGIN, {"username": email, "password": password})
    return bool(response.status_code == 302 and "_auth_user_id" in client.session)


@pytest.mark.parametrize(
    "email",
    ["alice@agileadapt.example", "Alice@AgileAdapt.example", "ALICE@AGILEADAPT.EXAMPLE", " alice@agileadapt.example "],
)
def test_the_case_of_an_address_does_not_matter(client: Client, alice: Closer, email: str) -> None:
    assert log_in(client, email)


@pytest.mark.parametrize(
    "email",
    ["alice", "", "alice@agileadapt.example\u0307", "al\u0131ce@agileadapt.example", "alice@agileadapt", "Alice"],
)
def test_anything_else_is_nobody(client: Client, alice: Closer, email: str) -> None:
    assert not log_in(client, email)


def test_a_password_keeps_its_case(client: Client, alice: Closer) -> None:
    assert not log_in(client, alice.user.email, PASSWORD.upper())


def refusal(client: Client, email: str, password: str) -> str:
    page = client.post(LOGIN, {"username": email, "password": password})
    assert page.status_code == 200
    return re.sub(r'value="[^"]*"', "", page.content.decode())


def test_a_refusal_is_the_same_whoever_it_is(client: Client, alice: Closer, bob: Closer) -> None:
    User.objects.filter(pk=bob.user_id).update(is_active=False)
    User.objects.create_user("invited@agileadapt.example", name="Invited")

    refusals = {
        refusal(client, alice.user.email, "wrong"),
        refusal(client, "nobody@agileadapt.example", "wrong"),
        refusal(client, bob.user.email, PASSWORD),
        refusal(client, "invited@agileadapt.example", "wrong"),
    }

    assert len(refusals) == 1
    assert "do not match" in refusals.pop()


@pytest.mark.parametrize(
    "email", ["alice@agileadapt.example", "nobody@agileadapt.example", "invited@agileadapt.example"]
)
def test_a_refusal_hashes_once_whoever_it_is(client: Client, alice: Closer, email: str) -> None:
    User.objects.create_user("invited@agileadapt.example", name="Invited")

    with patch.object(PBKDF2PasswordHasher, "encode", autospec=True, side_effect=PBKDF2PasswordHasher.encode) as encode:
        assert not log_in(client, email, "wrong")

    assert encode.call_count == 1


def test_an_inactive_person_stays_out(client: Client, alice: Closer) -> None:
    User.objects.filter(pk=alice.user_id).update(is_active=False)

    assert not log_in(client, alice.user.email)


def test_the_administration_asks_for_the_address_too(client: Client, admin_user: User) -> None:
    page = client.get("/admin/login/").content.decode()
    response = client.post("/admin/login/", {"username": "ADMIN@agileadapt.example", "password": PASSWORD})

    assert "E-mail address" in page
    assert response.status_code == 302
