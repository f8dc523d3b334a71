"""The assistant's use of the account's tools, as the platform does it: over MCP, or as signed webhooks."""

import itertools
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.calls import Leg
from sandbox.config import Config
from sandbox.conversations import Conversation
from sandbox.signer import Signer

logger = logging.getLogger(__name__)

MCP, WEBHOOK = "mcp", "webhook"
PROTOCOL = "2025-06-18"
TIMEOUT = aiohttp.ClientTimeout(total=5.0)
UNREACHABLE = "That does not work at the moment."


class ToolError(ValueError):
    """A tool cannot be used; the message says why."""


@dataclass(frozen=True)
class Answer:
    """What a tool answered: the text for the caller, and everything else as data."""

    status: int | None
    text: str
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"status": self.status, "text": self.text, "data": dict(self.data)}


class Tools:
    def __init__(self, config: Config, signer: Signer) -> None:
        self._config = config
        self._signer = signer
        self._numbers = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    @property
    def are_there(self) -> bool:
        return bool(self._config.mcp_url and self._config.tool_secret)

    async def use(
        self, leg: Leg, conversation: Conversation, name: str, arguments: Mapping[str, Any], *, door: str = MCP
    ) -> Answer:
        """Use a tool now, and note it in the conversation as the platform does."""
        if not self.are_there:
            raise ToolError("SANDBOX_MCP_URL and SANDBOX_TOOL_SECRET say where the tools are")
        if door not in (MCP, WEBHOOK):
            raise ToolError(f"a tool is used over {MCP} or {WEBHOOK}")
        call_id = f"call_{next(self._numbers):06}"
        conversation.note_tool_call(call_id, name, arguments)
        try:
            if door == MCP:
                answer = await self._over_mcp(conversation.id, name, arguments)
            else:
                answer = await self._as_webhook(leg, name, arguments)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            logger.warning("%s was not answered (%s)", name, type(error).__name__)
            answer = Answer(None, UNREACHABLE, {})
        conversation.note_tool_answer(call_id, answer.text)
        return answer

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def _over_mcp(self, conversation_id: str, name: str, arguments: Mapping[str, Any]) -> Answer:
        client = {"name": "telnyx", "version": "1"}
        hello = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client}
        await self._ask_mcp("initialize", hello)
        meta = {"progressToken": None, "telnyx_conversation_id": conversation_id}
        status, answer = await self._ask_mcp("tools/call", {"name": name, "arguments": arguments, "_meta": meta})
        if "error" in answer:
            return Answer(status, str(answer["error"].get("message")), {"error": answer["error"]})
        result = answer["result"]
        return Answer(status, str(result["content"][0]["text"]), result.get("structuredContent") or {})

    async def _ask_mcp(self, method: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        body = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        headers = {
            "Authorization": f"Bearer {self._config.tool_secret}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": PROTOCOL,
        }
        async with self._client().post(self._config.mcp_url, json=body, headers=headers, timeout=TIMEOUT) as response:
            answer = await response.json(content_type=None)
            if not isinstance(answer, dict):
                raise ToolError("no answer of JSON-RPC")
            return response.status, answer

    async def _as_webhook(self, leg: Leg, name: str, arguments: Mapping[str, Any]) -> Answer:
        raw = json.dumps(arguments).encode()
        headers = {
            **self._signer.headers(raw),
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._config.tool_secret}",
            "x-telnyx-call-control-id": leg.call_control_id,
        }
        url = f"{self._config.webhook_base}/tools/{name}"
        async with self._client().post(url, data=raw, headers=headers, timeout=TIMEOUT) as response:
            answer = await response.json(content_type=None) if response.status == 200 else {}
            return Answer(response.status, str(answer.pop("text", UNREACHABLE)), answer)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session
