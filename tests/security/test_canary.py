"""Secrets are planted, a whole visit is told with all kinds of trouble, and then every place is searched for them."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import redis
from django.apps import apps
from django.conf import settings as current
from django.db import connection
from django.test import Client, TestCase
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from handoff import actions, tasks
from handoff.models import Closer, Command
from sessions_app.http import limits
from sessions_app.inbox import fold
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visits import carrier, credentials
from tests.people import PASSWORD, Clock, logged_in
from tests.telnyx import DOORS, Leg, Rest, Webhooks, signature
from tests.visits import ANSWERS

CANARY = "CANARY7f3a"
API_KEY = f"KEY{CANARY}api"
DJANGO_SECRET = f"{CANARY}-django-secret-of-fifty-characters-and-a-few-more"
DATABASE_PASSWORD = f"{CANARY}database"
TOOL_SECRET = f"{CANARY}-secret-of-the-assistant-s-tools"


class Records(logging.Handler):
    """Every line that is logged, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Haystack:
    """What left the application: answers with their headers, log lines, rows, queued tasks."""

    answers: list[tuple[str, str]] = field(default_factory=list)

    def keep(self, name: str, response: Any) -> Any:
        body = b"".join(response.streaming_content) if response.streaming else response.content
        headers = json.dumps(dict(response.headers))
        cookies = response.cookies.output()
        self.answers.append((name, headers + cookies + body.decode(errors="replace")))
        return response


@pytest.fixture
def records() -> Iterator[Records]:
    handler = Records()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def planted(settings: Settings, rest: Rest, monkeypatch: pytest.MonkeyPatch) -> Rest:
    settings.TELNYX_API_KEY = API_KEY
    settings.SECRET_KEY = DJANGO_SECRET
    settings.MCP_SECRETS = [TOOL_SECRET]
    monkeypatch.setitem(connection.settings_dict, "CANARY_PASSWORD", DATABASE_PASSWORD)
    monkeypatch.setenv("DATABASE_URL", f"postgres://web:{DATABASE_PASSWORD}@127.0.0.1/x")
    monkeypatch.setenv("TELNYX_API_KEY", API_KEY)
    monkeypatch.setenv("DJANGO_SECRET_KEY", DJANGO_SECRET)
    rest.canary = CANARY
    carrier.client.cache_clear()
    return rest


def ask(client: Client, haystack: Haystack, request: str, body: dict[str, Any], token: str = "") -> Any:
    headers = {"Origin": "https://shop.example"} | ({"Authorization": f"Bearer {token}"} if token else {})
    address = f"/api/orchestration/{request}"
    with TestCase.captureOnCommitCallbacks(execute=True):
        response = client.post(address, json.dumps(body), content_type="application/json", headers=headers)
    return haystack.keep(address, response)


def use_tool(client: Client, haystack: Haystack, webhooks: Webhooks, leg: Leg) -> None:
    address, body = "/webhooks/telnyx/tools/request_handoff", b'{"reason": "asks for a person"}'
    for secret in (TOOL_SECRET, f"{TOOL_SECRET}x"):
        headers = signature(webhooks.key, body, at=timezone.now()) | {"Authorization": f"Bearer {secret}"}
        headers["x-telnyx-call-control-id"] = leg.call_control_id
        answer = client.post(address, body, content_type="application/json", headers=headers)
        haystack.keep(address, answer)
        assert answer.status_code == (200 if secret == TOOL_SECRET else 401)


def tell_everything(client: Client, haystack: Haystack, webhooks: Webhooks, rest: Rest, closer: Closer) -> str:
    """A visit from the token to the notes, with refusals, silence and our own failure on the way; returns its token."""
    consent = {"widget": "home", "consent": {"version": "2026-11", "recording": True}}
    for failure in (httpx.ReadTimeout(f"{API_KEY}"), httpx.Response(401, json={"errors": [{"detail": API_KEY}]})):
        kept = rest.router["credential"].side_effect
        rest.router["credential"].mock(side_effect=[failure])
        ask(client, haystack, "token", consent)
        rest.router["credential"].mock(side_effect=kept)
    opened = ask(client, haystack, "token", consent)
    token: str = json.loads(opened.content)["session"]["token"]
    # This one answer is where they belong.
    haystack.answers.pop()
    leg = Leg(webhooks, current.TELNYX_CONNECTION_ID)
    leg.initiated(from_=rest.credentials[-1]["sip_username"])
    leg.answered()
    work()
    leg.conversation_created(rest.conversation_id)
    use_tool(client, haystack, webhooks, leg)
    ask(client, haystack, "message", {"text": "hello"}, token)
    ask(client, haystack, "report", {"kind": "error", "data": {"code": 45004}}, token)
    rest.router["dial"].mock(side_effect=[httpx.ReadError(API_KEY)])
    leg.gathered(ANSWERS)
    offer = VoiceSession.objects.get(call_control_id=leg.call_control_id).handoffs.get().offers.get()
    actions.accept(offer.pk, closer=closer, now=timezone.now())
    work()
    actions.softphone_login(closer, now=timezone.now())
    ask(client, haystack, "callback", {"name": "Ada", "phone": "+61255501234"}, token)
    leg.hung_up()
    tasks.sweep()
    credentials.revoke_due_credentials(now=timezone.now())
    return token


