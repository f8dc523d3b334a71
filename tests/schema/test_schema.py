"""The description of the API: for staff alone, complete, and true."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft4Validator
from rest_framework.views import APIView

from accounts import roles
from accounts.models import User
from accounts.roles import Action
from agileadapt import api_schema
from handoff.models import Closer
from tests.people import DOMAIN, logged_in
from tests.permissions.test_wire import WIRE
from tests.permissions.world import ACTIONS, OF_THE_PROSPECT

SCHEMA, PAGE = "/api/schema/", "/api/schema/page/"


def described() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def staff() -> Client:
    browser = Client()
    browser.force_login(User.objects.create(email=f"clerk@{DOMAIN}", name="Clerk", is_staff=True))
    return browser


def test_staff_read_it_as_a_file_and_as_a_page(db: None) -> None:
    browser = staff()

    schema, page = browser.get(SCHEMA), browser.get(PAGE)

    assert json.loads(schema.content)["info"]["title"] == "AgileAdapt"
    assert page.status_code == 200
    told = page.content.decode()
    for path in json.loads(schema.content)["paths"]:
        assert path in told
    assert "<script" not in told
    assert "style=" not in told
    assert "unsafe" not in page["Content-Security-Policy"]


def test_nobody_else_does(client: Client, alice: Closer) -> None:
    for browser in (client, logged_in(alice.user)):
        assert browser.get(SCHEMA).status_code == 403
        page = browser.get(PAGE)
        assert (page.status_code, page["Location"]) == (302, f"/admin/login/?next={PAGE}")


def test_who_reads_it_is_asked_of_the_table(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Action.SCHEMA_READ: {}})

    assert staff().get(SCHEMA).status_code == 403


def test_it_is_a_schema_and_every_view_of_the_framework_stands_in_it() -> None:
    schema = described()
    validate_schema(schema)
    views, todo = set(), list(get_resolver().url_patterns)
    while todo:
        pattern = todo.pop()
        if isinstance(pattern, URLPattern):
            if issubclass(getattr(pattern.callback, "cls", object), APIView):
                views.add(pattern.callback.cls)  # type: ignore[attr-defined]
        else:
            todo += pattern.url_patterns

    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    assert len(operations) == len(views - {api_schema.Schema}) == len(ACTIONS) + len(OF_THE_PROSPECT) + 2


def test_every_operation_says_whose_it_is() -> None:
    for path, methods in described()["paths"].items():
        for operation in methods.values():
            whose = [name for one in operation.get("security", []) for name in one]
            is_open = path.endswith(("/token", "/lines"))
            assert whose == ([] if is_open else ["cookieAuth"] if path.startswith("/dashboard/") else ["visit"]), path


def test_what_clients_got_is_what_it_says() -> None:
    """Every answer in wire.json, held against the description of its address."""
    schema = described()
    paths = {f"/api/orchestration/{name}": name for name in (*OF_THE_PROSPECT, "token", "lines")}
    wrong = []
    checked = 0
    for row in json.loads(WIRE.read_text()):
        answer = row["answer"]
        for asked in row["to"]:
            name = asked.split(",")[0].split(":")[0].split("?")[0]
            path = next((path for path, known in paths.items() if known == name), None)
            method = "get" if name == "lines" else "post"
            if path is None or answer["status"] == 405 or "format=xml" in asked or "OPTIONS" in asked:
                continue
            if "preflight" in asked or not answer["body"]:
                continue
            told = schema["paths"][path][method]["responses"].get(str(answer["status"]))
            if told is None or "content" not in told:
                wrong.append((asked, answer["status"]))
                continue
            kind = told["content"]["application/json"]["schema"] | {"components": schema["components"]}
            checked += 1
            wrong += [(asked, error.message) for error in Draft4Validator(kind).iter_errors(json.loads(answer["body"]))]

    assert wrong == []
    assert checked > 100
