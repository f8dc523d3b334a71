"""What a failed command says, and what it never says."""

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Thread
from time import monotonic
from typing import Any, BinaryIO

import httpx
import pytest
import respx

from telephony.client import Telnyx, TelnyxError
from tests.telephony.vendor import API_KEY, answered

CALL = "v3:HDR1-a_b"
NUMBER = "+61255501234"
TOKEN = "eyJhbGciOiJIUzUxMiJ9.eyJhdWQiOiJ0ZWxueXgifQ.c2lnbmF0dXJl"
PASSWORD = "a92dbcfb60184a8cb330b0acb2f7617b"


def refusal(status: int, code: Any = "90018", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"code": code, "title": "Refused"}]}, headers=headers)


def hang_up(client: Telnyx) -> TelnyxError:
    with pytest.raises(TelnyxError) as failure:
        client.hang_up(CALL, command_id="1")
    return failure.value


@pytest.fixture
def hangup(api: respx.MockRouter) -> respx.Route:
    return api.post(f"/calls/{CALL}/actions/hangup")


@pytest.mark.parametrize("status", [301, 307, 400, 401, 402, 403, 404, 405, 410, 413, 415, 422])
def test_a_refusal_is_permanent(client: Telnyx, hangup: respx.Route, status: int) -> None:
    hangup.mock(return_value=refusal(status, location="http://elsewhere.test/"))

    failure = hang_up(client)

    assert (failure.permanent, failure.status, failure.code) == (True, status, "90018")
    assert not failure.outcome_unknown
    assert hangup.call_count == 1


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_a_passing_trouble_may_be_repeated_but_is_not_by_itself(
    client: Telnyx, hangup: respx.Route, status: int
) -> None:
    hangup.mock(return_value=refusal(status))

    failure = hang_up(client)

    assert (failure.permanent, failure.status) == (False, status)
    assert failure.outcome_unknown == (status in {408, 502, 504})
    assert hangup.call_count == 1


@pytest.mark.parametrize("header", [{"x-should-retry": "true"}, {"retry-after": "0"}])
def test_the_server_cannot_ask_for_automatic_retries(
    client: Telnyx, hangup: respx.Route, header: dict[str, str]
) -> None:
    hangup.mock(return_value=httpx.Response(503, headers=header))

    hang_up(client)

    assert hangup.call_count == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "x-ratelimit-reset": "3"}, 3.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_a_rate_limit_says_how_long_to_pause(
    client: Telnyx, hangup: respx.Route, headers: dict[str, str], seconds: float | None
) -> None:
    hangup.mock(return_value=httpx.Response(429, json={"errors": [{"code": "10011"}]}, headers=headers))

    assert hang_up(client).retry_after == seconds


def test_no_other_refusal_asks_for_a_pause(client: Telnyx, hangup: respx.Route) -> None:
    hangup.mock(return_value=refusal(422, **{"x-ratelimit-reset": "3"}))

    assert hang_up(client).retry_after is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"errors":[{"code":"90034"},{"code":"90018"}]}', "90034"),
        (b'{"errors":[{"code":10015}]}', "10015"),
        (b'{"errors":[{"title":"no code"}]}', None),
        (b'{"errors":[]}', None),
        (b'{"errors":{"status":"can\'t update credentials in expired status"}}', None),
        (b'{"errors":["90018"]}', None),
        (b'{"errors":[{"code":"has spaces and is prose"}]}', None),
        (b'{"errors":null}', None),
        (b"[]", None),
        (b"null", None),
        (b"", None),
        (b"<html>Bad gateway</html>", None),
        (b"\xff\xfe", None),
        (b"[" * 10_000, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_it_reads_the_first_code_of_any_error_body(
    client: Telnyx, hangup: respx.Route, body: bytes, code: str | None
) -> None:
    hangup.mock(return_value=httpx.Response(422, content=body, headers={"content-type": "application/json"}))

    failure = hang_up(client)

    assert (failure.code, failure.permanent) == (code, True)


HOURLY = "You have exceeded the number of dials per hour allowed for your account."


@pytest.mark.parametrize(
    ("status", "told", "is_limit"),
    [
        (403, {"code": "90041"}, True),
        (403, {"code": "90042"}, True),
        (403, {"code": "90043"}, True),
        (403, {"code": "10039"}, True),
        (403, {"code": "10038"}, False),
        (429, {"code": "90103"}, True),
        (429, {"code": "10011", "title": "Too many requests"}, False),
        (429, {"code": "10011", "title": "Too many requests", "detail": HOURLY}, True),
        (403, {"code": "10010"}, False),
        (403, {"title": "Forbidden"}, False),
        (422, {"code": "90018"}, False),
        (500, {}, False),
    ],
)
def test_it_tells_a_limit_of_the_account_from_other_refusals(
    client: Telnyx, hangup: respx.Route, status: int, told: dict[str, str], is_limit: bool
) -> None:
    hangup.mock(return_value=httpx.Response(status, json={"errors": [told]}))

    failure = hang_up(client)

    assert failure.is_limit is is_limit
    assert HOURLY not in str(failure)


def test_the_message_names_the_command_and_the_meaning(client: Telnyx, hangup: respx.Route) -> None:
    hangup.mock(return_value=refusal(422, "90018"))

    assert str(hang_up(client)) == "hangup: refused with HTTP 422, code 90018: the call has ended"


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
)
def test_a_reply_that_is_lost_leaves_the_outcome_unknown(
    client: Telnyx, hangup: respx.Route, error: type[Exception]
) -> None:
    hangup.mock(side_effect=error)

    failure = hang_up(client)

    assert (failure.permanent, failure.outcome_unknown, failure.status, failure.code) == (False, True, None, None)
    assert hangup.call_count == 1


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_request_that_never_left_has_a_known_outcome(
    client: Telnyx, hangup: respx.Route, error: type[Exception]
) -> None:
    hangup.mock(side_effect=error)

    failure = hang_up(client)

    assert (failure.permanent, failure.outcome_unknown, failure.status) == (False, False, None)
    assert hangup.call_count == 1


