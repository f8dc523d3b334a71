"""Who comes in at /mcp/, with what; everything else is told why not, and learns nothing else."""

import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from django.conf import settings as current
from pytest_django import Settings

from agileadapt.asgi import application
from assistant_tools import access, door, server, threads
from sessions_app.conversation.tool_catalogue import CATALOGUE
from sessions_app.http import limits
from sessions_app.models import ToolCall

# What comes through is handled on other threads, with connections of their own.
reaches_rows = pytest.mark.django_db(transaction=True)

SECRET = "a-secret-of-more-than-thirty-two-characters"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"


class Mcp:
    """Sends requests as Telnyx does, or not quite."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, body: Any, **headers: str | None) -> httpx.Response:
        usual: dict[str, str | None] = {
            "authorization": f"Bearer {SECRET}",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
        }
        sent = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(
            "/mcp/",
            content=content,
            headers=[(n.encode(), v.encode("latin-1")) for n, v in sent.items() if v is not None],
        )

    async def ask(self, method: str, params: Any = None, **headers: str | None) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
        return await self.post(body, **headers)

    async def call(self, name: str, arguments: Any, meta: Any = None, **headers: str | None) -> httpx.Response:
        given = {"telnyx_conversation_id": "nobody knows it", "progressToken": None} if meta is None else meta
        return await self.ask("tools/call", {"name": name, "arguments": arguments, "_meta": given}, **headers)


@pytest_asyncio.fixture
async def mcp(settings: Settings) -> AsyncIterator[Mcp]:
    settings.MCP_SECRETS = [SECRET]
    # Every test is a client of its own to the counters.
    settings.SECRET_KEY = f"{current.SECRET_KEY}{uuid4()}"
    transport = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=transport, base_url=current.PUBLIC_URL) as http:
        yield Mcp(http)


def code(response: httpx.Response) -> int:
    found: int = response.json()["error"]["code"]
    return found


async def test_telnyx_comes_in(mcp: Mcp) -> None:
    answer = await mcp.post(PING)

    assert (answer.status_code, answer.json()["result"]) == (200, {})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {SECRET}",
        SECRET,
        f"Bearer {SECRET}x",
        f"Bearer {SECRET[:-1]}",
        "Bearer é",
    ],
)
async def test_without_the_secret_nobody_comes_in(mcp: Mcp, authorization: str | None) -> None:
    answer = await mcp.post(PING, authorization=authorization)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert SECRET not in answer.text


async def test_two_secrets_hold_while_one_is_being_changed(mcp: Mcp, settings: Settings) -> None:
    new = "another-secret-of-more-than-thirty-two-characters"
    settings.MCP_SECRETS = [new, SECRET]
    for secret in (new, SECRET):
        assert (await mcp.post(PING, authorization=f"Bearer {secret}")).status_code == 200

    settings.MCP_SECRETS = [new]
    assert (await mcp.post(PING)).status_code == 401


async def test_without_a_secret_of_ours_the_door_is_shut(mcp: Mcp, settings: Settings) -> None:
    settings.MCP_SECRETS = []

    for authorization in (None, "Bearer ", f"Bearer {SECRET}"):
        assert (await mcp.post(PING, authorization=authorization)).status_code == 503


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example"])
async def test_a_page_of_another_origin_is_refused(mcp: Mcp, origin: str) -> None:
    assert (await mcp.post(PING, origin=origin)).status_code == 403


async def test_our_own_origin_is_not(mcp: Mcp) -> None:
    assert (await mcp.post(PING, origin=current.PUBLIC_URL)).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::", "a b"])
async def test_another_host_is_refused(mcp: Mcp, host: str) -> None:
    assert (await mcp.post(PING, host=host)).status_code == 421


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_another_method_is_refused(mcp: Mcp, method: str) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "accept": "text/event-stream"}

    answer = await mcp.http.request(method, "/mcp/", headers=headers)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
async def test_another_content_type_is_refused(mcp: Mcp, content_type: str | None) -> None:
    assert (await mcp.post(PING, content_type=content_type)).status_code == 415


async def test_who_takes_no_json_gets_none(mcp: Mcp) -> None:
    assert (await mcp.post(PING, accept="text/html")).status_code == 406


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", door.PARSE_ERROR),
        (b"{", door.PARSE_ERROR),
        (b"\xff\xfe", door.PARSE_ERROR),
        (b'{"jsonrpc": NaN}', door.PARSE_ERROR),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, door.PARSE_ERROR),
        (b'{"id": ' + b"9" * 5_000 + b"}", door.PARSE_ERROR),
        (b"[]", door.INVALID_REQUEST),
        (b"null", door.INVALID_REQUEST),
        (json.dumps([PING, PING]).encode(), door.INVALID_REQUEST),
    ],
    ids=["empty", "cut off", "bytes", "NaN", "deep", "endless number", "no request", "null", "batch"],
)
async def test_what_is_no_request_is_refused(mcp: Mcp, body: bytes, wanted: int) -> None:
    answer = await mcp.post(body)

    assert (answer.status_code, code(answer), answer.json()["id"]) == (400, wanted, None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {**PING, "id": {}},
        {**PING, "method": 7},
        {**PING, "params": []},
    ],
    ids=["nothing", "version", "id", "method", "params"],
)
async def test_what_is_no_request_of_json_rpc_is_refused(mcp: Mcp, body: Any) -> None:
    answer = await mcp.post(body)

    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("size", [door.MAX_BODY_BYTES + 1, 3_000_000])
async def test_a_long_body_is_refused(mcp: Mcp, size: int) -> None:
    assert (await mcp.post(b" " * size)).status_code == 413


async def test_a_long_body_that_hides_its_length_is_refused(mcp: Mcp) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(door.MAX_BODY_BYTES // 1_000 + 2):
            yield b" " * 1_000

    headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}
    assert (await mcp.http.post("/mcp/", content=parts(), headers=headers)).status_code == 413


@pytest.mark.parametrize("version", [None, *VERSIONS])
async def test_unknown_methods_are_said_to_be_unknown(mcp: Mcp, version: str | None) -> None:
    for method in ("nothing/there", "resources/list", "prompts/get", "logging/setLevel", "completion/complete"):
        answer = await mcp.ask(method, {}, mcp_protocol_version=version)

        assert answer.status_code < 500
        assert code(answer) in {-32601, -32602}, method


@reaches_rows
@pytest.mark.parametrize("version", VERSIONS)
async def test_each_version_that_begins_with_a_handshake_is_spoken(mcp: Mcp, version: str) -> None:
    client = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    hello = (await mcp.ask("initialize", client)).json()["result"]
    listed = await mcp.ask("tools/list", {}, mcp_protocol_version=version)
    called = await mcp.call("check_closer_availability", {}, mcp_protocol_version=version)

    assert hello["protocolVersion"] == version
    assert [tool["name"] for tool in listed.json()["result"]["tools"]] == list(CATALOGUE)
    assert called.json()["result"]["content"][0]["text"].startswith("The call is only being connected.")


@pytest.mark.parametrize("version", ["1999-01-01", "2099-01-01", "x", "2025-06-18, 2025-11-25"])
async def test_another_version_is_refused(mcp: Mcp, version: str) -> None:
    assert (await mcp.ask("tools/list", {}, mcp_protocol_version=version)).status_code == 400


async def test_a_header_that_contradicts_the_body_is_refused(mcp: Mcp) -> None:
    """In the newest version the method stands in a header too, for those on the way who read no bodies."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}

    right = await mcp.post(body, mcp_protocol_version=MODERN, mcp_method="tools/list")
    wrong = await mcp.post(body, mcp_protocol_version=MODERN, mcp_method="tools/call")

    assert (right.status_code, wrong.status_code) == (200, 400)


