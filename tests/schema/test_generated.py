"""Requests generated from the schema, right and wrong ones: none of them is an error of ours."""

from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client, override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.permissions.world import World

EXAMPLES = 30

pytestmark = pytest.mark.slow

SCHEMA: Any = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = [(path, method) for path, methods in SCHEMA["paths"].items() for method in methods]


def strategy(path: str, method: str) -> Any:
    operation = schemathesis.openapi.from_dict(SCHEMA)[path][method]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))


def send(client: Client, case: Any, token: str) -> Any:
    """As a browser would: what cannot stand in an address or a header never leaves it."""
    asked = case.as_transport_kwargs(base_url="http://testserver")
    headers = {name: str(value) for name, value in (asked.pop("headers", None) or {}).items()}
    parts = {key: asked[key] for key in asked if key in {"method", "url", "params", "json", "data"}}
    prepared = requests.Request(**parts).prepare()
    body = prepared.body or b""
    return client.generic(
        case.method,
        prepared.path_url,
        body.encode() if isinstance(body, str) else body,
        content_type=headers.get("Content-Type", "application/json"),
        headers={"Authorization": f"Bearer {token}"} if "/orchestration/" in case.path else {},
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_no_request_breaks_anything(world: World, path: str, method: str) -> None:
    alice = world.people["alice"]
    client = Client(raise_request_exception=True)
    client.force_login(alice.user)
    known = {"session_id": str(world.visit.session_id), "promise_id": world.promise().pk, "name": "email"}
    if "offer_id" in path:
        known["offer_id"] = str(world.ring(alice).pk)
    if "handoff_id" in path:
        known["handoff_id"] = str(world.call(alice).pk)
    statuses: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=strategy(path, method), is_known=st.booleans(), number=st.integers(min_value=0))
    def tried(case: Any, is_known: bool, number: int) -> None:
        if is_known and case.path_parameters:
            case.path_parameters.update({name: known[name] for name in case.path_parameters})
        with transaction.atomic(), override_settings(REDIS_PREFIX=f"generated-{number}"):
            response = send(client, case, world.token)
            transaction.set_rollback(True)
        statuses.add(response.status_code)
        assert response.status_code < 500, (response.status_code, response.content)

    tried()
    assert statuses
