"""REST: the commands that start, brief and stop the AI on one call."""

from typing import Any

from aiohttp import web

from sandbox.assistant import toolbox
from sandbox.assistant.brief import REPEAT_AFTER_SECONDS, Brief
from sandbox.assistant.questions import questions
from sandbox.assistant.run import Run, run_on
from sandbox.assistant.starting import Assistants
from sandbox.calling.switchboard import Switchboard
from sandbox.model.legs import Leg
from sandbox.model.orders import NORMAL
from sandbox.rest.door import ApiError, Body, invalid, optional_text, seconds_of, text_of
from sandbox.rest.legs import OK, LiveLegs, remember_state, require_answered

# Voice names of `speak` that the AI commands do not know.
SPEAK_ONLY_VOICES = frozenset(("male", "female"))
# What a gather takes: nothing of a configured assistant.
# https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/ai/assistant_param.py
GATHER_SETTINGS = frozenset(("instructions", "model", "openai_api_key_ref", "tools"))
GATHER_TOOLS = frozenset(("webhook", "hangup", "transfer", "retrieval", "book_appointment", "check_availability"))


class AssistantRoutes:
    def __init__(self, switchboard: Switchboard, assistants: Assistants) -> None:
        self._switchboard = switchboard
        self._assistants = assistants

    def routes(self) -> list[web.RouteDef]:
        return LiveLegs(self._switchboard).routes(
            {
                "gather_using_ai": self.gather,
                "ai_assistant_start": self.start_assistant,
                "ai_assistant_stop": self.stop_assistant,
                "ai_assistant_add_messages": self.add_messages,
            }
        )

    async def gather(self, leg: Leg, body: Body) -> Body:
        self._require_free(leg)
        parameters = _object(body, "parameters")
        properties = parameters.get("properties")
        if not isinstance(properties, dict) or not properties:
            raise invalid("'parameters' must be a JSON schema with properties.", parameter="parameters")
        if body.get("voice") in SPEAK_ONLY_VOICES:
            raise invalid("This voice cannot be used here.", parameter="voice")
        settings = _gather_settings(body)
        remember_state(leg, body)
        timeout_ms = seconds_of(body, "user_response_timeout_ms", REPEAT_AFTER_SECONDS * 1000)
        is_proven = self._switchboard.platform.gather_tool_proof == "signed"
        brief = Brief(
            kind="gather",
            questions=questions(properties),
            required=tuple(name for name in _list(parameters, "required") if isinstance(name, str)),
            instructions=optional_text(settings, "instructions"),
            greeting=optional_text(body, "greeting") or "",
            history=_messages(body, "message_history"),
            closing=optional_text(body, "gather_ended_speech") or "",
            toolbox=toolbox.from_definitions(_messages(settings, "tools"), is_proven=is_proven),
            sends_partial_results=body.get("send_partial_results") is True,
            sends_history=body.get("send_message_history_updates") is True,
            repeat_seconds=timeout_ms / 1000,
        )
        conversation = self._assistants.start(leg, brief)
        return {"data": {"result": "ok", "conversation_id": conversation.id}}

    async def start_assistant(self, leg: Leg, body: Body) -> Body:
        self._require_free(leg)
        sends_history = body.get("send_message_history_updates") is True
        brief = assistant_of(self._assistants, leg, body, sends_history=sends_history)
        brief.greeting = optional_text(body, "greeting") if "greeting" in body else brief.greeting
        brief.history = _messages(body, "message_history")
        remember_state(leg, body)
        conversation = self._assistants.start(leg, brief)
        return {"data": {"result": "ok", "conversation_id": conversation.id}}

    def _require_free(self, leg: Leg) -> None:
        require_answered(leg)
        if leg.run:
            detail = "An AI assistant, or a gather using AI, is in progress on this call."
            raise ApiError(422, "90061", "AI Assistant is already in progress", detail)

    async def stop_assistant(self, leg: Leg, body: Body) -> Body:
        run = self._running(leg, "gather_stop", "assistant_stop")
        remember_state(leg, body)
        run.stop("assistant_stopped")
        if leg.role == "anonymous":
            await self._switchboard.hang_up(leg, NORMAL, source="callee")
        return OK

    async def add_messages(self, leg: Leg, body: Body) -> Body:
        """A text is answered at once only with `trigger_response`.

        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/calls/action_add_ai_assistant_messages_params.py
        """
        run = self._running(leg, "gather_steering")
        for message in _messages(body, "messages"):
            role, text = str(message.get("role")), str(message.get("content") or "")
            if role == "user" and body.get("trigger_response") is True:
                run.type(text)
            else:
                run.dialogue.add(role, text)
        return OK

    def _running(self, leg: Leg, of_gather: str, of_assistant: str = "") -> Run:
        """Return what runs; what the platform does not do to a run of this kind is refused as if there were none."""
        run = run_on(leg)
        choice = of_gather if run and run.is_gather else of_assistant
        if run is None or (choice and getattr(self._switchboard.platform, choice) == "refuse"):
            raise invalid("No AI assistant is engaged on this call.")
        return run


def assistant_of(assistants: Assistants, leg: Leg, body: Body, *, sends_history: bool = False) -> Brief:
    """Read the `assistant` of a command that starts, answers or dials: its id, and what this call overrides."""
    given = _object(body, "assistant")
    brief = assistants.assistant_brief(leg, text_of(given, "id"), given, sends_history=sends_history)
    if brief is None:
        raise invalid("assistant.id does not name an assistant of this account.", parameter="assistant.id")
    return brief


def _gather_settings(body: Body) -> Body:
    settings = _object(body, "assistant")
    for name in settings:
        if name not in GATHER_SETTINGS:
            raise invalid(f"'assistant.{name}' is not a setting of a gather.", parameter=f"assistant.{name}")
    for position, tool in enumerate(_list(settings, "tools")):
        if not isinstance(tool, dict) or tool.get("type") not in GATHER_TOOLS:
            raise invalid("A gather cannot use a tool of this type.", parameter=f"assistant.tools.{position}.type")
    return settings


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _list(body: Body, name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _messages(body: Body, name: str) -> list[Body]:
    return [message for message in _list(body, name) if isinstance(message, dict)]
