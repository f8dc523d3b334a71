"""A row that somebody holds for too long: whoever asks is told so, and nothing was done."""

from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client
from psycopg.errors import LockNotAvailable

from handoff import actions
from handoff.models import Closer
from sessions_app.visits import tokens
from tests.visits import Visit


def held(*args: object, **kwargs: object) -> None:
    raise OperationalError from LockNotAvailable()


def test_a_prospect_may_ask_again(client: Client, talking: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "pass_message", held)
    headers = {"Authorization": f"Bearer {tokens.issue(talking.session_id)}"}

    answer = client.post(
        "/api/orchestration/message", {"text": "Hello"}, content_type="application/json", headers=headers
    )

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json() == {"status": "error", "message": "That is not possible at the moment. Please try again."}


def test_a_closer_may_click_again(client: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "decline", held)
    client.force_login(alice.user)

    answer = client.post(f"/dashboard/offers/{uuid4()}/decline", {}, content_type="application/json")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
