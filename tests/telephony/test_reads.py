"""Questions to Telnyx: credentials, tokens, call status, conversations."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from telephony.client import CallStatus, CredentialSummary, Telnyx, TelnyxError
from telephony.credentials import ends_at
from telephony.events import InsightResult, Message, ToolCall
from tests.telephony.vendor import answered

JWT = "eyJhbGciOiJIUzUxMiJ9.eyJhdWQiOiJ0ZWxueXgifQ.c2lnbmF0dXJl-_"


@pytest.mark.parametrize("text", [JWT, f"{JWT}\n"])
def test_a_login_token_is_plain_text(client: Telnyx, api: respx.MockRouter, text: str) -> None:
    route = api.post("/telephony_credentials/c1/token").mock(return_value=httpx.Response(201, text=text))

    assert client.create_login_token("c1") == JWT
    assert route.calls.last.request.headers["accept"] == "text/plain"


@pytest.mark.parametrize("text", ["", "a.b", "a b.c.d", f'"{JWT}"', "<html>a.b.c</html>", f"{JWT}.x", "é.b.c"])
def test_anything_else_is_no_token(client: Telnyx, api: respx.MockRouter, text: str) -> None:
    api.post("/telephony_credentials/c1/token").mock(return_value=httpx.Response(201, text=text))

    with pytest.raises(TelnyxError, match="unreadable") as failure:
        client.create_login_token("c1")
    assert not failure.value.permanent


@pytest.mark.parametrize(
    ("answer", "is_registered"),
    [
        ({"registered": True, "sip_registration_status": "registered"}, True),
        ({"registered": False, "sip_registration_status": "standby"}, False),
        ({"data": {"registered": False}}, False),
        ({"data": {"registered": True}}, True),
    ],
)
def test_it_says_whether_a_login_is_registered(
    client: Telnyx, api: respx.MockRouter, answer: dict[str, Any], is_registered: bool
) -> None:
    route = api.get("/sip_registration_status").mock(return_value=httpx.Response(200, json=answer))

    assert client.is_registered("gencred7x") is is_registered
    asked = dict(route.calls.last.request.url.params)
    assert asked == {"credential_type": "telephony_credential", "username": "gencred7x"}
    assert set(route.calls.last.request.extensions["timeout"].values()) == {1.0}


@pytest.mark.parametrize("answer", [{}, {"registered": None}, {"registered": "no"}, {"data": []}])
def test_what_does_not_say_so_does_not_mean_that_nobody_is_there(
    client: Telnyx, api: respx.MockRouter, answer: dict[str, Any]
) -> None:
    api.get("/sip_registration_status").mock(return_value=httpx.Response(200, json=answer))

    with pytest.raises(TelnyxError, match="unreadable"):
        client.is_registered("gencred7x")


def token_of(claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzUxMiJ9.{payload}.c2ln"


def test_a_token_says_when_it_ends() -> None:
    assert ends_at(token_of({"exp": 1795687200, "sub": "c1"})) == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "token",
    ["", "a.b", "a.é.c", "a.!!!.c", *map(token_of, ({}, {"exp": "soon"}, {"exp": None}, {"exp": 1e300}, [1], None))],
)
def test_a_token_that_does_not_say_ends_at_no_known_time(token: str) -> None:
    assert ends_at(token) is None


def test_a_deleted_credential_is_deleted(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.delete("/telephony_credentials/c1").mock(side_effect=[answered({"id": "c1"}), httpx.Response(404)])

    client.delete_credential("c1")
    client.delete_credential("c1")

    assert route.call_count == 2


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_refused_deletion_is_an_error(client: Telnyx, api: respx.MockRouter, status: int) -> None:
    api.delete("/telephony_credentials/c1").mock(return_value=httpx.Response(status))

    with pytest.raises(TelnyxError):
        client.delete_credential("c1")


def credential_row(number: int) -> dict[str, Any]:
    return {"id": f"c{number}", "name": f"n{number}", "sip_username": f"u{number}", "expires_at": "2026-12-01T00:00:00"}


def test_it_lists_every_page_of_a_tag(client: Telnyx, api: respx.MockRouter) -> None:
    pages = [
        answered([credential_row(1), credential_row(2)], meta={"total_pages": 2, "page_number": 1}),
        answered([{"id": 3, "name": None, "sip_password": "a92dbc"}], meta={"total_pages": 2, "page_number": 2}),
    ]
    route = api.get("/telephony_credentials").mock(side_effect=pages)

    found = list(client.list_credentials(tag="prod & test"))

    expiry = datetime(2026, 12, 1, tzinfo=UTC)
    assert found == [
        CredentialSummary("c1", "n1", "u1", expiry),
        CredentialSummary("c2", "n2", "u2", expiry),
        CredentialSummary("3", "", "", None),
    ]
    asked = [dict(call.request.url.params) for call in route.calls]
    assert asked == [
        {"filter[tag]": "prod & test", "page[number]": str(number), "page[size]": "250"} for number in (1, 2)
    ]


def test_a_list_is_whole_before_its_first_item_is_deleted(client: Telnyx, api: respx.MockRouter) -> None:
    row = [credential_row(1)]
    route = api.get("/telephony_credentials").mock(
        side_effect=[answered(row, meta={"total_pages": 2}), answered(row, meta={"total_pages": 2})]
    )

    credentials = client.list_credentials(tag="prod")
    next(credentials)

    assert route.call_count == 2


@pytest.mark.parametrize(
    "answer",
    [
        answered([]),
        answered([], meta={"total_pages": 9}),
        answered({}),
        httpx.Response(200, json={"data": None, "meta": None}),
        httpx.Response(200, json={}),
    ],
)
def test_an_empty_list_is_empty(client: Telnyx, api: respx.MockRouter, answer: httpx.Response) -> None:
    route = api.get("/telephony_credentials").mock(return_value=answer)

    assert list(client.list_credentials(tag="prod")) == []
    assert route.call_count == 1


def test_an_endless_list_ends(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.get("/telephony_credentials").mock(
        return_value=answered([credential_row(1)], meta={"total_pages": 10**6})
    )

    assert len(list(client.list_credentials(tag="prod"))) == 50
    assert route.call_count == 50


def test_it_reads_the_status_of_a_call(client: Telnyx, api: respx.MockRouter) -> None:
    data = {
        "is_alive": False,
        "call_leg_id": "l",
        "call_session_id": "s",
        "call_duration": 61,
        "start_time": "2026-11-22T03:04:05.5Z",
        "end_time": None,
    }
    route = api.get("/calls/v3:HDR1-a_b").mock(return_value=answered(data))

    status = client.call_status("v3:HDR1-a_b")

    assert status == CallStatus(False, "l", "s", 61, datetime(2026, 11, 22, 3, 4, 5, 500_000, tzinfo=UTC), None)
    assert route.call_count == 1


def test_a_forgotten_call_is_not_alive(client: Telnyx, api: respx.MockRouter) -> None:
    api.get("/calls/v3:x").mock(return_value=httpx.Response(404, json={"errors": [{"code": "10005"}]}))

    assert client.call_status("v3:x") == CallStatus(is_alive=False, is_known=False)


@pytest.mark.parametrize("data", [{}, {"is_alive": None}, {"is_alive": "true"}, []])
def test_a_status_that_does_not_say_is_an_error(client: Telnyx, api: respx.MockRouter, data: Any) -> None:
    """Guessing "alive" would ring a closer for nobody, guessing "dead" would drop a caller."""
    api.get("/calls/v3:x").mock(return_value=answered(data))

    with pytest.raises(TelnyxError, match="unreadable"):
        client.call_status("v3:x")


def test_any_other_refusal_of_a_status_is_an_error(client: Telnyx, api: respx.MockRouter) -> None:
    api.get("/calls/v3:x").mock(return_value=httpx.Response(503))

    with pytest.raises(TelnyxError):
        client.call_status("v3:x")


def test_it_reads_a_whole_conversation_oldest_first(client: Telnyx, api: respx.MockRouter) -> None:
    late = {"role": "assistant", "text": "Bye", "sent_at": "2026-11-22T03:00:09Z", "created_at": "2026-11-22T03:00:08Z"}
    early = {"role": "user", "text": "Hi\u0000", "created_at": "2026-11-22T03:00:01Z", "metadata": {}}
    call = {"id": "t1", "type": "function", "function": {"name": "quote", "arguments": '{"seats": 12}'}}
    middle = {"role": "assistant", "text": None, "sent_at": "2026-11-22T03:00:05Z", "tool_calls": [call]}
    route = api.get("/ai/conversations/k1/messages").mock(
        side_effect=[answered([late, middle], meta={"total_pages": 2}), answered([early], meta={"total_pages": 2})]
    )

    assert client.conversation_messages("k1") == [
        Message("user", "Hi�", datetime(2026, 11, 22, 3, 0, 1, tzinfo=UTC)),
        Message(
            "assistant", "", datetime(2026, 11, 22, 3, 0, 5, tzinfo=UTC), (ToolCall("t1", "quote", {"seats": 12}),)
        ),
        Message("assistant", "Bye", datetime(2026, 11, 22, 3, 0, 9, tzinfo=UTC)),
    ]
    assert [dict(call.request.url.params) for call in route.calls] == [
        {"page[number]": "1", "page[size]": "100"},
        {"page[number]": "2", "page[size]": "100"},
    ]


def test_turns_without_times_keep_their_order(client: Telnyx, api: respx.MockRouter) -> None:
    turns = [
        {"role": "user", "text": "b", "sent_at": "2026-11-22T03:00:09Z"},
        {"role": "user", "text": "a"},
        {"role": "user", "text": "c", "sent_at": "2026-11-22T03:00:01Z"},
    ]
    api.get("/ai/conversations/k1/messages").mock(return_value=answered(turns))

    assert [message.content for message in client.conversation_messages("k1")] == ["b", "a", "c"]


def test_it_reads_the_insights_that_are_ready(client: Telnyx, api: respx.MockRouter) -> None:
    groups = [
        {"id": "g1", "status": "completed", "conversation_insights": [{"insight_id": "i1", "result": '{"score": 8}'}]},
        {"id": "g2", "status": "pending", "conversation_insights": None},
        {"id": "g3", "status": "completed", "conversation_insights": [{"insight_id": "i2", "result": "Warm."}]},
    ]
    api.get("/ai/conversations/k1/conversations-insights").mock(return_value=answered(groups))

    assert client.conversation_insights("k1") == [
        InsightResult("i1", "", {"score": 8}),
        InsightResult("i2", "", "Warm."),
    ]
