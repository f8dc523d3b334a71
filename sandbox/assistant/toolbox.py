"""Which tools one run of the AI has: those that its definition names, and those that its MCP servers offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.model.account import Account
from sandbox.model.account_kinds import ASSISTANTS, MCP_SERVERS

MCP, WEBHOOK = "mcp", "webhook"
# Where a webhook tool names no time, as documented:
# https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/ai/inference_embedding_webhook_tool_params.py
TIMEOUT_MS = 5000

Settings = Mapping[str, Any]


class ToolError(ValueError):
    """A tool cannot be used; the message says why."""


@dataclass(frozen=True)
class WebhookTool:
    """`settings` are what the definition holds under `webhook`."""

    settings: Settings
    timeout_seconds: float

    @property
    def takes(self) -> Settings:
        """The properties of the body's schema."""
        return self.properties("body_parameters")

    def properties(self, part: str) -> Settings:
        schema = self.settings.get(part)
        properties = schema.get("properties") if isinstance(schema, dict) else None
        return properties if isinstance(properties, dict) else {}


@dataclass(frozen=True)
class McpServer:
    """`allowed` are the tools that may be used; None stands for all that it offers."""

    url: str
    secret_name: str
    allowed: tuple[str, ...] | None


@dataclass(frozen=True)
class McpTool:
    name: str
    server: McpServer
    takes: Settings


@dataclass
class Toolbox:
    """`is_proven`: webhook tools are sent with the platform's signature and the id of the call."""

    webhooks: dict[str, WebhookTool] = field(default_factory=dict)
    servers: list[McpServer] = field(default_factory=list)
    # Known once the servers were asked.
    offered: dict[str, McpTool] = field(default_factory=dict)
    transfer: Settings | None = None
    hangs_up: bool = False
    is_proven: bool = True

    @property
    def names(self) -> list[str]:
        return [*dict.fromkeys((*self.webhooks, *self.offered))]

    def find(self, name: str, door: str = "") -> WebhookTool | McpTool:
        """Return the tool of this name; where both doors lead to one, the webhook. Raises ToolError."""
        if door not in ("", MCP, WEBHOOK):
            raise ToolError(f"a tool is used over {MCP} or {WEBHOOK}")
        found = {WEBHOOK: self.webhooks.get(name), MCP: self.offered.get(name)}
        tool = found[door] if door else found[WEBHOOK] or found[MCP]
        if tool is None:
            raise ToolError(f"the assistant has no tool {name!r}{f' over {door}' if door else ''}")
        return tool

    def takes(self, name: str) -> Settings:
        """The properties that a tool takes; empty where there is no such tool."""
        return self.find(name).takes if name in self.names else {}


def from_definitions(definitions: Iterable[Settings], *, is_proven: bool) -> Toolbox:
    """Collect the tools that a definition lists; types that nobody here uses are left out."""
    box = Toolbox(is_proven=is_proven)
    for one in definitions:
        settings = one.get(str(one.get("type")))
        if one.get("type") == "webhook" and isinstance(settings, dict):
            box.webhooks[str(settings.get("name"))] = WebhookTool(settings, _seconds(one))
        elif one.get("type") == "transfer" and isinstance(settings, dict):
            box.transfer = settings
        elif one.get("type") == "hangup":
            box.hangs_up = True
    return box


def of_assistant(account: Account, assistant: dict[str, Any], overrides: Settings) -> Toolbox:
    """Collect the tools of an assistant of the account; `overrides` of the call replace its lists whole."""
    definitions = overrides.get("tools", account.shown(ASSISTANTS, assistant).get("tools"))
    box = from_definitions(_objects(definitions), is_proven=True)
    servers = overrides.get("mcp_servers", assistant.get("mcp_servers"))
    box.servers = [_server(account, one) for one in _objects(servers)]
    return box


def _server(account: Account, attached: Settings) -> McpServer:
    kept = {**(account.get(MCP_SERVERS, str(attached.get("id"))) or {}), **attached}
    allowed = kept.get("allowed_tools")
    return McpServer(
        url=str(kept.get("url") or ""),
        secret_name=str(kept.get("api_key_ref") or ""),
        allowed=tuple(map(str, allowed)) if isinstance(allowed, list) else None,
    )


def _seconds(definition: Settings) -> float:
    # Only beside `type` it counts; inside of `webhook` it is kept and not applied.
    given = definition.get("timeout_ms")
    return (given if isinstance(given, int) and given > 0 else TIMEOUT_MS) / 1000


def _objects(value: Any) -> list[Settings]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
