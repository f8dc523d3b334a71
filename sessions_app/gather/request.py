"""What is asked of Telnyx when the assistant gathers: one place for what is sent and what the administration shows."""

from collections.abc import Mapping
from typing import Any

from sessions_app.models import WidgetConfig
from telephony.assistant import gather_body

GATHERED = "Thank you, that is all I need."
# Each call has its own.
OF_THE_CALL = {"command_id": "(one for each command)", "client_state": "(names the assistant's run)"}


def arguments(*, parameters: Mapping[str, Any], greeting: str, voice: str, instructions: str = "") -> dict[str, Any]:
    """As a command keeps it until it is sent."""
    return {
        "parameters": parameters,
        "greeting": greeting,
        "voice": voice,
        "ended_speech": GATHERED,
        "instructions": instructions,
    }


def keywords(given: Mapping[str, Any]) -> dict[str, Any]:
    """The kept arguments of a command as the client takes them."""
    return {
        "parameters": given["parameters"],
        "greeting": given["greeting"],
        "voice": given["voice"],
        "gather_ended_speech": given["ended_speech"],
        "assistant": {"instructions": given["instructions"]} if given.get("instructions") else None,
        "message_history": given.get("history") or None,
    }


def preview(widget: WidgetConfig) -> dict[str, Any]:
    """The body of the request by which the assistant's first run begins."""
    kept = arguments(parameters=widget.gather_schema, greeting=widget.greeting, voice=widget.voice)
    return OF_THE_CALL | gather_body(**keywords(kept))
