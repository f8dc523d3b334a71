"""With which key the account signs is asked at every start, every hour and when a signature is unknown."""

import base64
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx
from celery.signals import worker_ready
from django.conf import settings
from django.test import Client
from django.utils import timezone
from nacl.signing import SigningKey

from agileadapt import celery
from handoff.health import checks
from sessions_app import tasks
from sessions_app.account import signatures
from sessions_app.models import AccountKey
from tests.people import Clock
from tests.telnyx import CALL_CONTROL, Rest, Webhooks, envelope, public_key, signature

OTHER = base64.b64encode(bytes(SigningKey.generate().verify_key)).decode()
REFUSED = httpx.Response(401, json={"errors": [{"code": "10009"}]})


@pytest.fixture
def account(rest: Rest, db: None, clock: Clock) -> Iterator[respx.Route]:
    """What the account answers when it is asked for its key."""
    signatures._process = signatures._Process()
    yield rest.router["public_key"]
    signatures._process = signatures._Process()


def told(key: str) -> httpx.Response:
    return httpx.Response(200, json={"data": public_key(key)})


def trouble() -> str:
    return signatures.trouble(timezone.now(), recently=timedelta(minutes=15))


def look_again() -> None:
    """Let the seconds pass for which a process keeps what it has read."""
    signatures._process.looked_up = signatures._process.noted = float("-inf")


def unknown(webhooks: Webhooks) -> int:
    """What a well-formed signature of a stranger gets."""
    body = envelope("call.answered", {"call_control_id": "v3:x"}, event_id="e", occurred_at=timezone.now())
    headers = signature(SigningKey.generate(), body, at=timezone.now())
    return int(webhooks.client.post(CALL_CONTROL, body, content_type="application/json", headers=headers).status_code)


def test_the_account_s_own_key_is_among_ours(account: respx.Route, webhooks: Webhooks) -> None:
    tasks.compare_public_key()

    row = AccountKey.objects.get()
    assert (row.public, row.error, row.told_at) == (settings.TELNYX_PUBLIC_KEYS[0], "", row.asked_at)
    assert (trouble(), unknown(webhooks)) == ("", 401)


