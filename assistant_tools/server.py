"""The tools over MCP: streamable HTTP, stateless, one JSON answer for each request."""

from typing import Any

from django.utils import timezone
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from assistant_tools import calls, threads
from assistant_tools.door import MAX_BODY_BYTES, Door, Receive, Scope, Send
from sessions_app.conversation.tool_calls import Caller, Outcome, Told
from sessions_app.conversation.tool_catalogue import CATALOGUE

Context = ServerRequestContext[Any, Any]

# Set by the platform beside the arguments, so that no model and no visitor can say whose conversation it is.
IDENTITY = "telnyx_conversation_id"
LONGEST_ID = 100
INSTRUCTIONS = (
    "Use these tools while you talk with a caller on a website. Every answer has a text that you can read out. "
    "An answer that refuses says why; do not repeat the call at once."
)


async def list_tools(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=tools())


async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
    if params.name not in CATALOGUE:
        raise MCPError(INVALID_PARAMS, "There is no such tool.")
    caller = Caller("mcp", conversation_id=conversation_of(context))
    told = await threads.run(calls.use, params.name, params.arguments or {}, caller=caller, now=timezone.now())
    return result(told)


def conversation_of(context: Context) -> str:
    """The conversation that the platform names; a call of none is refused."""
    found = (context.meta or {}).get(IDENTITY)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise MCPError(INVALID_PARAMS, f"_meta.{IDENTITY} is missing.")
    return found


def result(told: Told) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=told.text)],
        structured_content=calls.as_data(told),
        is_error=told.outcome in {Outcome.INVALID, Outcome.FAILED},
    )


def tools() -> list[Tool]:
    return [
        Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=dict(tool.schema),
            annotations=ToolAnnotations(
                read_only_hint=tool.is_read_only, destructive_hint=False, idempotent_hint=True, open_world_hint=False
            ),
        )
        for tool in CATALOGUE.values()
    ]


server: Server[Any] = Server(
    "agileadapt", version="1", instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request by a session manager of its own.

    A manager runs within a task group that a server's lifespan would open, and Daphne has none. Without sessions
    nothing outlives a request, so each gets its group and leaves nothing to be stopped.
    """
    manager = StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, max_request_body_size=2 * MAX_BODY_BYTES
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


application = Door(answer)
