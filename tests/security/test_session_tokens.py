"""Only the page that was given a session's token may speak for that session."""

import json
import time
import uuid
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from sessions_app.models import TimelineEntry, VoiceSession, WidgetConfig
from sessions_app.visitor_page.page import state
from sessions_app.visits import tokens, visits

BODIES: dict[str, dict[str, Any]] = {
    "message": {"text": "hello"},
    "claim": {"call_control_id": "v3:abc"},
    "rejoin": {},
    "renew": {},
    "callback": {"name": "Ada", "phone": "+61 2 5550 1234"},
    "report": {"kind": "latency", "data": {"ms": [420]}},
    "heard": {"turns": [{"position": 0, "role": "prospect", "text": "hello"}]},
    "leave": {},
}


def post(client: Client, name: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return client.post(
        f"/api/orchestration/{name}", json.dumps(BODIES[name]), content_type="application/json", headers=headers
    )


def forged(token: str) -> str:
    first = "0" if token[0] != "0" else "1"
    return first + token[1:]


@pytest.mark.parametrize("name", BODIES)
def test_a_stranger_is_refused(client: Client, session: VoiceSession, name: str) -> None:
    good = tokens.issue(session.pk)
    refused = [
        "",
        "x",
        "é",
        tokens.ticket(session.pk),
        forged(good),
        good[:-1],
        tokens.issue(uuid.uuid4()),
        signing.dumps(session.pk.hex),
    ]

    for token in refused:
        response = post(client, name, token)
        assert response.status_code == 401, (token[:8], response.content)
        assert response.json() == {"status": "error", "message": "This session is not known any more."}
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", BODIES)
def test_a_token_of_yesterday_is_refused(
    client: Client, session: VoiceSession, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as yesterday:
        moment = time.time() - tokens.LIFETIME.total_seconds() - 1
        yesterday.setattr(time, "time", lambda: moment)
        token = tokens.issue(session.pk)

    assert post(client, name, token).status_code == 401


def test_a_token_speaks_for_its_own_session_alone(client: Client, session: VoiceSession, widget: WidgetConfig) -> None:
    other = visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    assert post(client, "report", tokens.issue(other.pk)).status_code == 202

    assert TimelineEntry.objects.filter(session=other, kind="media.reported").count() == 1
    assert not TimelineEntry.objects.filter(session=session, kind="media.reported").exists()


def test_a_beacon_may_carry_its_token_in_the_body(client: Client, session: VoiceSession) -> None:
    body = json.dumps({"token": tokens.issue(session.pk)})

    assert client.post("/api/orchestration/leave", body, content_type="application/json").status_code == 204

    session.refresh_from_db()
    assert session.end_reason == "left_before_call"
    assert state(session)["phase"] == "ended"


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"token": {"a": 1}}', b'{"token": [1]}'])
def test_a_hostile_body_is_a_plain_refusal(client: Client, session: VoiceSession, body: bytes) -> None:
    for name in BODIES:
        anonymous = client.post(f"/api/orchestration/{name}", body, content_type="application/json")
        assert anonymous.status_code in {400, 401}
        headers = {"Authorization": f"Bearer {tokens.issue(session.pk)}"}
        known = client.post(f"/api/orchestration/{name}", body, content_type="application/json", headers=headers)
        assert known.status_code < 500


HOSTILE_TEXTS = ["\\u0000", "\\ud800", "\\u0000\\ud800".join("ab"), "x" * 7000]
HOSTILE_VALUES = ["NaN", "1e999", "-Infinity", "[" * 3000 + "]" * 3000, '{"a":' * 1000 + "1" + "}" * 1000]


@pytest.mark.parametrize("name", BODIES)
def test_what_cannot_be_stored_is_refused(client: Client, session: VoiceSession, name: str) -> None:
    values = [f'"{text}"' for text in HOSTILE_TEXTS] + HOSTILE_VALUES
    headers = {"Authorization": f"Bearer {tokens.issue(session.pk)}"}

    for field in BODIES[name]:
        for value in values:
            whole = {key: json.dumps(known) for key, known in BODIES[name].items()} | {field: value}
            body = "{" + ",".join(f'"{key}":{known}' for key, known in whole.items()) + "}"
            response = client.post(f"/api/orchestration/{name}", body, content_type="application/json", headers=headers)
            assert response.status_code < 500, (field, value[:20])


def report(client: Client, session: VoiceSession, body: str) -> Any:
    headers = {"Authorization": f"Bearer {tokens.issue(session.pk)}"}
    return client.post("/api/orchestration/report", body, content_type="application/json", headers=headers)


def test_a_report_is_kept_without_what_cannot_be_stored(client: Client, session: VoiceSession) -> None:
    body = r'{"kind":"error","data":{"code\u0000":["a\ud800b"]}}'

    assert report(client, session, body).status_code == 202

    entry = TimelineEntry.objects.get(session=session, kind="media.reported")
    assert entry.payload["data"] == {"code\ufffd": ["a\ufffdb"]}


def test_a_report_may_carry_its_token_in_the_body(client: Client, session: VoiceSession) -> None:
    body = json.dumps({"token": tokens.issue(session.pk), "kind": "latency", "data": {"ms": [1]}})

    assert client.post("/api/orchestration/report", body, content_type="application/json").status_code == 202


def test_a_long_report_is_refused(client: Client, session: VoiceSession) -> None:
    body = json.dumps({"kind": "media", "data": "x" * 8_192})

    assert report(client, session, body).status_code == 413
    assert not session.timeline.filter(kind="media.reported").exists()


def test_no_body_is_read_without_bounds(client: Client, session: VoiceSession) -> None:
    body = json.dumps({"widget": "home", "pad": "x" * 3_000_000})

    assert client.post("/api/orchestration/token", body, content_type="application/json").status_code == 413
