"""What clients get from our JSON addresses and pages, byte for byte, as written down in wire.json.

The file is written anew by `WRITE_WIRE=1 pytest tests/permissions/test_wire.py`; its difference is what clients notice.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from handoff.models import Closer
from tests.people import DOMAIN
from tests.permissions.world import ACTIONS, OF_THE_PROSPECT, PAGES, Asked, World

WIRE = Path(__file__).with_name("wire.json")
JSON = "application/json"
# Of all headers these alone change from one request to the next, or are the same on every answer of the server.
UNTOLD = {"Content-Length", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"} | {
    "Cross-Origin-Opener-Policy",
    "X-Frame-Options",
}
CHANGING = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} [0-9:]{8} GMT"), "<date>"),
    (re.compile(r'("(token|ticket|username|password)": ?)"[^"]+"'), r'\1"<secret>"'),
    (re.compile(r"/promises/\d+/"), "/promises/<number>/"),
)

Send = Callable[[Client, Asked], Any]


def _steady(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


def told(response: Any) -> dict[str, Any]:
    """An answer as a client sees it; of a page, its title."""
    headers = {name: _steady(value) for name, value in sorted(response.items()) if name not in UNTOLD}
    body = response.content.decode()
    if headers.get("Content-Type", "").startswith("text/html"):
        title = re.search(r"<title>(.*?)</title>", body, re.DOTALL)
        body = f"page: {title[1].strip()}" if title else body
    elif "Content-Disposition" in headers:
        body = "a file" if body else ""
    cookies = sorted(response.cookies)
    return {"status": response.status_code, "headers": headers, "body": _steady(body)} | (
        {"cookies": cookies} if cookies else {}
    )


def raw(method: str, body: bytes = b"", content_type: str = JSON, **headers: str) -> Send:
    return lambda client, asked: client.generic(
        method,
        asked.path,
        body,
        content_type=content_type,
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


def valid(**headers: str) -> Send:
    return lambda client, asked: asked.send(client, **{k.replace("_", "-"): v for k, v in headers.items()})


def with_query(query: str) -> Send:
    return lambda client, asked: client.post(asked.path + query, asked.body or {}, content_type=JSON)


def with_body(client: Client, asked: Asked, body: Any, **headers: str) -> Any:
    return client.post(asked.path, json.dumps(body), content_type=JSON, headers=headers)


ODD: dict[str, Send] = {
    "valid": valid(),
    "valid, Accept text/html": valid(Accept="text/html"),
    "valid, ?format=xml": with_query("?format=xml"),
    "GET": raw("GET"),
    "HEAD": raw("HEAD"),
    "PUT": raw("PUT", b"{}"),
    "DELETE": raw("DELETE"),
    "OPTIONS": raw("OPTIONS"),
    "empty body": raw("POST"),
    "empty object": raw("POST", b"{}"),
    "cut off": raw("POST", b"{"),
    "a list": raw("POST", b"[]"),
    "not UTF-8": raw("POST", b"\xff\xfe"),
    "NaN": raw("POST", b'{"available": NaN}'),
    "text": raw("POST", b"{}", "text/plain"),
    "a form": raw("POST", b"available=true", "application/x-www-form-urlencoded"),
    "no type": raw("POST", b"{}", ""),
    "longer than the action takes": raw("POST", b'{"x": "' + b"x" * 100_000 + b'"}'),
    "longer than the server takes": raw("POST", b'{"x": "' + b"x" * 300_000 + b'"}'),
}


# What tells for whoever is refused anyway whether they are refused first.
OF_STRANGERS = {
    name: ODD[name]
    for name in ("valid", "valid, ?format=xml", "GET", "OPTIONS", "cut off", "text", "longer than the server takes")
}


@pytest.fixture(scope="module")
def wire() -> Iterator[dict[str, Any]]:
    """Each answer with the requests that get it."""
    told: dict[str, Any] = {}
    expected = (
        {asked: one["answer"] for one in json.loads(WIRE.read_text()) for asked in one["to"]} if _is_kept() else {}
    )
    yield {"told": told, "expected": expected}
    if not _is_kept():
        grouped: dict[str, list[str]] = {}
        for asked, answer in told.items():
            grouped.setdefault(json.dumps(answer, ensure_ascii=False), []).append(asked)
        rows = [{"answer": json.loads(answer), "to": sorted(to)} for answer, to in grouped.items()]
        rows.sort(key=lambda row: row["to"])
        WIRE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def _is_kept() -> bool:
    return "WRITE_WIRE" not in os.environ


class Comparison:
    """Sends requests of which nothing is left behind, and notes what differs from what was written down."""

    def __init__(self, wire: dict[str, Any]) -> None:
        self._wire = wire
        self.differences: dict[str, Any] = {}

    def ask(self, name: str, send: Callable[[], Any]) -> None:
        # Counters of its own, so that no request is the one too many.
        prefix = f"{settings.REDIS_PREFIX}-{time.monotonic_ns()}"
        with transaction.atomic(), override_settings(REDIS_PREFIX=prefix):
            answer = told(send())
            transaction.set_rollback(True)
        self._wire["told"][name] = answer
        if _is_kept() and self._wire["expected"].get(name) != answer:
            self.differences[name] = {"was": self._wire["expected"].get(name), "is": answer}


@pytest.fixture
def comparison(wire: dict[str, Any]) -> Iterator[Comparison]:
    made = Comparison(wire)
    yield made
    assert made.differences == {}


def browser(closer: Closer | None = None, **options: Any) -> Client:
    made = Client(raise_request_exception=False, **options)
    if closer:
        made.force_login(closer.user)
    return made


@pytest.fixture
def browsers(world: World) -> dict[str, Client]:
    dave = browser()
    dave.force_login(User.objects.create(email=f"dave@{DOMAIN}", name="Dave"))
    return {
        "nobody": browser(),
        "no closer": dave,
        "alice": browser(world.people["alice"]),
        "bob": browser(world.people["bob"]),
    }


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_answers_as_before(
    world: World, browsers: dict[str, Client], comparison: Comparison, name: str
) -> None:
    alice = world.people["alice"]
    for who, client in browsers.items():
        for what, send in (ODD if who == "alice" else OF_STRANGERS).items():
            comparison.ask(
                f"{name}, {who}: {what}", lambda client=client, send=send: send(client, ACTIONS[name](world, alice))
            )
    for who, closer in (("nobody", None), ("alice", alice)):
        strict = browser(closer, enforce_csrf_checks=True)
        for what in ("valid", "GET", "PUT", "cut off"):
            comparison.ask(
                f"{name}, {who}, no CSRF token: {what}",
                lambda strict=strict, what=what: ODD[what](strict, ACTIONS[name](world, alice)),
            )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_as_before(world: World, browsers: dict[str, Client], comparison: Comparison, name: str) -> None:
    people = browsers | {"carol": browser(world.people["carol"])}
    for who, client in people.items():
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            comparison.ask(
                f"{name}, {who}: {method}",
                lambda client=client, method=method: client.generic(
                    method, PAGES[name](world, world.people["alice"]).path
                ),
            )


@pytest.mark.parametrize("name", OF_THE_PROSPECT)
def test_the_visitors_api_answers_as_before(world: World, comparison: Comparison, name: str) -> None:
    def bearing(token: str) -> Client:
        return browser(headers={"Authorization": f"Bearer {token}"})

    alice, good = world.people["alice"], world.token
    clients = {
        "no token": browser(),
        "a token of nobody": bearing("x"),
        "its page": bearing(good),
        "another scheme": browser(headers={"Authorization": f"Basic {good}"}),
        "a closer": browser(alice),
    }
    for who, client in clients.items():
        for what, send in (ODD if who == "its page" else OF_STRANGERS).items():
            comparison.ask(
                f"{name}, {who}: {what}",
                lambda client=client, send=send: send(client, OF_THE_PROSPECT[name](world, alice)),
            )
    for who, client in (("a token in the body", browser()), ("a bad header, a good token in the body", bearing("x"))):
        comparison.ask(
            f"{name}: {who}",
            lambda client=client: with_body(
                client, asked := OF_THE_PROSPECT[name](world, alice), {**asked.body, "token": good}
            ),
        )


def test_the_doors_of_a_visit_answer_as_before(world: World, comparison: Comparison) -> None:
    widget = world.session.widget.slug
    consent = {"version": world.session.widget.consent_version, "recording": world.session.widget.is_recorded}
    bodies = {
        "valid": {"widget": widget, "consent": consent},
        "no consent": {"widget": widget},
        "another consent": {"widget": widget, "consent": consent | {"version": "x"}},
        "no widget": {"widget": "none", "consent": consent},
    }
    own, shop, strange = "http://testserver", "https://shop.example", "https://evil.example"
    for what, body in bodies.items():
        for origin in (own, shop, strange):
            comparison.ask(
                f"token: {what} from {origin}",
                lambda body=body, origin=origin: client_post(reverse("token"), body, Origin=origin),
            )
    for path in ("token", "lines"):
        for what, send in ODD.items():
            asked = Asked(path)
            comparison.ask(f"{path}: {what}", lambda send=send, asked=asked: send(browser(), asked))
    for origin in (shop, strange):
        comparison.ask(
            f"token: preflight from {origin}",
            lambda origin=origin: browser().options(reverse("token"), headers={"Origin": origin}),
        )
    for query in (f"?widget={widget}", "?widget=none", ""):
        comparison.ask(f"lines{query}", lambda query=query: browser().get(reverse("lines") + query))


def client_post(path: str, body: Any, **headers: str) -> Any:
    return browser().post(path, json.dumps(body), content_type=JSON, headers=headers)
