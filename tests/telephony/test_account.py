"""Objects of an account: read however they are enveloped, written with all that was given."""

import json
from typing import Any

import httpx
import pytest
import respx

from telephony.client import AccountObject, Kind, Telnyx, TelnyxError
from tests.telephony.contract.others import KINDS, SMALLEST
from tests.telephony.vendor import answered


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("enveloped", [True, False])
def test_an_object_is_read_bare_or_enveloped(
    client: Telnyx, api: respx.MockRouter, kind: Kind, enveloped: bool
) -> None:
    settings = {**SMALLEST[kind], "id": 7, "of_tomorrow": {"x": [1]}}
    api.get(f"{KINDS[kind][0]}/7").respond(json={"data": settings} if enveloped else settings)

    found = client.account_object(kind, "7")

    name = next(value for key, value in SMALLEST[kind].items() if key.endswith("name") and key != "user_name")
    assert found == AccountObject(kind, "7", name, settings)


@pytest.mark.parametrize("kind", Kind)
def test_what_the_account_does_not_have_is_none(client: Telnyx, api: respx.MockRouter, kind: Kind) -> None:
    api.get(f"{KINDS[kind][0]}/x").respond(404, json={"errors": [{"code": "10005"}]})

    assert client.account_object(kind, "x") is None


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_any_other_refusal_is_an_error(client: Telnyx, api: respx.MockRouter, status: int) -> None:
    api.get("/credential_connections/x").respond(status)

    with pytest.raises(TelnyxError):
        client.account_object(Kind.CONNECTION, "x")


@pytest.mark.parametrize("answer", [{"data": {"name": "A"}}, {"name": "A"}, {"data": []}, {}])
def test_an_object_without_an_id_is_unreadable(client: Telnyx, api: respx.MockRouter, answer: Any) -> None:
    api.post("/outbound_voice_profiles").respond(json=answer)

    with pytest.raises(TelnyxError, match="unreadable") as failure:
        client.create_object(Kind.VOICE_PROFILE, {"name": "A"})
    assert failure.value.outcome_unknown


def rows(first: int, last: int) -> list[dict[str, Any]]:
    return [{"id": f"m{number}", "name": "A"} for number in range(first, last)]


@pytest.mark.parametrize("enveloped", [True, False])
def test_servers_are_listed_page_by_page_without_a_count(
    client: Telnyx, api: respx.MockRouter, enveloped: bool
) -> None:
    pages = [rows(0, 100), rows(100, 103)]
    api.get("/ai/mcp_servers").mock(
        side_effect=[answered(page) if enveloped else httpx.Response(200, json=page) for page in pages]
    )

    assert len(client.account_objects(Kind.MCP_SERVER)) == 103


def test_an_object_that_is_listed_twice_is_one(client: Telnyx, api: respx.MockRouter) -> None:
    api.get("/ai/mcp_servers").mock(return_value=httpx.Response(200, json=rows(0, 100)))

    assert len(client.account_objects(Kind.MCP_SERVER)) == 100


def test_every_page_is_read_and_what_has_no_id_left_out(client: Telnyx, api: respx.MockRouter) -> None:
    meta = {"total_pages": 2}
    api.get("/credential_connections").mock(
        side_effect=[
            answered([{"id": 1, "connection_name": "A"}, {"connection_name": "B"}], meta=meta),
            answered([{"id": "2", "connection_name": None}], meta=meta),
        ]
    )

    assert [(found.id, found.name) for found in client.account_objects(Kind.CONNECTION)] == [("1", "A"), ("2", "")]


@pytest.mark.parametrize("kind", Kind)
def test_what_the_sdk_does_not_know_is_sent_all_the_same(client: Telnyx, api: respx.MockRouter, kind: Kind) -> None:
    path, _, _, (verb, _) = KINDS[kind]
    settings = {**SMALLEST[kind], "of_tomorrow": {"a": 1}, "name_with_\ud800": "b\ud800"}
    create = api.post(path).respond(json={"id": "x"})
    update = api.request(verb, f"{path}/x").respond(json={"id": "x"})

    client.create_object(kind, settings)
    client.update_object(kind, "x", settings)

    for route in (create, update):
        assert json.loads(route.calls.last.request.content) == {
            **SMALLEST[kind],
            "of_tomorrow": {"a": 1},
            "name_with_�": "b�",
        }


def test_an_object_keeps_its_settings_out_of_the_log() -> None:
    found = AccountObject(Kind.CONNECTION, "7", "A", {"password": "very-secret"})

    assert "very-secret" not in f"{found!r}{found}"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"errors": [{"code": "10015", "source": {"pointer": "/outbound/channel_limit"}}]}, "/outbound/channel_limit"),
        ({"detail": [{"loc": ["body", "tools", 0], "msg": "no", "type": "x"}]}, "body.tools.0"),
        ({"errors": [{"code": "10015", "source": {"pointer": "Ada Lovelace"}}]}, None),
        ({"errors": [{"code": "10015", "source": 7}], "detail": "no"}, None),
        ({"detail": [{"loc": [["a"]]}, {"loc": "b"}]}, None),
    ],
)
def test_a_refusal_names_the_parameter(client: Telnyx, api: respx.MockRouter, body: Any, place: str | None) -> None:
    api.post("/ai/assistants").respond(422, json=body)

    with pytest.raises(TelnyxError) as failure:
        client.create_object(Kind.ASSISTANT, SMALLEST[Kind.ASSISTANT])

    assert (f"(at {place})" in str(failure.value)) if place else ("(at" not in str(failure.value))
