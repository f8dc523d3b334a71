"""The door for webhooks over real sockets, under the servers that are shipped: nothing can hold it up."""

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from nacl.signing import SigningKey

from sessions_app.models import CallLeg, Run, ToolCall, VoiceSession, WebhookDelivery, WidgetConfig
from tests import web_process
from tests.telnyx import CALL_CONTROL, DYNAMIC_VARIABLES, envelope, signature

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

# What is asked of a receipt while everything else stands still. Telnyx waits longer; a machine that tests is slow.
SOON = 3.0
SLOW = 4.5
# More than there are connections, and with all that come more than may be minted at once.
MINTING, VISITORS = 12, 24


@dataclass
class Server:
    port: int
    key: SigningKey

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, body: bytes) -> httpx.Response:
        headers = signature(self.key, body, at=timezone.now()) | {"content-type": "application/json"}
        return httpx.post(f"{self.url}{path}", content=body, headers=headers, timeout=60)

    def tell(self, kind: str, /, *, path: str = CALL_CONTROL, event_id: str = "", **payload: Any) -> httpx.Response:
        event_id = event_id or str(uuid.uuid4())
        return self.post(path, envelope(kind, payload, event_id=event_id, occurred_at=timezone.now()))

    @contextmanager
    def line(self, *head: str) -> Iterator[socket.socket]:
        """A connection that has sent the head of a request, and nothing of its body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            line.sendall("\r\n".join([f"POST {CALL_CONTROL} HTTP/1.1", "Host: 127.0.0.1", *head, "", ""]).encode())
            yield line


@contextmanager
def serving(kind: str, log: Path, key: SigningKey, **more: str) -> Iterator[Server]:
    """The web process alone, on the test's database, with `more` in its environment."""
    with web_process.running(kind, port_from=9800, log=log, **more) as url:
        yield Server(int(url.rpartition(":")[2]), key)


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    signing_key: SigningKey,
) -> Iterator[Server]:
    with serving(request.param, tmp_path_factory.mktemp("log") / "web.log", signing_key) as running:
        yield running


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, signing_key: SigningKey) -> Iterator[Server]:
    """The usual server, which hands a body on while it arrives."""
    with serving("uvicorn", tmp_path_factory.mktemp("log") / "web.log", signing_key) as running:
        yield running


@pytest.fixture
def call(widget: WidgetConfig) -> dict[str, str]:
    return begun(widget)


def begun(widget: WidgetConfig) -> dict[str, str]:
    """A call that talks with its assistant; the ids by which Telnyx tells of it."""
    ids = {
        "call_control_id": f"v3:{uuid.uuid4().hex}",
        "call_leg_id": str(uuid.uuid4()),
        "call_session_id": str(uuid.uuid4()),
        "connection_id": settings.TELNYX_CONNECTION_ID,
    }
    now = timezone.now()
    session = VoiceSession.objects.create(
        widget=widget,
        team=widget.team,
        created_at=now,
        answered_at=now,
        is_let_in=True,
        run_number=1,
        call_control_id=ids["call_control_id"],
    )
    session.current_leg = CallLeg.objects.create(session=session, role="prospect", answered_at=now, **ids)
    session.current_run = Run.objects.create(session=session, number=1, requested_at=now, started_at=now)
    session.save(update_fields=["current_leg", "current_run"])
    return ids