@reaches_rows
@pytest.mark.parametrize(
    "meta", [{}, {"telnyx_conversation_id": ""}, {"telnyx_conversation_id": 7}, {"telnyx_conversation_id": "x" * 101}]
)
async def test_a_call_of_no_conversation_is_refused(mcp: Mcp, meta: dict[str, Any]) -> None:
    arguments = {"telnyx_conversation_id": "in the arguments", "_meta": {"telnyx_conversation_id": "there too"}}

    answer = await mcp.call("check_closer_availability", arguments, meta)

    assert (answer.status_code, code(answer)) == (200, -32602)
    assert await threads.run(ToolCall.objects.count) == 0


@reaches_rows
async def test_an_unknown_tool_is_refused(mcp: Mcp) -> None:
    answer = await mcp.call("transfer_to_a_number", {})

    assert code(answer) == -32602
    assert await threads.run(ToolCall.objects.count) == 0


@reaches_rows
async def test_what_a_tool_does_not_take_is_said_in_a_result(mcp: Mcp) -> None:
    result = (await mcp.call("request_handoff", {"session": "another", "reason": "x" * 301})).json()["result"]

    assert result["isError"] is True
    assert "names something that this tool does not take" in result["content"][0]["text"]
    assert (result["structuredContent"]["status"], "another" in json.dumps(result)) == ("invalid", False)


