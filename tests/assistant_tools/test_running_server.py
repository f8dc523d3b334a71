"""The official SDK's client against the running server, under both ASGI servers."""

import asyncio
import hashlib
import json
import os
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from django.db import connection
from django.utils import timezone
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from assistant_tools import threads
from handoff.models import Closer
from launcher import ports, processes
from launcher.checkout import VENV_PYTHON
from launcher.stack import ASGI_SERVERS, answers
from sessions_app.models import Run, ToolCall, VoiceSession, WidgetConfig
from sessions_app.visits import visits

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

START_SECONDS = 60
CONVERSATION = "0424805b-c7f4-4e0b-9d0a-3f1f6a4c9e11"
# Assistants were given these tools as they are; a change here has to reach every one of them.
PINNED = "bb0048275919377f3618f9f5878dafcfba53633302d884bb5fb70bba857cba35"
VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")


@dataclass
class Server:
    name: str
    url: str
    log: Path

    @asynccontextmanager
    async def client(self, *, mode: str = "legacy", **headers: str) -> AsyncIterator[Client]:
        usual = {"Authorization": f"Bearer {os.environ['MCP_SECRETS']}"}
        address = f"{self.url}/mcp/"
        async with (
            httpx2.AsyncClient(headers=usual | headers) as http,
            Client(streamable_http_client(address, http_client=http), mode=mode) as client,
        ):
            yield client


@pytest.fixture(params=["daphne", "uvicorn"])
def running(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[Server]:
    """The web process alone, on the rows of this test."""
    settings = connection.settings_dict
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{settings['NAME']}").geturl()
    with ports.reserved(9600) as port:
        environment = os.environ | {"DATABASE_URL": url, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        command = [str(VENV_PYTHON), "-m", *ASGI_SERVERS[request.param](port)]
        log = tmp_path / "web.log"
        process = processes.start(request.param, command, log=log, environment=environment)
        try:
            process.wait_until(lambda: answers(f"http://127.0.0.1:{port}/health/live"), seconds=START_SECONDS)
            yield Server(request.param, f"http://127.0.0.1:{port}", log)
        finally:
            process.stop()


@pytest.fixture
def session(widget: WidgetConfig) -> VoiceSession:
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    run = Run.objects.create(session=session, number=1, conversation_id=CONVERSATION, requested_at=now, started_at=now)
    VoiceSession.objects.filter(pk=session.pk).update(current_run=run, run_number=1, assistant_started_at=now)
    return session


def meta(conversation_id: str = CONVERSATION) -> Any:
    return {"telnyx_conversation_id": conversation_id}


def kinds(session: VoiceSession) -> list[str]:
    return list(session.timeline.values_list("kind", flat=True))


async def test_the_sdk_s_client_lists_and_uses_the_tools(running: Server, session: VoiceSession, alice: Closer) -> None:
    async with running.client() as client:
        listed = await client.list_tools()
        saved = await client.call_tool("save_prospect_details", {"full_name": "Ada Lovelace"}, meta=meta())
        asked = await client.call_tool("request_handoff", {"reason": "asks for a person"}, meta=meta())

    tools = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed.tools]
    assert hashlib.sha256(json.dumps(tools, sort_keys=True).encode()).hexdigest() == PINNED
    assert all(tool["inputSchema"]["additionalProperties"] is False for tool in tools)
    assert saved.content[0].text == "I have noted full name."  # type: ignore[union-attr]
    told = {"status": "done", "saved": ["full_name"], "could_not_use": {}, "unknown": [], "complete": False}
    assert saved.structured_content == told
    assert (asked.is_error, asked.structured_content["is_new"]) == (False, True)
    told = await threads.run(kinds, session)
    assert told.count("tool.called") == 2
    assert {"field.captured", "handoff.triggered", "handoff.offered"} <= set(told)


@pytest.mark.parametrize("mode", ["auto", "2026-07-28"])
async def test_the_newest_protocol_is_spoken_too(running: Server, session: VoiceSession, mode: str) -> None:
    async with running.client(mode=mode) as client:
        told = await client.call_tool("check_closer_availability", {}, meta=meta())
        unknown = await client.call_tool("check_closer_availability", {}, meta=meta("another"))

    assert told.structured_content["closers_ready"] == 0
    assert unknown.structured_content["code"] == "too_early"


async def test_many_clients_at_once_are_all_answered(running: Server, session: VoiceSession) -> None:
    async def visit() -> Any:
        async with running.client() as client:
            return await client.call_tool("check_closer_availability", {}, meta=meta())

    results = await asyncio.gather(*(visit() for _ in range(12)))

    assert [result.is_error for result in results] == [False] * 12
    assert await threads.run(ToolCall.objects.filter(session=session).count) == 12


async def test_strangers_get_nowhere(running: Server, session: VoiceSession) -> None:
    for headers in ({"Authorization": "Bearer wrong"}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        with pytest.raises((MCPError, httpx2.HTTPStatusError, ExceptionGroup)):
            async with running.client(**headers) as client:
                await client.list_tools()


def test_the_server_goes_on_after_hostile_bodies_and_stops_when_told(running: Server) -> None:
    secret = os.environ["MCP_SECRETS"]
    for body in (
        b"",
        b"[]",
        b"\xff",
        b'{"a":' * 9_000,
        b"x" * 100_000,
        b'{"jsonrpc":"2.0","id":1,"method":"nothing/there"}',
    ):
        request = urllib.request.Request(
            f"{running.url}/mcp/",
            data=body,
            headers={
                "Authorization": f"Bearer {secret}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        assert status < 500
        assert b"Traceback" not in text
    log = running.log.read_text()
    assert "Traceback" not in log
    assert secret not in log