def test_another_key_is_an_alarm_until_it_is_among_ours(
    account: respx.Route, webhooks: Webhooks, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    account.mock(return_value=told(OTHER))
    tasks.compare_public_key()

    assert "TELNYX_PUBLIC_KEYS" in trouble()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert OTHER not in caplog.text
    assert unknown(webhooks) == 503

    # A process that starts with the right keys need not wait for the next question.
    settings.TELNYX_PUBLIC_KEYS = [OTHER, *settings.TELNYX_PUBLIC_KEYS]
    signatures._process = signatures._Process()
    assert (trouble(), unknown(webhooks)) == ("", 401)


def test_it_is_asked_once_an_hour_and_at_every_start(account: respx.Route, clock: Clock) -> None:
    for _ in range(3):
        tasks.compare_public_key(at_start=True)  # Several workers start together.
    clock.advance(300)
    tasks.compare_public_key()
    assert account.call_count == 1

    tasks.compare_public_key(at_start=True)
    assert account.call_count == 2

    clock.advance(3600)
    tasks.compare_public_key()
    assert account.call_count == 3


@pytest.mark.parametrize(
    "failure",
    [REFUSED, httpx.Response(404), httpx.Response(200, json={"data": {"public": "x"}}), httpx.ReadTimeout("")],
)
def test_what_was_not_told_is_asked_again_soon(account: respx.Route, clock: Clock, failure: Any) -> None:
    account.mock(side_effect=[failure, told(OTHER)])
    tasks.compare_public_key()
    assert AccountKey.objects.get().error.startswith("status ")

    clock.advance(200)
    tasks.compare_public_key()
    assert account.call_count == 1
    clock.advance(100)
    tasks.compare_public_key()

    row = AccountKey.objects.get()
    assert (row.public, row.error) == (OTHER, "")


def test_not_to_know_is_an_alarm_only_once_it_matters(account: respx.Route, webhooks: Webhooks, clock: Clock) -> None:
    account.mock(return_value=REFUSED)
    tasks.compare_public_key()
    assert trouble() == ""

    assert unknown(webhooks) == 503

    assert "status 401 code 10009" in trouble()
    clock.advance(901)
    assert trouble() == ""


def test_an_alarm_is_over_when_the_account_s_key_turns_out_to_be_ours(
    account: respx.Route, webhooks: Webhooks, clock: Clock
) -> None:
    assert unknown(webhooks) == 503
    assert trouble() != ""
    clock.advance(1)

    tasks.compare_public_key()

    assert trouble() == ""


def test_a_key_that_was_ours_hours_ago_holds_only_with_a_good_signature(
    account: respx.Route, webhooks: Webhooks, clock: Clock
) -> None:
    tasks.compare_public_key()
    signatures.verified()  # Before the doubt, so that it says nothing of the key that the account has now.
    clock.advance(3 * 3600 + 1)
    assert unknown(webhooks) == 503

    signatures.verified()
    look_again()
    assert unknown(webhooks) == 401
    clock.advance(60)
    look_again()
    assert unknown(webhooks) == 503


def test_an_unknown_signature_has_the_account_asked_at_once(
    account: respx.Route, webhooks: Webhooks, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A key may be changed at the account at any moment after a comparison."""
    tasks.compare_public_key()
    signatures.verified()
    clock.advance(61)
    account.mock(return_value=told(OTHER))

    assert unknown(webhooks) == 503
    assert (account.call_count, trouble()) == (1, "")
    signatures.verified()  # It was signed before the change, and arrives after it.
    look_again()
    assert unknown(webhooks) == 503
    assert logging.ERROR not in [record.levelno for record in caplog.records]

    tasks.compare_public_key()

    assert account.call_count == 2
    assert "TELNYX_PUBLIC_KEYS" in trouble()
    clock.advance(3000)
    look_again()
    assert unknown(webhooks) == 503


def test_a_stranger_gets_503_until_the_account_is_asked_and_then_401_for_a_minute(
    account: respx.Route, webhooks: Webhooks, clock: Clock
) -> None:
    tasks.compare_public_key()
    clock.advance(600)
    assert unknown(webhooks) == 503

    tasks.compare_public_key()

    for _ in range(5):
        look_again()
        assert unknown(webhooks) == 401
        clock.advance(11)
        assert trouble() == ""
    clock.advance(6)
    look_again()
    assert unknown(webhooks) == 503


@pytest.mark.parametrize("answer", ["ours", "none"])
def test_strangers_have_the_account_asked_once_a_minute_at_most(
    account: respx.Route, webhooks: Webhooks, clock: Clock, answer: str
) -> None:
    tasks.compare_public_key()
    clock.advance(600)
    if answer == "none":
        account.mock(return_value=httpx.Response(503))
    statuses = []

    for _ in range(300):
        signatures._process = signatures._Process()  # As if each met a process of its own.
        statuses.append(unknown(webhooks))
        tasks.compare_public_key()
        clock.advance(2)

    assert 10 <= account.call_count <= 12
    assert statuses.count(503) == (10 if answer == "ours" else 300)


def test_nobody_asks_while_no_signature_is_unknown(account: respx.Route, webhooks: Webhooks, clock: Clock) -> None:
    tasks.compare_public_key()
    for _ in range(50):
        clock.advance(60)
        signatures.verified()
        tasks.compare_public_key()

    assert account.call_count == 1


@pytest.mark.django_db(transaction=True)
def test_the_probe_names_it(client: Client) -> None:
    AccountKey.objects.create(public=OTHER, told_at=timezone.now())
    checks._redis.cache_clear()

    body = client.get("/health/ready").json()

    assert "TELNYX_PUBLIC_KEYS" in body["troubles"]["signatures"]


def test_the_scheduler_and_every_starting_worker_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Any]] = []
    monkeypatch.setattr(celery.app, "send_task", lambda name, kwargs, **_: asked.append((name, kwargs)))
    name = tasks.compare_public_key.name

    assert celery.compare_public_key in [receiver() for _, receiver in worker_ready.receivers]
    celery.compare_public_key()

    assert asked == [(name, {"at_start": True})]
    assert name in [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