@reaches_rows
async def test_what_the_database_cannot_keep_is_replaced(mcp: Mcp) -> None:
    answer = await mcp.call("request_handoff", {"reason": "a\u0000b\ud800c"})

    assert answer.status_code == 200
    row = await threads.run(ToolCall.objects.get)
    assert row.arguments == {"reason": "a\ufffdb\ufffdc"}


async def test_too_many_requests_are_put_off(mcp: Mcp, settings: Settings) -> None:
    settings.TOOL_CALLS_PER_MINUTE = 3

    answers = [await mcp.post(PING) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_nobody_comes_in_while_requests_cannot_be_counted(mcp: Mcp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise limits.LimiterDown("ConnectionError")

    monkeypatch.setattr(access, "count", fail)

    assert (await mcp.post(PING)).status_code == 503


async def test_our_own_failure_tells_nothing(mcp: Mcp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(server.application, "_inner", fail)

    answer = await mcp.post(PING)

    assert (answer.status_code, code(answer)) == (500, door.INTERNAL_ERROR)
    assert "house" not in answer.text


async def test_other_addresses_are_django_s(mcp: Mcp) -> None:
    for path in ("/mcp", "/mcp/x", "/mcp//"):
        assert (await mcp.http.post(path)).status_code == 404


def anything(random: Random, depth: int = 3) -> Any:
    """JSON of no sense, made of words that mean something here."""
    words = ("tools/call", "tools/list", "initialize", "name", "arguments", "_meta", "telnyx_conversation_id", "id", "")
    words += (
        "jsonrpc",
        "2.0",
        "params",
        "method",
        "progressToken",
        "request_handoff",
        "book_callback",
        "when",
        "\ud800",
    )
    kind = random.randrange(9 if depth else 6)
    if kind < 3:
        return random.choice(words)
    if kind < 6:
        return random.choice([None, True, 0, -1, 2**70, 1.5])
    if kind < 7:
        return [anything(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice(words): anything(random, depth - 1) for _ in range(random.randrange(6))}


@reaches_rows
@pytest.mark.parametrize("version", [None, VERSIONS[-1], MODERN])
async def test_no_sense_is_answered_with_sense(mcp: Mcp, version: str | None) -> None:
    random = Random(20261122)
    for _ in range(150):
        frame = {"jsonrpc": "2.0", "id": 1, "method": random.choice(["tools/call", "tools/list", "initialize", "x"])}
        params = {"name": "request_handoff", "arguments": anything(random), "_meta": anything(random)}
        body = random.choice([anything(random), frame | {"params": anything(random)}, frame | {"params": params}])

        answer = await mcp.post(body, mcp_protocol_version=version)

        assert answer.status_code < 500, body
        assert "Traceback" not in answer.text
