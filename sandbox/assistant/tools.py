"""The use of a tool, as the platform does it: a webhook of its own address, or a call over MCP."""

import asyncio
import itertools
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp

from sandbox.assistant.templates import fill_definition
from sandbox.assistant.toolbox import McpServer, McpTool, Toolbox, WebhookTool
from sandbox.model.account import Account
from sandbox.model.platform import Platform
from sandbox.model.signer import Signer

logger = logging.getLogger(__name__)

PROTOCOL = "2025-06-18"
MCP_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
UNREACHABLE = "That does not work at the moment."
# What comes before the answer, on the way and in it.
Failure = (aiohttp.ClientError, TimeoutError, ValueError, KeyError, IndexError, TypeError)


@dataclass(frozen=True)
class Answer:
    """What a tool answered: the text for the caller, and everything else as data. No status: no answer in time."""

    status: int | None
    text: str
    data: Mapping[str, Any]

    @property
    def is_complete(self) -> bool:
        """Whether it says that everything is known that had to be asked."""
        return self.data.get("complete") is True

    def as_json(self) -> dict[str, Any]:
        return {"status": self.status, "text": self.text, "data": dict(self.data)}


@dataclass(frozen=True)
class Caller:
    """In which call a tool is used; `variables` fill the templates of its definition."""

    call_control_id: str
    conversation_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WebhookRequest:
    """One use of a webhook tool, but for its headers."""

    method: str
    url: str
    query: Mapping[str, str]
    raw: bytes
    timeout: aiohttp.ClientTimeout


