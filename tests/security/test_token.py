"""Who may open a visit, and what is said when Telnyx does not answer."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sessions_app.models import Consent, TelephonyCredential, VoiceSession, WidgetConfig
from sessions_app.rules import plain_values
from sessions_app.visitor_page.views import Tries
from sessions_app.visits import carrier, credentials, tokens, visitor_values
from tests.security.asking import NO_VOICE, OWN, SHOP, URL, ask, body_for, refused
from tests.telnyx import Rest


@pytest.fixture(autouse=True)
def only_the_token_s_limits(fresh_limits: None, enough_lines: None, settings: Settings) -> None:
    """The others have tests of their own."""
    settings.VISITS_PER_ADDRESS = 1000


def test_a_consenting_visitor_gets_a_credential_and_a_session(client: Client, widget: WidgetConfig, rest: Rest) -> None:
    answer = ask(client)

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    given = answer.json()
    assert set(given) == {"status", "credentials", "session"}
    (made,) = rest.credentials
    assert given["credentials"] == {
        "username": made["sip_username"],
        "password": made["sip_password"],
        "expires": made["expires_at"],
        "token": rest.tokens[0],
    }
    assert made["name"].startswith("AgileAdapt-Session-")
    assert made["tag"] == "agile-adapt-widget"
    assert tokens.read(given["session"]["token"]) == VoiceSession.objects.get().pk
    consent = Consent.objects.get()
    assert (consent.version, consent.recording, consent.origin, consent.text) == (
        widget.consent_version,
        True,
        SHOP,
        widget.consent_text,
    )


def test_who_only_asks_to_be_called_back_gets_a_session_and_no_credential(
    client: Client, widget: WidgetConfig, rest: Rest
) -> None:
    answer = ask(client, body_for(call=False))

    assert answer.status_code == 201
    assert answer.json()["credentials"] is None
    assert tokens.read(answer.json()["session"]["token"]) == Consent.objects.get().session_id
    assert rest.credentials == []
    assert ask(client, body_for(call="perhaps")).status_code == 400


def test_an_anonymous_widget_needs_no_credential(client: Client, anonymous_widget: WidgetConfig, rest: Rest) -> None:
    answer = ask(client, body_for("anonymous"), origin=OWN)

    assert answer.status_code == 201
    assert answer.json()["credentials"] is None
    assert rest.credentials == []


@pytest.mark.parametrize(
    "origin", [None, "", "null", "https://evil.example", "https://shop.example.evil.example", "http://shop.example"]
)
def test_another_website_may_not_start_a_call(
    client: Client, widget: WidgetConfig, rest: Rest, origin: str | None
) -> None:
    answer = ask(client, origin=origin)

    assert answer.status_code == 403
    refused(rest)


def test_an_unknown_widget_is_not_found(client: Client, widget: WidgetConfig, rest: Rest) -> None:
    assert ask(client, body_for("nowhere")).status_code == 404
    refused(rest)


def test_an_inactive_widget_is_not_found(client: Client, widget: WidgetConfig, rest: Rest) -> None:
    WidgetConfig.objects.update(is_active=False)

    assert ask(client).status_code == 404
    refused(rest)


BAD_BODIES = [
    *(b"", b"{", b"[]", b"null", b'"home"', b"\xff", b"[" * 3000, b"{}"),
    {"widget": "home"},
    {"widget": ["home"], "consent": {"version": "2026-11", "recording": True}},
    {"widget": "home\x00", "consent": {"version": "2026-11", "recording": True}},
    {"widget": "home", "consent": None},
    {"widget": "home", "consent": {"recording": True}},
    {"widget": "home", "consent": {"version": "2026-11"}},
    {"widget": "home", "consent": {"version": "2025-01", "recording": True}},
    {"widget": "home", "consent": {"version": "2026-11", "recording": False}},
    {"widget": "home", "consent": {"version": "2026-11", "recording": "perhaps"}},
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: str(body)[:40])
def test_a_body_without_valid_consent_is_refused(client: Client, widget: WidgetConfig, rest: Rest, body: Any) -> None:
    answer = ask(client, body)

    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    refused(rest)


@pytest.fixture
def telling(widget: WidgetConfig) -> WidgetConfig:
    """A widget whose website may say which tier and which order its visitor has."""
    widget.custom_headers = [{"name": "X-User-Tier", "value": "Enterprise"}]
    widget.value_names = ["order_number"]
    widget.save()
    return widget


def test_what_the_website_says_of_its_visitor_is_kept_and_answered_with_nothing_new(
    client: Client, telling: WidgetConfig, rest: Rest, caplog: pytest.LogCaptureFixture
) -> None:
    before = ask(client)

    after = ask(client, body_for(variables={"X-User-Tier": "Gold", "order_number": "A-17 {{company}}", "new": "x"}))

    assert after.status_code == 201
    assert _shape(after.json()) == _shape(before.json())
    rows = [visitor_values.for_assistant(session) for session in VoiceSession.objects.order_by("created_at")]
    assert rows == [{"user_tier": "Enterprise"}, {"user_tier": "Gold", "order_number": "A-17 company"}]
    assert "A-17" not in caplog.text


def _shape(value: Any) -> Any:
    return {key: _shape(inner) for key, inner in value.items()} if isinstance(value, dict) else type(value)


@pytest.mark.parametrize(
    "said",
    [
        *({name: "forged"} for name in ("company", "session_ticket", "X-Telnyx-Call-To", "call_control_id", "targets")),
        *({"order_number": empty} for empty in ("", " ", "{}", "\u202e")),
        {"__proto__": "x", "constructor": "y", "": "z", "a" * 5000: "long"},
        {},
    ],
    ids=lambda said: str(said)[:40],
)
def test_what_the_widget_does_not_take_is_ignored(
    client: Client, telling: WidgetConfig, rest: Rest, said: dict[str, str]
) -> None:
    assert ask(client, body_for(variables=said)).status_code == 201

    assert visitor_values.for_assistant(VoiceSession.objects.get()) == {"user_tier": "Enterprise"}


def test_of_a_long_value_the_beginning_is_kept(client: Client, telling: WidgetConfig, rest: Rest) -> None:
    assert ask(client, body_for(variables={"order_number": "9" * 50_000})).status_code == 201

    assert visitor_values.for_assistant(VoiceSession.objects.get())["order_number"] == "9" * plain_values.MAX_VALUE


@pytest.mark.parametrize(
    "said",
    [
        *(None, "text", 7, True, ["order_number"]),
        {"order_number": None},
        {"order_number": ["A-17"]},
        {"order_number": {"a": 1}},
        {f"n{number}": "x" for number in range(plain_values.MAX_NAMES + 1)},
    ],
    ids=lambda said: str(said)[:40],
)
def test_values_that_are_not_plain_are_refused(client: Client, telling: WidgetConfig, rest: Rest, said: Any) -> None:
    assert ask(client, body_for(variables=said)).status_code == 400
    refused(rest)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_another_method_is_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_simple_form_of_another_website_is_refused(client: Client, widget: WidgetConfig, content_type: str) -> None:
    answer = client.post(URL, json.dumps(body_for()), content_type=content_type, headers={"Origin": OWN})

    assert answer.status_code == 415
    assert not VoiceSession.objects.exists()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_whatever_telnyx_refuses_the_answer_is_the_same(
    client: Client, widget: WidgetConfig, rest: Rest, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    secret = {"errors": [{"code": "10009", "title": "secret reason", "detail": "KEY123"}]}
    rest.router["credential"].respond(status, json=secret)

    answer = ask(client)

    no_voice(answer)
    assert VoiceSession.objects.get().end_reason == "no_credential"
    assert "10009" in caplog.text
    assert "secret reason" not in caplog.text
    assert "KEY123" not in caplog.text


def test_what_was_not_had_uses_up_no_cap(client: Client, widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS = settings.TOKEN_LIMIT_PER_WIDGET = settings.TOKEN_LIMIT_OVERALL = 2
    rest.refusals["credential"] = 503, "10000"
    for _ in range(5):
        no_voice(ask(client))

    del rest.refusals["credential"]

    assert [ask(client).status_code for _ in range(3)] == [201, 201, 429]


def test_no_line_uses_up_no_cap(client: Client, widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS, settings.TELNYX_MAX_LEGS = 2, 0
    assert [ask(client).status_code for _ in range(5)] == [503] * 5

    settings.TELNYX_MAX_LEGS = 8

    assert [ask(client).status_code for _ in range(3)] == [201, 201, 429]


def test_however_often_it_is_given_back_it_is_not_asked_without_end(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tries, "most", 2)
    settings.TOKEN_LIMIT_PER_ADDRESS = 3
    rest.refusals["credential"] = 503, "10000"

    assert [ask(client).status_code for _ in range(5)] == [500, 500, 500, 429, 429]
    assert VoiceSession.objects.count() == 3


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")])
def test_without_an_answer_of_telnyx_the_answer_is_the_same(
    client: Client, widget: WidgetConfig, rest: Rest, failure: Exception
) -> None:
    rest.router["credential"].mock(side_effect=failure)

    no_voice(ask(client))
    assert TelephonyCredential.objects.get().telnyx_id is None


def test_a_credential_without_a_login_token_is_no_session_and_is_revoked(
    client: Client, widget: WidgetConfig, rest: Rest
) -> None:
    rest.router["token"].respond(500)

    no_voice(ask(client))
    assert credentials.revoke_due_credentials(now=timezone.now()) == 1
    assert TelephonyCredential.objects.get().revoked_at is not None


def test_a_credential_whose_answer_was_lost_is_found_and_deleted(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    rest.router["credential"].mock(side_effect=httpx.ReadTimeout("slow"))
    no_voice(ask(client))
    row = TelephonyCredential.objects.get()
    TelephonyCredential.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    listed = {"data": [{"id": "lost", "name": row.name, "sip_username": "u"}, {"id": "kept", "name": "other"}]}
    rest.router.get(f"{settings.TELNYX_API_BASE}/telephony_credentials").respond(json=listed)

    credentials.revoke_orphans(now=timezone.now())

    deleted = [call.request.url.path for call in rest.router.calls if call.request.method == "DELETE"]
    assert {path.rsplit("/", 1)[-1] for path in deleted} == {"lost"}
    assert TelephonyCredential.objects.get().revoked_at is not None


def test_a_silent_telnyx_is_given_five_seconds() -> None:
    assert carrier.client()._sdk.timeout == 5.0
    assert carrier.client()._sdk.max_retries == 0


def test_the_credential_is_revoked_when_the_visit_ends(client: Client, widget: WidgetConfig, rest: Rest) -> None:
    given = ask(client).json()
    assert credentials.revoke_due_credentials(now=timezone.now()) == 0

    headers = {"Authorization": f"Bearer {given['session']['token']}"}
    client.post("/api/orchestration/leave", "{}", content_type="application/json", headers=headers)

    assert credentials.revoke_due_credentials(now=timezone.now()) == 1


def no_voice(answer: Any) -> None:
    assert answer.status_code == 500
    assert answer.json() == NO_VOICE
    assert json.loads(answer.content) == NO_VOICE
