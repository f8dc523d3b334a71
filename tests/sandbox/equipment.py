"""An assistant of the account with tools, made through the official SDK as an owner would."""

from collections.abc import Mapping
from typing import Any

from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.phone import eventually
from tests.sandbox.stage import TOOL_SECRET, Received, Stage

SECRET_NAME = "tools-of-the-test"
QUESTIONS = {
    "full_name": {"type": "string", "description": "What is your name?"},
    "email": {"type": "string", "description": "What is your email address?"},
    "phone": {"type": "string", "description": "Where to call."},
    "budget": {"type": "string", "description": "What is your budget?"},
}
BEARER = f"Bearer {{{{#integration_secret}}}}{SECRET_NAME}{{{{/integration_secret}}}}"


def webhook_tool(stage: Stage, name: str, properties: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A webhook tool at an address of its own; `more` is put beside `type`, or for `webhook` into it."""
    webhook = {
        "name": name,
        "description": f"Use {name}.",
        "url": f"{stage.application}/webhooks/telnyx/tools/{name}",
        "method": "POST",
        "headers": [{"name": "Authorization", "value": BEARER}],
        "body_parameters": {"type": "object", "properties": dict(properties or {})},
        **more.pop("webhook", {}),
    }
    return {"type": "webhook", "webhook": webhook, **more}


def usual_tools(stage: Stage) -> list[dict[str, Any]]:
    return [
        webhook_tool(stage, "save_prospect_details", QUESTIONS),
        webhook_tool(stage, "request_handoff", {"reason": {"type": "string"}}),
        webhook_tool(stage, "check_closer_availability"),
        webhook_tool(stage, "book_callback", {"when": {"type": "string"}, "phone": {"type": "string"}}),
    ]


async def equip(stage: Stage, *, tools: list[Any] | None = None, mcp: bool = False, **settings: Any) -> None:
    """Give the assistant tools (the usual ones), their secret, and with `mcp` a server; `settings` are its own."""
    await stage.client.integration_secrets.create(identifier=SECRET_NAME, type="bearer", token=TOOL_SECRET)
    servers = []
    if mcp:
        url = f"{stage.application}/mcp/"
        made = await stage.client.ai.mcp_servers.create(name="ours", type="http", url=url, api_key_ref=SECRET_NAME)
        servers = [{"id": made.id}]
    given = {"tools": usual_tools(stage) if tools is None else tools, "mcp_servers": servers, **settings}
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, **given)


async def start(stage: Stage, call: str, *, greeting: str = "Hi.", **extra: Any) -> str:
    """Let the assistant of the account take the call; return the conversation's id."""
    assistant = {"id": DEFAULT_ASSISTANT_ID, **extra.pop("assistant", {})}
    started = await stage.client.calls.actions.start_ai_assistant(call, assistant=assistant, greeting=greeting, **extra)
    return str(started.data.conversation_id)


async def type_text(stage: Stage, call: str, text: str, *, role: str = "user", at_once: bool = True) -> None:
    """What a prospect types, to be answered at once; or what somebody adds to the history."""
    messages = [{"role": role, "content": text}]
    await stage.client.calls.actions.add_ai_assistant_messages(call, messages=messages, trigger_response=at_once)


async def used(stage: Stage, name: str, count: int = 1) -> Received:
    """Wait for the n-th use of a webhook tool."""
    path = f"/webhooks/telnyx/tools/{name}"

    def matching() -> list[Received]:
        return [one for one in stage.tools_used if one.path.partition("?")[0] == path]

    await eventually(lambda: len(matching()) >= count)
    return matching()[count - 1]


async def listening(stage: Stage, call: str) -> None:
    """Wait until the assistant has spoken and is silent."""
    await stage.until(call, lambda leg: leg["source"] == "assistant")
    await stage.until(call, lambda leg: leg["source"] == "silence")


async def conversation(stage: Stage, conversation_id: str) -> dict[str, Any]:
    state = await stage.control("GET", "state")
    found: dict[str, Any] = next(known for known in state["conversations"] if known["id"] == conversation_id)
    return found


async def said(stage: Stage, conversation_id: str, role: str = "assistant") -> list[str]:
    """What was said by the assistant, or with another role by somebody else."""
    messages = (await conversation(stage, conversation_id))["messages"]
    return [message["content"] for message in messages if message["role"] == role and message["content"]]
