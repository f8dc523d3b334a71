"""REST: the commands that start, brief and stop the AI on one call."""

from aiohttp import web

from sandbox.account_kinds import ASSISTANTS
from sandbox.api import ApiError, Body, invalid, optional_text, seconds_of, text_of
from sandbox.api_legs import OK, LiveLegs, remember_state, require_answered
from sandbox.assistants import Assistants
from sandbox.brief import REPEAT_AFTER_SECONDS, Brief
from sandbox.calls import Leg
from sandbox.orders import NORMAL
from sandbox.script import questions
from sandbox.switchboard import Switchboard

# Voice names of `speak` that the AI commands do not know.
SPEAK_ONLY_VOICES = frozenset(("male", "female"))


class AssistantRoutes:
    def __init__(self, switchboard: Switchboard, assistants: Assistants) -> None:
        self._switchboard = switchboard
        self._assistants = assistants

    def routes(self) -> list[web.RouteDef]:
        return LiveLegs(self._switchboard).routes(
            {
                "gather_using_ai": self._gather,
                "ai_assistant_start": self._start_assistant,
                "ai_assistant_stop": self._stop_assistant,
                "ai_assistant_add_messages": self._add_messages,
            }
        )

    async def _gather(self, leg: Leg, body: Body) -> Body:
        self._require_free(leg)
        parameters = body.get("parameters")
        properties = parameters.get("properties") if isinstance(parameters, dict) else None
        if not isinstance(properties, dict) or not properties:
            raise invalid("'parameters' must be a JSON schema with properties.")
        if body.get("voice") in SPEAK_ONLY_VOICES:
            raise ApiError(422, "90012", "Invalid voice", "This voice cannot be used here.")
        remember_state(leg, body)
        timeout_ms = seconds_of(body, "user_response_timeout_ms", REPEAT_AFTER_SECONDS * 1000)
        brief = Brief(
            kind="gather",
            questions=questions(properties),
            instructions=optional_text(_object(body, "assistant"), "instructions"),
            greeting=optional_text(body, "greeting"),
            history=_messages(body, "message_history"),
            closing=optional_text(body, "gather_ended_speech"),
            assistant_id=str(_object(body, "assistant").get("id") or self._switchboard.config.assistant_id),
            sends_partial_results=body.get("send_partial_results") is True,
            sends_history=body.get("send_message_history_updates") is True,
            repeat_seconds=timeout_ms / 1000,
        )
        conversation = self._assistants.start(leg, brief)
        return {"data": {"result": "ok", "conversation_id": conversation.id}}

    async def _start_assistant(self, leg: Leg, body: Body) -> Body:
        self._require_free(leg)
        assistant_id = text_of(_object(body, "assistant"), "id")
        if self._switchboard.account.get(ASSISTANTS, assistant_id) is None:
            raise invalid("assistant.id does not name an assistant of this account.")
        remember_state(leg, body)
        brief = self._assistants.assistant_brief(leg, assistant_id)
        given = {**body, **_object(body, "assistant")}
        brief.instructions = optional_text(given, "instructions")
        brief.greeting = optional_text(given, "greeting")
        brief.history = _messages(body, "message_history")
        brief.sends_history = body.get("send_message_history_updates") is True
        brief.variables.update(_object(given, "dynamic_variables"))
        conversation = self._assistants.start(leg, brief)
        return {"data": {"result": "ok", "conversation_id": conversation.id}}

    def _require_free(self, leg: Leg) -> None:
        require_answered(leg)
        if leg.run:
            raise ApiError(422, "90061", "AI Assistant already running", "Stop the running assistant first.")

    async def _stop_assistant(self, leg: Leg, body: Body) -> Body:
        if leg.run is None:
            raise invalid("No AI assistant is running on this call.")
        remember_state(leg, body)
        leg.run.stop("assistant_stopped")
        if leg.role == "anonymous":
            await self._switchboard.hang_up(leg, NORMAL, source="callee")
        return OK

    async def _add_messages(self, leg: Leg, body: Body) -> Body:
        if leg.run is None:
            raise invalid("No AI assistant is running on this call.")
        for message in _messages(body, "messages"):
            text = str(message.get("content") or "")
            if message.get("role") == "user":
                leg.run.type(text)
            else:
                leg.run.add(str(message.get("role")), text)
        return OK


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _messages(body: Body, name: str) -> list[Body]:
    value = body.get(name)
    return [message for message in value if isinstance(message, dict)] if isinstance(value, list) else []
