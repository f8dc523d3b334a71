"""REST: dialling, and the commands that ring, join and end calls."""

from typing import Any

from aiohttp import web

from sandbox.assistant.starting import Assistants
from sandbox.calling.bridging import Bridging
from sandbox.calling.supervision import Supervision
from sandbox.calling.switchboard import Switchboard
from sandbox.model import clock
from sandbox.model.legs import Leg, SupervisorRole
from sandbox.model.orders import CANCELLED, NORMAL, Order
from sandbox.rest.assistant import assistant_of
from sandbox.rest.door import (
    ApiError,
    Body,
    action,
    body_of,
    invalid,
    missing,
    not_one_of,
    optional_text,
    seconds_of,
    state_of,
    text_of,
)
from sandbox.rest.legs import OK, Command, LiveLegs, remember_state, require_answered
from sandbox.rest.overrides import override_of
from sandbox.rest.screening import Screening

# https://developers.telnyx.com/docs/overview/errors/90010
MAX_SPEECH = 5000
BAD_APPLICATION = "Invalid value for connection_id (Call Control App ID)"
ONLY_APPLICATIONS = "Only Call Control applications with a valid webhook URL are accepted."
SIP_REGIONS = ("US", "Europe", "Canada", "Australia", "Middle East")
SUPERVISOR_ROLES: tuple[SupervisorRole, ...] = ("monitor", "whisper", "barge")
RING_SECONDS, TIME_LIMIT_SECONDS = 30.0, 14_400.0


