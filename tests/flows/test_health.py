"""The probes say what is broken, by name and without secrets, and answer in bounded time."""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from handoff import heartbeat
from handoff.commands import ledger
from handoff.commands.ledger import Intent
from handoff.health import checks
from handoff.models import Closer, Command, Handoff
from sessions_app.models import AccountLook, TelephonyCredential, VoiceSession
from sessions_app.visits import capacity
from telephony.client import TelnyxError
from tests import handoffs
from tests.people import logged_in

pytestmark = pytest.mark.django_db(transaction=True)

KEY_REFUSED = TelnyxError("dial: refused", permanent=True, status=401, code="10009")


@pytest.fixture(autouse=True)
def sweeping(db: None) -> Iterator[None]:
    """The sweep has just run."""
    heartbeat.beat(heartbeat.SWEEP, now=timezone.now())
    checks._redis.cache_clear()
    yield
    checks._redis.cache_clear()


def command(session: VoiceSession, key: str) -> Command:
    written = ledger.enqueue(session, Intent("answer", key, "v3:x"), now=timezone.now())
    assert written is not None
    claimed = ledger.claim(written.pk, now=timezone.now())
    assert claimed is not None
    return claimed


def ready(client: Client) -> tuple[int, Any]:
    response = client.get("/health/ready")
    return response.status_code, response.json()


def test_all_is_well(client: Client) -> None:
    status, body = ready(client)

    assert (status, body["status"], body["troubles"]) == (200, "ready", {})
    assert body["figures"]["sweep_seconds_ago"] < 10
    assert body["figures"]["oldest_command_seconds"] is None


def test_a_sweep_that_stopped_is_named(client: Client) -> None:
    heartbeat.beat(heartbeat.SWEEP, now=timezone.now() - timedelta(seconds=60))

    status, body = ready(client)

    assert status == 503
    assert body["troubles"] == {"sweep": "last ran 60 s ago"}


def test_commands_that_nobody_sends_are_named(client: Client, session: VoiceSession) -> None:
    waiting = ledger.enqueue(session, Intent("answer", "k", "v3:x"), now=timezone.now() - timedelta(seconds=30))
    assert waiting is not None

    assert ready(client)[1]["troubles"] == {"commands": "the oldest has been due for 30 s"}


def test_a_refused_key_is_named_until_a_command_succeeds(client: Client, session: VoiceSession) -> None:
    assert ledger.refuse(command(session, "first"), KEY_REFUSED, now=timezone.now())
    assert "key" in ready(client)[1]["troubles"]["telnyx"]

    assert ledger.confirm(command(session, "second"), result={}, now=timezone.now())

    assert ready(client)[0] == 200


def test_a_closer_who_is_kept_from_every_call_is_noticed(client: Client, session: VoiceSession) -> None:
    now = timezone.now()
    closer = Closer.objects.create(user=User.objects.create(email="a@b.example"), team=session.team, display_name="Ann")
    handoff = handoffs.create(
        session=session, state="connected", method="bridge", closer=closer, triggered_at=now, deadline_at=now
    )
    assert "attempts" not in ready(client)[1]["notices"]

    Handoff.objects.filter(pk=handoff.pk).update(state="completed", deadline_at=None)

    status, body = ready(client)
    assert (status, body["notices"]["attempts"]) == (200, "1 left open: their closers can have no call")


def test_credentials_that_are_not_granted_are_named(client: Client) -> None:
    now = timezone.now()
    for number in range(3):
        TelephonyCredential.objects.create(name=f"c{number}", created_at=now, expires_at=now, revoke_at=now)

    assert "nobody can start a call" in ready(client)[1]["troubles"]["telnyx"]


def test_credentials_that_are_being_granted_are_no_trouble(client: Client) -> None:
    now = timezone.now()
    later = now + timedelta(hours=1)
    for number in range(3):
        TelephonyCredential.objects.create(name=f"c{number}", created_at=now, expires_at=later, revoke_at=later)

    assert ready(client)[0] == 200


def test_a_broker_that_takes_the_question_and_says_nothing_is_named(client: Client, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://:a-password@127.0.0.1:{silent.getsockname()[1]}/0"

        status, body = ready(client)

        assert status == 503
        assert list(body["troubles"]) == ["redis"]
        assert "a-password" not in str(body)
        assert client.get("/health/live").json() == {"status": "live"}


def test_a_look_that_hangs_is_not_waited_for_and_not_begun_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    reading, writing = os.pipe()

    def hang() -> checks.Report:
        begun.append(1)
        os.read(reading, 1)
        return checks.Report({})

    monkeypatch.setattr(checks, "ANSWER_WITHIN_SECONDS", 0.1)
    monkeypatch.setattr(checks, "_rows", hang)
    try:
        for _ in range(3):
            assert "database" in checks.report().troubles
        assert begun == [1]
    finally:
        os.write(writing, b"x")
        checks._running["database"].result(10)


def test_the_admin_shows_what_is_broken(admin_user: Any, session: VoiceSession) -> None:
    ledger.refuse(command(session, "first"), KEY_REFUSED, now=timezone.now())

    page = logged_in(admin_user).get("/admin/").content.decode()

    assert "data-troubles" in page
    assert "the API key is refused" in page


def told(name: str, **what: Any) -> None:
    now = timezone.now()
    AccountLook.objects.create(name=name, told=what, told_at=now, asked_at=now)


def test_an_account_without_money_is_a_trouble(client: Client) -> None:
    told("balance", amount="-3.20", available="-3.20", currency="USD")

    status, body = ready(client)

    assert (status, list(body["troubles"])) == (503, ["balance"])
    assert "-3.20 USD" in body["troubles"]["balance"]


def test_what_may_soon_be_wrong_is_said_and_fails_nothing(client: Client, session: VoiceSession) -> None:
    told("balance", amount="4.00", available="4.00", currency="USD")
    told("limits", **{"outbound voice profile": 5})
    capacity.refused(session.team_id, "D1", now=timezone.now())
    capacity.refused(session.team_id, capacity.OWN_CAP, now=timezone.now())

    status, body = ready(client)

    assert (status, body["troubles"]) == (200, {})
    assert body["notices"]["balance"] == "only 4.00 USD are left"
    assert "TELNYX_MAX_LEGS (8)" in body["notices"]["limits"]
    assert body["notices"]["lines"] == "refused within the last hour: D1 1, by our own cap 1"
    assert (body["figures"]["legs_held"], body["figures"]["legs_at_most"]) == (2, 8)


def test_the_admin_shows_what_may_soon_be_wrong(admin_user: Any) -> None:
    told("connections", count=5, limit=5, is_full=True)

    page = logged_in(admin_user).get("/admin/").content.decode()

    assert "data-notices" in page
    assert "the account may have no more (5 of 5)" in page
    assert "data-troubles" not in page


def test_the_admin_is_quiet_when_nothing_is(admin_user: Any) -> None:
    page = logged_in(admin_user).get("/admin/").content.decode()

    assert "data-troubles" not in page
    assert "data-notices" not in page


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_a_probe_is_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
