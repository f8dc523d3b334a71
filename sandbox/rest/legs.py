"""REST: the leg that a command names."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.calling.switchboard import Switchboard
from sandbox.model.legs import Leg
from sandbox.rest.door import ApiError, Body, action, body_of, invalid, not_found, state_of

OK: Body = {"data": {"result": "ok"}}

# What the platform documents, or needs itself, for a leg that its assistant runs on.
ALWAYS_TAKEN = frozenset(("ai_assistant_add_messages", "ai_assistant_stop", "hangup"))
# Seen live by third parties (2026): a supervising leg is told that it supports no commands.
SUPERVISORS_COMMANDS = frozenset(("hangup", "switch_supervisor_role"))

Command = Callable[[Leg, Body], Awaitable[Body]]


class LiveLegs:
    """Finds legs by their ids and refuses, in the platform's own words, those that cannot be commanded."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._calls = switchboard.calls
        self._platform = switchboard.platform

    def routes(self, commands: dict[str, Command]) -> list[web.RouteDef]:
        return [
            web.post("/v2/calls/{id}/actions/" + name, action(self._on_live_leg(name, command)))
            for name, command in commands.items()
        ]

    def _on_live_leg(self, name: str, command: Command) -> Callable[[web.Request], Awaitable[Body]]:
        async def checked(request: web.Request) -> Body:
            return await command(self.live(request.match_info["id"], name), body_of(request))

        return checked

    def live(self, call_control_id: str, command: str = "") -> Leg:
        leg = self.find(call_control_id)
        if leg.role == "anonymous" and command not in ALWAYS_TAKEN:
            if self._platform.anonymous_legs == "404":
                raise not_found("Call")
            if self._platform.anonymous_legs == "422":
                raise ApiError(422, "90018", "Call has already ended", "This call takes no commands.")
        if leg.arrives_from:
            leg = _arriving(leg.arrives_from, command)
        if leg.supervises and command not in SUPERVISORS_COMMANDS and self._platform.supervisor_commands == "refuse":
            raise invalid("Supervisor calls do not support commands.", parameter="call_control_id")
        if not leg.is_alive:
            raise ApiError(422, "90018", "Call has already ended", "This call is no longer active.")
        return leg

    def looked_up(self, call_control_id: str) -> Leg:
        """The leg whose status is asked for; an assistant's own may be unknown here as it is to commands."""
        leg = self.find(call_control_id)
        if leg.role == "anonymous" and self._platform.anonymous_legs == "404":
            raise not_found("Call")
        return leg

    def find(self, call_control_id: str) -> Leg:
        leg = self._calls.get(call_control_id)
        if leg is None:
            raise not_found("Call")
        return leg

    def answered(self, call_control_id: str) -> Leg:
        leg = self.live(call_control_id)
        require_answered(leg)
        return leg

    def require_joinable(self, leg: Leg) -> None:
        """Refuse, where the platform does, to join a leg on which an assistant runs."""
        if leg.run and self._platform.bridge_over_assistant == "refuse":
            raise ApiError(422, "90061", "AI Assistant is already in progress", "Stop the assistant first.")


def _arriving(leg: Leg, command: str) -> Leg:
    """A call that comes to a SIP connection is told of and takes no commands, but it is the same call.

    https://support.telnyx.com/en/articles/4351104-sip-connection-settings
    """
    if command == "answer":
        detail = "Call answer command cannot be issued for outbound calls."
        raise ApiError(422, "90102", "Command is invalid", detail)
    if command != "hangup":
        detail = "The call_control_id provided was not valid."
        raise ApiError(422, "90015", "Invalid Call Control ID", detail, parameter="call_control_id")
    return leg


def require_answered(leg: Leg) -> None:
    if not leg.is_answered:
        raise ApiError(422, "90034", "Call not answered yet", "This command needs an answered call.")


def remember_state(leg: Leg, body: Body) -> None:
    state = state_of(body)
    if state is not None:
        leg.client_state = state