class Tools:
    def __init__(self, account: Account, signer: Signer, platform: Platform) -> None:
        self._account = account
        self._signer = signer
        self._platform = platform
        self._repetitions: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    def new_call_id(self) -> str:
        return f"call_{next(self._numbers):06}"

    async def look_into(self, box: Toolbox, *, handshakes: int) -> None:
        """Ask the MCP servers of a run what they offer; one that does not answer offers nothing.

        Seen live by third parties (2026): the first word waits for this, and a server may be asked twice.
        """
        for server in box.servers:
            try:
                for _ in range(handshakes):
                    await self._initialize(server)
                _, listed = await self._ask(server, "tools/list", {})
                offered = [McpTool(one["name"], server, _properties(one)) for one in listed["result"]["tools"]]
            except Failure as error:
                logger.warning("an MCP server was not understood (%s)", type(error).__name__)
                continue
            box.offered |= {one.name: one for one in offered if server.allowed is None or one.name in server.allowed}

    async def use(
        self, tool: WebhookTool | McpTool, arguments: Mapping[str, Any], *, caller: Caller, is_proven: bool
    ) -> Answer:
        """Use a tool now. What fails, or comes too late, is an answer too: the conversation goes on with it."""
        try:
            if isinstance(tool, WebhookTool):
                return await self._as_webhook(tool, arguments, caller, is_proven=is_proven)
            return await self._over_mcp(tool, arguments, caller)
        except Failure as error:
            logger.warning("a tool was not answered (%s)", type(error).__name__)
            return Answer(None, UNREACHABLE, {})

    async def close(self) -> None:
        for repetition in self._repetitions:
            repetition.cancel()
        if self._session:
            await self._session.close()

    async def _as_webhook(
        self, tool: WebhookTool, arguments: Mapping[str, Any], caller: Caller, *, is_proven: bool
    ) -> Answer:
        """The body is what the model gave, and the presets of the definition win over it.

        Beside the signature of every webhook x-telnyx-call-control-id comes as a header.
        Source: https://developers.telnyx.com/docs/inference/ai-assistants/async-tools and
        https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/ai/inference_embedding_webhook_tool_params.py
        """
        settings = fill_definition(dict(tool.settings), caller.variables, self._secret)
        method = str(settings.get("method") or "POST")
        in_path, in_query = tool.properties("path_parameters"), tool.properties("query_parameters")
        query = {name: str(value) for name, value in arguments.items() if name in in_query}
        query |= {name: str(value) for name, value in (settings.get("preset_query_params") or {}).items()}
        body = {name: value for name, value in arguments.items() if name not in in_path and name not in in_query}
        body |= settings.get("preset_body_fields") or {}
        raw = b"" if method == "GET" else json.dumps(body).encode()
        given = {str(one["name"]): str(one["value"]) for one in settings.get("headers") or []}
        headers = {**given, **({} if method == "GET" else {"Content-Type": "application/json"})}
        call = {"x-telnyx-call-control-id": caller.call_control_id}

        def signed() -> dict[str, str]:
            return {**headers, **self._signer.headers(raw), **call} if is_proven else headers

        request = WebhookRequest(
            method,
            _placed(str(settings["url"]), {name: arguments[name] for name in in_path if name in arguments}),
            query,
            raw,
            aiohttp.ClientTimeout(total=tool.timeout_seconds),
        )
        first = signed()
        try:
            return await self._sent(request, first)
        except TimeoutError:
            if self._platform.tool_repeats != "never":
                self._repeat(request, first if self._platform.tool_repeats == "as_it_was" else signed())
            raise

    def _repeat(self, request: WebhookRequest, headers: Mapping[str, str]) -> None:
        """Send it again; the model has taken the silence for a failure and gone on, so that no answer reaches it."""

        async def send() -> None:
            try:
                await self._sent(request, headers)
            except Failure as error:
                logger.warning("a tool's repetition was not answered (%s)", type(error).__name__)

        task = asyncio.create_task(send())
        self._repetitions.add(task)
        task.add_done_callback(self._repetitions.discard)

    async def _sent(self, request: WebhookRequest, headers: Mapping[str, str]) -> Answer:
        async with self._client().request(
            request.method,
            request.url,
            params=request.query,
            data=request.raw or None,
            headers=headers,
            timeout=request.timeout,
        ) as response:
            text = await response.text()
            return _told(response.status, text)

    async def _over_mcp(self, tool: McpTool, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        await self._initialize(tool.server)
        # `progressToken` is null on the real platform.
        meta = {"progressToken": None, "telnyx_conversation_id": caller.conversation_id}
        params = {"name": tool.name, "arguments": arguments, "_meta": meta}
        status, answer = await self._ask(tool.server, "tools/call", params)
        if "error" in answer:
            return Answer(status, str(answer["error"].get("message")), {"error": answer["error"]})
        result = answer["result"]
        return Answer(status, str(result["content"][0]["text"]), result.get("structuredContent") or {})

    async def _initialize(self, server: McpServer) -> None:
        client = {"name": "telnyx", "version": "1"}
        hello = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client}
        await self._ask(server, "initialize", hello)

    async def _ask(self, server: McpServer, method: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        body = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": PROTOCOL}
        if server.secret_name:
            headers["Authorization"] = f"Bearer {self._secret(server.secret_name)}"
        async with self._client().post(server.url, json=body, headers=headers, timeout=MCP_TIMEOUT) as response:
            answer = await response.json(content_type=None)
            return response.status, dict(answer)

    def _secret(self, identifier: str) -> str:
        return self._account.secret(identifier)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


def _told(status: int, text: str) -> Answer:
    """What a model makes of an answer: a refusal is a failure, whatever it says."""
    if not 200 <= status < 300:
        return Answer(status, UNREACHABLE, {})
    try:
        decoded = json.loads(text)
    except ValueError:
        return Answer(status, text, {})
    if not isinstance(decoded, dict):
        return Answer(status, text, {})
    said = decoded.pop("text", None)
    return Answer(status, said if isinstance(said, str) else text, decoded)


def _placed(url: str, values: Mapping[str, Any]) -> str:
    """Put values into an address such as `https://example.com/{id}`."""
    return re.sub(r"\{(\w+)\}", lambda match: quote(str(values.get(match[1], match[0])), safe="{}"), url)


def _properties(listed: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = (listed.get("inputSchema") or {}).get("properties")
    return properties if isinstance(properties, dict) else {}