def until(what: Callable[[], bool], *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def statuses(ids: dict[str, str]) -> set[str]:
    rows = WebhookDelivery.objects.filter(call_control_id=ids["call_control_id"])
    return set(rows.values_list("status", flat=True))


@contextmanager
def held(ids: dict[str, str]) -> Iterator[None]:
    """Somebody else holds the row of a call's session."""
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as other:
        query = "SELECT 1 FROM sessions_app_voicesession WHERE call_control_id = %s FOR UPDATE"
        other.execute(query, [ids["call_control_id"]])
        yield
        other.rollback()


def test_what_is_told_is_stored_answered_and_then_worked_through(server: Server, call: dict[str, str]) -> None:
    answer = server.tell(
        "call.ai_gather.partial_results", partial_results={"full_name": "Ada"}, message_history=[], **call
    )

    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    until(lambda: statuses(call) == {"processed"})
    session = VoiceSession.objects.get(call_control_id=call["call_control_id"])
    assert session.fields.get().value == "Ada"
    assert list(session.timeline.values_list("kind", flat=True)) == ["field.captured"]


def test_one_event_at_many_connections_is_kept_once(server: Server, call: dict[str, str]) -> None:
    body = envelope("call.teleported", {**call}, event_id="event-1", occurred_at=timezone.now())
    with ThreadPoolExecutor(8) as threads:
        answers_ = list(threads.map(lambda _: server.post(CALL_CONTROL, body).status_code, range(16)))

    assert answers_ == [200] * 16
    assert WebhookDelivery.objects.get(event_id="event-1").duplicates == 15
    # While a repetition is counted the row is held; it is worked through all the same, and no sweep is running here.
    until(lambda: statuses(call) == {"ignored"}, seconds=2.5)


def test_ids_that_are_too_long_are_still_told_apart(server: Server, call: dict[str, str]) -> None:
    ids = ["x" * 190 + end for end in ("one", "two", "one")]

    assert [server.tell("call.teleported", event_id=one, **call).status_code for one in ids] == [200] * 3
    assert sorted(WebhookDelivery.objects.values_list("duplicates", flat=True)) == [0, 1]


def test_a_session_that_somebody_holds_keeps_no_receipt_and_no_other_call_waiting(
    server: Server, widget: WidgetConfig, call: dict[str, str]
) -> None:
    other = begun(widget)
    with held(call):
        started = time.monotonic()
        with ThreadPoolExecutor(14) as threads:
            told = [threads.submit(server.tell, "call.bridged", **call) for _ in range(14)]
            assert {one.result().status_code for one in told} == {200}
        assert server.tell("call.ai_gather.partial_results", partial_results={"a": "b"}, message_history=[], **other)
        assert time.monotonic() - started < SOON
        until(lambda: statuses(other) == {"processed"}, seconds=5)
        assert statuses(call) == {"stored"}

    # The sweep would take what the process gave up; there is none here, and it has not.
    until(lambda: statuses(call) == {"processed"}, seconds=5)


def test_an_assistant_is_answered_in_time_whoever_holds_its_session(server: Server, call: dict[str, str]) -> None:
    asked = {"telnyx_conversation_channel": "phone_call"} | call
    server.tell("assistant.initialization", path=DYNAMIC_VARIABLES, **asked)  # So that everything is loaded.
    session = VoiceSession.objects.get(call_control_id=call["call_control_id"])
    known = str(session.pk)

    def asked_again() -> str:
        started = time.monotonic()
        answer = server.tell("assistant.initialization", path=DYNAMIC_VARIABLES, **asked)
        assert answer.status_code == 200
        assert time.monotonic() - started < SOON
        return str(answer.json()["conversation"]["metadata"].get("agileadapt_session"))

    with held(call):
        # What is known is readable all the same; on a machine that is busy it may take longer than there is time.
        until(lambda: asked_again() == known)


def test_a_tool_is_told_soon_that_its_session_is_held_and_may_be_used_again(
    server: Server, call: dict[str, str]
) -> None:
    body = b'{"full_name": "Ada"}'
    headers = signature(server.key, body, at=timezone.now()) | {
        "authorization": f"Bearer {settings.MCP_SECRETS[0]}",
        "content-type": "application/json",
        "x-telnyx-call-control-id": call["call_control_id"],
    }

    def use(_: int) -> str:
        address = f"{server.url}/webhooks/telnyx/tools/save_prospect_details"
        return str(httpx.post(address, content=body, headers=headers, timeout=60).json()["status"])

    with held(call), ThreadPoolExecutor(8) as threads:
        assert set(threads.map(use, range(8))) == {"failed"}
    assert not ToolCall.objects.exists()

    assert use(0) == use(1) == "done"
    assert ToolCall.objects.count() == 1


def test_the_door_does_not_wait_for_the_connections_of_pages(server: Server, call: dict[str, str]) -> None:
    """All sessions' rows held, and as many questions for them as there are connections."""
    with held(call):
        for number in range(40):
            assert server.tell("call.bridged", event_id=f"event-{number}", **call).status_code == 200


class SlowTelnyx(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        time.sleep(SLOW)
        self.send_error(503)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def slow_telnyx() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SlowTelnyx) as stub:
        Thread(target=stub.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{stub.server_port}"
        stub.shutdown()


def test_while_telnyx_is_slow_nobody_has_a_connection_to_the_database(
    slow_telnyx: str, tmp_path: Path, signing_key: SigningKey, widget: WidgetConfig, call: dict[str, str]
) -> None:
    many = {"DATABASE_POOL": "2", "TELNYX_API_BASE": slow_telnyx, "TELNYX_MAX_LEGS": "100", "VISITS_PER_ADDRESS": "50"}
    many["TOKEN_LIMIT_PER_ADDRESS"] = "100"
    body = {"widget": widget.slug, "consent": {"version": widget.consent_version, "recording": widget.is_recorded}}
    with (
        serving("uvicorn", tmp_path / "web.log", signing_key, **many) as server,
        ThreadPoolExecutor(VISITORS) as threads,
    ):
        headers = {"Origin": server.url}

        def visit(_: int) -> int:
            address = f"{server.url}/api/orchestration/token"
            return httpx.post(address, json=body, headers=headers, timeout=60).status_code

        waiting = [threads.submit(visit, number) for number in range(VISITORS)]
        until(lambda: VoiceSession.objects.filter(widget=widget).count() >= MINTING)

        started = time.monotonic()
        assert httpx.get(f"{server.url}/w/{widget.slug}/", timeout=60).status_code == 200
        assert server.tell("call.ai_gather.partial_results", partial_results={"a": "b"}, **call).status_code == 200
        until(lambda: statuses(call) == {"processed"}, seconds=SLOW)
        assert time.monotonic() - started < SLOW
        still = sum(not one.done() for one in waiting)
        assert still > int(many["DATABASE_POOL"]), "Telnyx was not slow"
        assert {one.result() for one in waiting} <= {500, 503}


# --- bodies, while they arrive


def test_a_body_that_is_announced_as_too_long_is_refused_unread(early: Server) -> None:
    with early.line("Content-Type: application/json", "Content-Length: 419430400") as line:
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_turns_out_too_long_is_refused_on_the_way(early: Server) -> None:
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    sent = 0
    with early.line("Content-Type: application/json", "Transfer-Encoding: chunked") as line:
        try:
            for _ in range(6_400):
                line.sendall(piece)
                sent += len(piece)
        except OSError:
            pass  # The server has closed it.
    assert sent < 50 * 1_048_576, "400 MB were taken"
    assert httpx.get(f"{early.url}/health/live", timeout=SOON).status_code == 200


def test_slow_bodies_hold_nobody_up_and_have_a_deadline(early: Server, call: dict[str, str]) -> None:
    head = ("Content-Type: application/json", "Content-Length: 1000")
    lines = []
    for _ in range(400):
        line = socket.create_connection(("127.0.0.1", early.port), timeout=60)
        line.sendall("\r\n".join([f"POST {CALL_CONTROL} HTTP/1.1", "Host: x", *head, "", "{"]).encode())
        lines.append(line)

    started = time.monotonic()
    assert early.tell("call.bridged", **call).status_code == 200
    assert time.monotonic() - started < SOON
    assert {line.recv(12) for line in lines} == {b"HTTP/1.1 408"}
    for line in lines:
        line.close()


@pytest.mark.parametrize("path", ["/api/orchestration/token", "/mcp/", "/dashboard/login/"])
def test_pages_and_tools_are_bounded_alike(early: Server, path: str) -> None:
    with socket.create_connection(("127.0.0.1", early.port), timeout=60) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
