"""REST: dialling, and the commands on one call."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import clock
from sandbox.api import ApiError, Body, action, body_of, invalid, not_found, seconds_of, text_of
from sandbox.assistant import REPEAT_AFTER_SECONDS, Brief
from sandbox.assistants import Assistants
from sandbox.bridging import Bridging
from sandbox.calls import Leg, SupervisorRole
from sandbox.platform import REFUSE
from sandbox.script import questions
from sandbox.supervision import Supervision
from sandbox.switchboard import CANCELLED, NORMAL, Order, Switchboard

OK: Body = {"data": {"result": "ok"}}
MAX_SPEECH = 3000
SUPERVISOR_ROLES: tuple[SupervisorRole, ...] = ("monitor", "whisper", "barge")
RING_SECONDS, TIME_LIMIT_SECONDS = 30.0, 14_400.0
# Voice names of `speak` that the AI commands do not know.
SPEAK_ONLY_VOICES = frozenset(("male", "female"))

Command = Callable[[Leg, Body], Awaitable[Body]]


class CallRoutes:
    def __init__(
        self, switchboard: Switchboard, bridging: Bridging, supervision: Supervision, assistants: Assistants
    ) -> None:
        self._switchboard = switchboard
        self._bridging = bridging
        self._supervision = supervision
        self._assistants = assistants

    def routes(self) -> list[web.RouteDef]:
        commands: dict[str, Command] = {
            "answer": self._answer,
            "hangup": self._hangup,
            "transfer": self._transfer,
            "bridge": self._bridge,
            "switch_supervisor_role": self._switch_role,
            "speak": self._speak,
            "gather_using_ai": self._gather,
            "ai_assistant_start": self._start_assistant,
            "ai_assistant_stop": self._stop_assistant,
            "ai_assistant_add_messages": self._add_messages,
        }
        return [
            web.post("/v2/calls", action(self._dial)),
            web.get("/v2/calls/{id}", action(self._status)),
            *(
                web.post("/v2/calls/{id}/actions/" + name, action(self._on_live_leg(command)))
                for name, command in commands.items()
            ),
        ]

    def _on_live_leg(self, command: Command) -> Callable[[web.Request], Awaitable[Body]]:
        async def checked(request: web.Request) -> Body:
            return await command(self._live(request.match_info["id"]), body_of(request))

        return checked

    def _live(self, call_control_id: str) -> Leg:
        leg = self._switchboard.calls.get(call_control_id)
        if leg is None:
            raise not_found("Call")
        if not leg.is_alive:
            raise ApiError(422, "90018", "Call has already ended", "This call is no longer active.")
        return leg

    async def _status(self, request: web.Request) -> Body:
        leg = self._switchboard.calls.get(request.match_info["id"])
        if leg is None:
            raise not_found("Call")
        return {"data": call_json(leg)}

    async def _dial(self, request: web.Request) -> Body:
        body = body_of(request)
        connection_id = text_of(body, "connection_id")
        if connection_id not in self._switchboard.config.known_connections:
            raise invalid("connection_id does not name a Call Control application of this account.")
        to = body.get("to")
        order = self._order({**body, "to": to[0] if isinstance(to, list) and to else to}, connection_id)
        linked, supervised = self._linked(body), self._supervised(body)
        leg = self._switchboard.dial(
            order, session_id=linked.call_session_id if linked else None, supervises=supervised
        )
        if linked and body.get("bridge_on_answer") is True:
            self._bridging.bridge_on_answer(leg, linked)
        # The platform always says false here: dialling has only begun.
        return {"data": {**call_json(leg), "is_alive": False}}

    def _linked(self, body: Body) -> Leg | None:
        link = body.get("link_to")
        return self._live(link) if isinstance(link, str) and link else None

    def _supervised(self, body: Body) -> Leg | None:
        watched = body.get("supervise_call_control_id")
        if not isinstance(watched, str) or not watched:
            return None
        if self._switchboard.platform.supervision == REFUSE:
            raise invalid("This call cannot be supervised.")
        leg = self._live(watched)
        _require_answered(leg)
        return leg

    def _order(self, body: Body, connection_id: str, *, from_: str = "", client_state: Any = None) -> Order:
        to = text_of(body, "to")
        caller = body.get("from") or from_
        if not caller:
            raise ApiError(422, "10004", "Missing required parameter", "The 'from' parameter is required.")
        return Order(
            to=to,
            from_=str(caller),
            connection_id=connection_id,
            from_display_name=str(body.get("from_display_name") or ""),
            custom_headers=_headers(body.get("custom_headers")),
            client_state=client_state or body.get("client_state"),
            timeout_seconds=seconds_of(body, "timeout_secs", RING_SECONDS),
            time_limit_seconds=seconds_of(body, "time_limit_secs", TIME_LIMIT_SECONDS),
            supervisor_role=_role(body.get("supervisor_role", "barge")),
        )

    async def _answer(self, leg: Leg, body: Body) -> Body:
        if not leg.is_incoming:
            raise invalid("Only an incoming call can be answered.")
        if leg.is_answered:
            raise ApiError(422, "90019", "Call already answered", "This call has been answered.")
        _remember_state(leg, body)
        await self._switchboard.answer(leg)
        return OK

    async def _hangup(self, leg: Leg, body: Body) -> Body:
        _remember_state(leg, body)
        ending = NORMAL if leg.is_answered or leg.is_incoming else CANCELLED
        await self._switchboard.hang_up(leg, ending, source="unknown")
        return OK

    async def _transfer(self, leg: Leg, body: Body) -> Body:
        _require_answered(leg)
        order = self._order(body, leg.connection_id, from_=leg.to, client_state=body.get("target_leg_client_state"))
        _remember_state(leg, body)
        self._bridging.transfer(leg, order, parks=_parks(body))
        return OK

    async def _bridge(self, leg: Leg, body: Body) -> Body:
        other = self._live(text_of(body, "call_control_id"))
        if other is leg:
            raise ApiError(422, "90015", "Invalid Call Control ID", "A call cannot be bridged with itself.")
        for one in (leg, other):
            _require_answered(one)
            if body.get("prevent_double_bridge") is True and one.peer:
                raise ApiError(422, "90015", "Call already bridged", "prevent_double_bridge refuses this.")
        _remember_state(leg, body)
        self._bridging.bridge(leg, other, parks=_parks(body))
        return OK

    async def _switch_role(self, leg: Leg, body: Body) -> Body:
        role = _role(text_of(body, "role"))
        if leg.supervises is None or self._switchboard.platform.role_switch == REFUSE:
            raise invalid("This call supervises no call whose supervisor may change roles.")
        self._supervision.switch(leg, role)
        return OK

    async def _speak(self, leg: Leg, body: Body) -> Body:
        _require_answered(leg)
        text = text_of(body, "payload")
        text_of(body, "voice")
        if len(text) > MAX_SPEECH:
            raise invalid(f"'payload' is longer than {MAX_SPEECH} characters.")
        state = body.get("client_state")
        heard = {"both": (leg, leg.peer), "opposite": (leg.peer,)}.get(str(body.get("target_legs")), (leg,))
        for one in heard:
            if one:
                self._switchboard.background(self._switchboard.speak(one, text, state))
        return OK

    async def _gather(self, leg: Leg, body: Body) -> Body:
        self._require_free(leg)
        parameters = body.get("parameters")
        properties = parameters.get("properties") if isinstance(parameters, dict) else None
        if not isinstance(properties, dict) or not properties:
            raise invalid("'parameters' must be a JSON schema with properties.")
        if body.get("voice") in SPEAK_ONLY_VOICES:
            raise ApiError(422, "90012", "Invalid voice", "This voice cannot be used here.")
        _remember_state(leg, body)
        timeout_ms = seconds_of(body, "user_response_timeout_ms", REPEAT_AFTER_SECONDS * 1000)
        brief = Brief(
            kind="gather",
            questions=questions(properties),
            greeting=_optional_text(body, "greeting"),
            closing=_optional_text(body, "gather_ended_speech"),
            assistant_id=str(_object(body, "assistant").get("id") or self._switchboard.config.assistant_id),
            sends_partial_results=body.get("send_partial_results") is True,
            sends_history=body.get("send_message_history_updates") is True,
            repeat_seconds=timeout_ms / 1000,
        )
        conversation = self._assistants.start(leg, brief, history=_messages(body, "message_history"))
        return {"data": {"result": "ok", "conversation_id": conversation.id}}

    async def _start_assistant(self, leg: Leg, body: Body) -> Body:
        self._require_free(leg)
        assistant_id = text_of(_object(body, "assistant"), "id")
        if assistant_id != self._switchboard.config.assistant_id:
            raise invalid("assistant.id does not name an assistant of this account.")
        _remember_state(leg, body)
        brief = self._assistants.assistant_brief(leg, assistant_id)
        given = {**body, **_object(body, "assistant")}
        brief.greeting = _optional_text(given, "greeting")
        brief.sends_history = body.get("send_message_history_updates") is True
        brief.variables.update(_object(given, "dynamic_variables"))
        conversation = self._assistants.start(leg, brief, history=_messages(body, "message_history"))
        return {"data": {"result": "ok", "conversation_id": conversation.id}}

    def _require_free(self, leg: Leg) -> None:
        _require_answered(leg)
        if leg.run:
            raise ApiError(422, "90061", "AI Assistant already running", "Stop the running assistant first.")

    async def _stop_assistant(self, leg: Leg, body: Body) -> Body:
        if leg.run is None:
            raise invalid("No AI assistant is running on this call.")
        _remember_state(leg, body)
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


def call_json(leg: Leg) -> Body:
    return {
        "record_type": "call",
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "is_alive": leg.is_alive,
        "client_state": leg.client_state,
        "call_duration": leg.duration_seconds,
        "start_time": clock.iso(leg.started_at),
        "end_time": clock.iso(leg.ended_at) if leg.ended_at else None,
    }


def _require_answered(leg: Leg) -> None:
    if not leg.is_answered:
        raise ApiError(422, "90034", "Call not answered yet", "This command needs an answered call.")


def _remember_state(leg: Leg, body: Body) -> None:
    state = body.get("client_state")
    if isinstance(state, str):
        leg.client_state = state


def _role(value: Any) -> SupervisorRole:
    for role in SUPERVISOR_ROLES:
        if value == role:
            return role
    raise ApiError(422, "10032", "Invalid enum value", f"The role is one of {', '.join(SUPERVISOR_ROLES)}.")


def _parks(body: Body) -> bool:
    return body.get("park_after_unbridge") == "self"


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _messages(body: Body, name: str) -> list[Body]:
    value = body.get(name)
    return [message for message in value if isinstance(message, dict)] if isinstance(value, list) else []


def _optional_text(body: Body, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def _headers(value: Any) -> tuple[tuple[str, str], ...]:
    entries = value if isinstance(value, list) else []
    return tuple(
        (str(entry["name"]), str(entry["value"]))
        for entry in entries
        if isinstance(entry, dict) and {"name", "value"} <= entry.keys()
    )