UNREADABLE = [
    httpx.Response(200, content=b""),
    httpx.Response(200, content=b"not json", headers={"content-type": "application/json"}),
    httpx.Response(200, content=b"\xff", headers={"content-type": "application/json"}),
    httpx.Response(200, text="<html/>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"data": None}),
    answered({}),
    answered({"call_control_id": "", "id": "", "sip_username": "u"}),
]

NEEDING_AN_ANSWER: dict[str, Callable[[Telnyx], Any]] = {
    "dial": lambda telnyx: telnyx.dial(
        connection_id="1", to=NUMBER, from_=NUMBER, ring_seconds=20, custom_headers={}, command_id="1"
    ),
    "create_credential": lambda telnyx: telnyx.create_credential(
        connection_id="1", name="n", tag="t", expires_at=datetime(2026, 12, 1, tzinfo=UTC)
    ),
    "create_conference": lambda telnyx: telnyx.create_conference(CALL, name="n", region="Australia", command_id="1"),
}


@pytest.mark.parametrize("name", NEEDING_AN_ANSWER)
@pytest.mark.parametrize("answer", UNREADABLE, ids=lambda answer: repr(answer.content[:30]))
def test_an_unreadable_answer_leaves_the_outcome_unknown(
    client: Telnyx, api: respx.MockRouter, name: str, answer: httpx.Response
) -> None:
    api.post(url__regex=".*").mock(return_value=answer)

    with pytest.raises(TelnyxError, match="unreadable") as failure:
        NEEDING_AN_ANSWER[name](client)
    assert failure.value.outcome_unknown
    assert not failure.value.permanent


LEAKY: dict[str, Callable[[Telnyx], Any]] = {
    **NEEDING_AN_ANSWER,
    "create_login_token": lambda telnyx: telnyx.create_login_token("c1"),
}
ECHO = {"errors": [{"code": PASSWORD, "title": f"Bad {API_KEY}", "detail": f"{TOKEN} {PASSWORD} {NUMBER} {API_KEY}"}]}


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(401, json=ECHO),
        httpx.Response(422, json=ECHO),
        httpx.Response(422, json={"errors": [{"code": TOKEN}]}),
        httpx.Response(500, text=f"{API_KEY} {PASSWORD} {TOKEN} {NUMBER}"),
        httpx.Response(302, headers={"location": f"http://elsewhere.test/{API_KEY}/{PASSWORD}/{TOKEN}/{NUMBER}"}),
        httpx.Response(200, json={"data": {"sip_password": PASSWORD, "x": [API_KEY, TOKEN, NUMBER]}}),
        httpx.Response(200, text=f"{API_KEY} {PASSWORD} {TOKEN} {NUMBER}"),
        httpx.ReadTimeout(f"{API_KEY} {PASSWORD} {TOKEN} {NUMBER}"),
        httpx.ConnectError(f"{API_KEY} {PASSWORD} {TOKEN} {NUMBER}"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", LEAKY)
def test_no_secret_and_no_number_reaches_the_error_or_its_traceback(
    client: Telnyx, api: respx.MockRouter, name: str, reply: Any
) -> None:
    outcome = {"side_effect": reply} if isinstance(reply, Exception) else {"return_value": reply}
    api.post(url__regex=".*").mock(**outcome)

    with pytest.raises(TelnyxError) as failure:
        LEAKY[name](client)

    shown = (
        f"{failure.value!r} {failure.value} {vars(failure.value)} {''.join(traceback.format_exception(failure.value))}"
    )
    assert failure.value.__context__ is None
    assert not [secret for secret in (API_KEY, PASSWORD, TOKEN, NUMBER) if secret in shown]


def test_the_log_holds_no_secret(client: Telnyx, hangup: respx.Route, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    hangup.mock(side_effect=[answered({}), httpx.Response(422, json=ECHO)])

    client.hang_up(CALL, command_id="1")
    hang_up(client)

    assert not [secret for secret in (API_KEY, PASSWORD, TOKEN, NUMBER) if secret in caplog.text]


def test_an_error_assumes_nothing() -> None:
    assert vars(TelnyxError("x")) == {
        "permanent": False,
        "status": None,
        "code": None,
        "outcome_unknown": False,
        "retry_after": None,
        "is_limit": False,
    }


@pytest.mark.parametrize("name", ["TELNYX_CLIENT_ID", "TELNYX_CLIENT_SECRET", "TELNYX_API_KEY", "TELNYX_BASE_URL"])
def test_the_environment_does_not_decide_where_and_as_whom(
    monkeypatch: pytest.MonkeyPatch, api: respx.MockRouter, name: str
) -> None:
    monkeypatch.setenv("TELNYX_CLIENT_ID", "someone")
    monkeypatch.setenv("TELNYX_CLIENT_SECRET", "else")
    monkeypatch.setenv(name, "http://elsewhere.test/v2")
    route = api.post(f"/calls/{CALL}/actions/hangup").mock(return_value=answered({}))

    Telnyx(api_key=API_KEY, base_url="http://telnyx.test/v2").hang_up(CALL, command_id="1")

    assert route.calls.last.request.headers["authorization"] == f"Bearer {API_KEY}"


def test_warming_asks_nothing(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.route(url__regex=".*").mock(return_value=answered({}))

    client.warm()

    assert not route.called


OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n" + b'{"data":{}}'


def read_request(stream: BinaryIO) -> bool:
    """Read one whole request, which may come in several packets; False when the client has gone."""
    length = 0
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    stream.read(length)
    return line != b""


@contextmanager
def server(*replies: bytes | None) -> Iterator[tuple[str, list[int]]]:
    """A real socket: gives one reply per request; an empty one closes the connection, None never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[int] = []
    waiting = iter(replies)

    def _serve() -> None:
        with suppress(OSError):  # the listener is closed at the end
            while True:
                connection, address = listener.accept()
                connections.append(address[1])
                Thread(target=_answer, args=(connection,), daemon=True).start()

    def _answer(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, suppress(OSError):
            while read_request(stream):
                reply = next(waiting, b"")
                if reply == b"":
                    return
                if reply is not None:
                    connection.sendall(reply)

    Thread(target=_serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2", connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would keep the port open
        listener.close()


def test_commands_share_one_connection() -> None:
    with server(OK, OK, OK) as (base_url, connections):
        client = Telnyx(api_key=API_KEY, base_url=base_url)
        for number in range(3):
            client.hang_up(CALL, command_id=str(number))

    assert len(connections) == 1


def test_a_server_that_never_answers_is_given_up() -> None:
    with server(None) as (base_url, connections):
        client = Telnyx(api_key=API_KEY, base_url=base_url, timeout=0.3)
        client.warm()
        began = monotonic()

        failure = hang_up(client)

    assert monotonic() - began < 4
    assert failure.outcome_unknown
    assert len(connections) == 1


def test_a_connection_lost_after_sending_leaves_the_outcome_unknown() -> None:
    with server(b"") as (base_url, connections):
        failure = hang_up(Telnyx(api_key=API_KEY, base_url=base_url))

    assert (failure.outcome_unknown, failure.permanent) == (True, False)
    assert len(connections) == 1


def test_a_server_that_is_down_was_never_asked() -> None:
    with server() as (base_url, _):
        pass

    failure = hang_up(Telnyx(api_key=API_KEY, base_url=base_url))

    assert (failure.outcome_unknown, failure.permanent, failure.status) == (False, False, None)
