"""What is asked of Telnyx when the assistant gathers: one place for what is sent and what the administration shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from sessions_app.conversation import tool_catalogue
from sessions_app.models import WidgetConfig
from telephony.assistant import gather_body

GATHERED = "Thank you, that is all I need."
# Each call has its own.
OF_THE_CALL = {"command_id": "(one for each command)", "client_state": "(names the assistant's run)"}


def arguments(*, parameters: Mapping[str, Any], greeting: str, voice: str, instructions: str = "") -> dict[str, Any]:
    """As a command keeps it until it is sent.

    Everything that is asked is `required` there: a gather ends as soon as the required answers are known, and without
    any after the first one. What a closer needs to know is another matter, and stays with the questions.
    Source: https://github.com/team-telnyx/knowledge-base (wiki/runbooks, gather-using-ai.md; read 2026-11).
    """
    return {
        "parameters": {**parameters, "required": list(parameters.get("properties", {}))},
        "greeting": greeting,
        "voice": voice,
        "ended_speech": GATHERED,
        "instructions": instructions,
    }


def keywords(given: Mapping[str, Any], *, tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The kept arguments of a command as the client takes them.

    A gather has no assistant of the account behind it: its tools, webhooks all of them, come with the request.
    """
    instructions = {"instructions": given["instructions"]} if given.get("instructions") else {}
    return {
        "parameters": given["parameters"],
        "greeting": given["greeting"],
        "voice": given["voice"],
        "gather_ended_speech": given["ended_speech"],
        "assistant": {**instructions, "tools": [dict(tool) for tool in tools]},
        "message_history": given.get("history") or None,
    }


def preview(widget: WidgetConfig) -> dict[str, Any]:
    """The body of the request by which the assistant's first run begins."""
    kept = arguments(parameters=widget.gather_schema, greeting=widget.greeting, voice=widget.voice)
    return OF_THE_CALL | gather_body(**keywords(kept, tools=tools("(signed for each run)")))


def tools(ticket: str) -> list[dict[str, Any]]:
    """What a gather may use beside asking. Whether Telnyx signs these is not documented, so they bring a ticket."""
    every = tool_catalogue.as_webhooks(base=settings.PUBLIC_URL, questions={}, query=f"?ticket={ticket}")
    return [tool for tool in every if tool["webhook"]["name"] in tool_catalogue.OF_A_GATHER]