class CallRoutes:
    def __init__(
        self, switchboard: Switchboard, bridging: Bridging, supervision: Supervision, assistants: Assistants
    ) -> None:
        self._switchboard = switchboard
        self._screening = Screening(switchboard.account, switchboard.destinations)
        self._assistants = assistants
        self._bridging = bridging
        self._supervision = supervision
        self._legs = LiveLegs(switchboard)

    def routes(self) -> list[web.RouteDef]:
        commands: dict[str, Command] = {
            "answer": self.answer,
            "hangup": self.hangup,
            "transfer": self.transfer,
            "bridge": self.bridge,
            "switch_supervisor_role": self.switch_role,
            "speak": self.speak,
        }
        return [
            web.post("/v2/calls", action(self.dial)),
            web.get("/v2/calls/{id}", action(self.status)),
            *self._legs.routes(commands),
        ]

    async def status(self, request: web.Request) -> Body:
        return {"data": call_json(self._legs.looked_up(request.match_info["id"]))}

    async def dial(self, request: web.Request) -> Body:
        body = body_of(request)
        connection_id = text_of(body, "connection_id")
        if not self._switchboard.account.can_dial(connection_id):
            raise ApiError(422, "10015", BAD_APPLICATION, ONLY_APPLICATIONS, parameter="connection_id")
        to = body.get("to")
        order = self._order({**body, "to": to[0] if isinstance(to, list) and to else to}, connection_id)
        link = body.get("link_to")
        linked = self._legs.live(link) if isinstance(link, str) and link else None
        supervised = self._supervised(body)
        self._require_room(connection_id)
        leg = self._switchboard.dial(
            order, session_id=linked.call_session_id if linked else None, supervises=supervised
        )
        if linked and body.get("bridge_on_answer") is True:
            self._bridging.bridge_on_answer(leg, linked)
        # The platform always says false here: dialling has only begun.
        return {"data": {**call_json(leg), "is_alive": False}}

    def _supervised(self, body: Body) -> Leg | None:
        watched = body.get("supervise_call_control_id")
        if not isinstance(watched, str) or not watched:
            return None
        if self._switchboard.platform.supervision == "refuse":
            raise invalid("This call cannot be supervised.", parameter="supervise_call_control_id")
        leg = self._legs.live(watched)
        require_answered(leg)
        return leg

    def _order(self, body: Body, connection_id: str, *, from_: str = "", client_state: str | None = None) -> Order:
        to, caller = text_of(body, "to"), str(body.get("from") or from_)
        if not caller:
            raise missing("from")
        self._screening.require(to=to, caller=caller, connection_id=connection_id)
        region = optional_text(body, "sip_region")
        if region not in (None, *SIP_REGIONS):
            raise not_one_of(SIP_REGIONS, parameter="sip_region")
        return Order(
            to=to,
            from_=caller,
            connection_id=connection_id,
            from_display_name=str(body.get("from_display_name") or ""),
            custom_headers=_headers(body.get("custom_headers")),
            client_state=client_state or state_of(body),
            timeout_seconds=seconds_of(body, "timeout_secs", RING_SECONDS),
            time_limit_seconds=seconds_of(body, "time_limit_secs", TIME_LIMIT_SECONDS),
            sip_region=region,
            supervisor_role=_role(body.get("supervisor_role", "barge"), "supervisor_role"),
            webhooks=override_of(body),
        )

    def _require_room(self, connection_id: str) -> None:
        """Refuse a call too many, unless it is its leg that tells."""
        switchboard = self._switchboard
        shortage = switchboard.capacity.shortage(connection_id)
        if shortage and switchboard.account.limits.told_by == "request":
            raise ApiError(403, shortage.code, shortage.title, shortage.words)

    async def answer(self, leg: Leg, body: Body) -> Body:
        if not leg.is_from_browser or leg.is_answered:
            # Also what was seen live of a call that is up. https://developers.telnyx.com/docs/overview/errors/90102
            detail = "Call answer command cannot be issued for outbound calls."
            raise ApiError(422, "90102", "Command is invalid", detail)
        override = override_of(body)
        brief = assistant_of(self._assistants, leg, body) if "assistant" in body else None
        remember_state(leg, body)
        leg.webhooks = override or leg.webhooks
        await self._switchboard.answer(leg)
        if brief:
            self._assistants.start_answered(leg, brief)
        return OK

    async def hangup(self, leg: Leg, body: Body) -> Body:
        remember_state(leg, body)
        ending = NORMAL if leg.is_answered or leg.is_from_browser else CANCELLED
        await self._switchboard.hang_up(leg, ending, source="unknown")
        return OK

    async def transfer(self, leg: Leg, body: Body) -> Body:
        require_answered(leg)
        self._legs.require_joinable(leg)
        target_state = state_of(body, "target_leg_client_state")
        order = self._order(body, leg.connection_id, from_=leg.to, client_state=target_state)
        self._require_room(leg.connection_id)
        remember_state(leg, body)
        self._bridging.transfer(leg, order, parks=_parks(body))
        return OK

    async def bridge(self, leg: Leg, body: Body) -> Body:
        other = self._legs.live(text_of(body, "call_control_id"))
        if other is leg:
            detail = "A call cannot be bridged with itself."
            raise ApiError(422, "90015", "Invalid Call Control ID", detail, parameter="call_control_id")
        for one in (leg, other):
            require_answered(one)
            self._legs.require_joinable(one)
            if body.get("prevent_double_bridge") is True and one.peer:
                raise ApiError(422, "90015", "Call already bridged", "prevent_double_bridge refuses this.")
        remember_state(leg, body)
        self._bridging.bridge(leg, other, parks=_parks(body))
        return OK

    async def switch_role(self, leg: Leg, body: Body) -> Body:
        role = _role(text_of(body, "role"), "role")
        if leg.supervises is None or self._switchboard.platform.role_switch == "refuse":
            raise invalid("This call supervises no call whose supervisor may change roles.")
        self._supervision.switch(leg, role)
        return OK

    async def speak(self, leg: Leg, body: Body) -> Body:
        require_answered(leg)
        text = text_of(body, "payload")
        text_of(body, "voice")
        if len(text) > MAX_SPEECH:
            raise ApiError(422, "90010", "Invalid value for payload", parameter="payload")
        state = state_of(body)
        heard = {"both": (leg, leg.peer), "opposite": (leg.peer,)}.get(str(body.get("target_legs")), (leg,))
        for one in heard:
            if one:
                self._switchboard.background(self._switchboard.speak(one, text, state))
        return OK


def call_json(leg: Leg) -> Body:
    """The end is there once there is one.

    Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/call_retrieve_status_response.py
    """
    ended = {"end_time": clock.iso(leg.ended_at)} if leg.ended_at else {}
    stated = {"client_state": leg.client_state} if leg.client_state is not None else {}
    return {
        "record_type": "call",
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "is_alive": leg.is_alive,
        "call_duration": leg.duration_seconds,
        "start_time": clock.iso(leg.started_at),
        **stated,
        **ended,
    }


def _role(value: Any, parameter: str) -> SupervisorRole:
    for role in SUPERVISOR_ROLES:
        if value == role:
            return role
    raise not_one_of(SUPERVISOR_ROLES, parameter=parameter)


def _parks(body: Body) -> bool:
    return body.get("park_after_unbridge") == "self"


def _headers(value: Any) -> tuple[tuple[str, str], ...]:
    entries = value if isinstance(value, list) else []
    return tuple(
        (str(entry["name"]), str(entry["value"]))
        for entry in entries
        if isinstance(entry, dict) and {"name", "value"} <= entry.keys()
    )