def known_call() -> str:
    return str(VoiceSession.objects.exclude(call_control_id=None).get().call_control_id)


def work() -> None:
    for command_id in list(Command.objects.filter(state="pending").values_list("pk", flat=True)):
        tasks.run_command(str(command_id))


def fail_with_a_secret(*_: Any) -> None:
    raise RuntimeError("something private")


def pages(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from pages(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


# The softphone's address is where its login belongs; the others would end the crawl.
UNVISITED = ("softphone/login", "logout", "delete")


def crawl(haystack: Haystack, people: list[Client], values: dict[str, Any]) -> None:
    """Every address of the application, as everybody, with GET and POST."""
    for route in sorted(set(pages(get_resolver().url_patterns))):
        address = route.replace("^", "").replace("$", "")
        for name, value in values.items():
            address = address.replace(f"<{name}>", str(value))
        for client in people:
            client.raise_request_exception = False
            for method in ("get", "post"):
                if not any(place in address for place in UNVISITED):
                    haystack.keep(f"{method} {address}", getattr(client, method)(address))


def every_row() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND data_type IN "
            "('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY', 'uuid')"
        )
        for table, column, kind in cursor.fetchall():
            expression = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT {expression} FROM "{table}" WHERE "{column}" IS NOT NULL')
            for (value,) in cursor.fetchall():
                yield f"{table}.{column}", value


def every_key_in_redis() -> Iterator[tuple[str, str]]:
    server: Any = redis.Redis.from_url(current.REDIS_URL)
    readers: dict[bytes, Any] = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"hash": server.hgetall,
        b"set": server.smembers,
        b"zset": lambda key: server.zrange(key, 0, -1),
    }
    for key in server.scan_iter("*"):
        read = readers[bytes(server.type(key))]
        yield repr(key), repr(read(key))


@pytest.mark.timeout(240)
def test_no_secret_is_found_anywhere(
    planted: Rest,
    records: Records,
    webhooks: Webhooks,
    client: Client,
    widget: WidgetConfig,
    alice: Closer,
    admin_user: Any,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits._redis.cache_clear()
    redis.Redis.from_url(current.REDIS_URL).flushdb()
    haystack = Haystack()
    with TestCase.captureOnCommitCallbacks(execute=True):
        token = tell_everything(client, haystack, webhooks, planted, alice)
    with monkeypatch.context() as broken:
        broken.setattr(fold, "fold", fail_with_a_secret)
        Leg(webhooks, "x", call_control_id=known_call()).answered()
    for door in DOORS:
        haystack.keep(door, client.post(door, b"{}", content_type="application/json"))
    session = VoiceSession.objects.exclude(call_control_id=None).get()
    values = {"slug:slug": widget.slug, "uuid:session_id": session.pk, "path:object_id": session.pk}
    crawl(haystack, [Client(), logged_in(alice.user), logged_in(admin_user)], values)
    admin = logged_in(admin_user)
    for model in apps.get_models():
        if model._meta.app_label in {"sessions_app", "handoff"}:
            for row in model._default_manager.all()[:5]:
                address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
                haystack.keep(address, admin.get(address, follow=True))

    assert len(haystack.answers) > 100
    assert len(records.lines) > 50
    searched = dict.fromkeys(("sessions_app_webhookdelivery.body", "handoff_command.arguments"), 0)
    logins = [value for made in planted.credentials for value in [made["sip_password"]]]
    secrets = [CANARY, PASSWORD, *logins, *planted.tokens]
    assert len(logins) == len(planted.tokens) == 2

    for name, text in [
        *haystack.answers,
        *(("log", line) for line in records.lines),
        *every_row(),
        *every_key_in_redis(),
    ]:
        if name in searched:
            searched[name] += 1
        assert not [secret for secret in secrets if secret in text], name

    assert all(searched.values())
    assert not [line for line in records.lines if token in line or "Ada Lovelace" in line or "+61255501234" in line]
