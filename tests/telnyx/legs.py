"""What Telnyx says of a leg, and what its documents leave open of that."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.conf import settings

from tests.telnyx.webhooks import CALL_CONTROL, Webhooks


@dataclass(frozen=True)
class Platform:
    """What Telnyx's documents leave open of legs at browsers, by the sandbox's names; the usual reading is the default.

    That is the documented one, or the one seen live, or else the harder one.
    """

    parked_direction: str = "outgoing"
    parked_state: str | None = "parked"
    parked_from: str = "sip_uri"
    custom_headers: str = "name"
    far_side: str = "same_session"
    far_side_direction: str = "incoming"
    far_side_first: bool = False

    def without_proof(self) -> bool:
        """Whether nothing in the event of a page's call says whose it is."""
        return self.parked_from == "number" and self.custom_headers == "withheld"

    def spelt(self, headers: dict[str, str]) -> list[dict[str, str]]:
        prefix = {"name": "", "header_name": "header_"}.get(self.custom_headers)
        if prefix is None:
            return []
        return [{f"{prefix}name": name, f"{prefix}value": value} for name, value in headers.items()]


OTHERWISE: dict[str, tuple[Any, ...]] = {
    "parked_direction": ("incoming",),
    "parked_state": (None,),
    "parked_from": ("username", "number"),
    "custom_headers": ("header_name", "withheld"),
    "far_side": ("own_session", "silent"),
    "far_side_direction": ("outgoing",),
    "far_side_first": (True,),
}
USUAL = Platform()
CALLER_NUMBER = "+61255501234"
SIP = "sip.telnyx.com"


def alternatives(names: Iterable[str] = OTHERWISE) -> list[Platform]:
    """The usual platform, and for each choice the one that differs in it alone."""
    return [USUAL, *(replace(USUAL, **{name: value}) for name in names for value in OTHERWISE[name])]


def named(platform: Platform) -> str:
    others = [f"{name} {value}" for name in OTHERWISE if (value := getattr(platform, name)) != getattr(USUAL, name)]
    return ", ".join(others) or "usual"


@dataclass
class Leg:
    """One call leg as Telnyx names it; every method delivers what Telnyx would say of it.

    One without a `to` was placed by a page, whose credential is `username`. Of one that we dialled to a softphone
    Telnyx tells twice: its far side is a leg of our own connection.
    """

    webhooks: Webhooks
    connection_id: str
    call_control_id: str = field(default_factory=lambda: f"v3:{uuid.uuid4().hex}")
    call_leg_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    call_session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    client_state: str | None = None
    to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    username: str = "somebody"
    platform: Platform = USUAL

    @cached_property
    def far_side(self) -> "Leg | None":
        user = self.to.removeprefix("sip:").partition("@")[0]
        if not user.startswith("gencred") or self.platform.far_side == "silent":
            return None
        same = {"call_session_id": self.call_session_id} if self.platform.far_side == "same_session" else {}
        return Leg(self.webhooks, settings.TELNYX_CONNECTION_ID, to=user, platform=self.platform, **same)

    @property
    def reports(self) -> "list[Leg]":
        """This leg and its far side, in the order in which the platform tells of them."""
        legs = [leg for leg in (self, self.far_side) if leg is not None]
        return legs[::-1] if self.platform.far_side_first else legs

    def ends(self) -> dict[str, Any]:
        return {"from": CALLER_NUMBER, "to": self.to} if self.to else {}

    def ids(self) -> dict[str, Any]:
        return {
            "call_control_id": self.call_control_id,
            "call_leg_id": self.call_leg_id,
            "call_session_id": self.call_session_id,
            "connection_id": self.connection_id,
            "client_state": self.client_state,
        }

    def says(self, event_type: str, *, path: str = CALL_CONTROL, **payload: Any) -> Any:
        return self.webhooks.event(event_type, {**self.ids(), **payload}, path=path)

    def initiated(self, *, ticket: str = "", direction: str = "outgoing", from_: str = "") -> None:
        if not self.to and self.connection_id == settings.TELNYX_CONNECTION_ID:
            self.placed(ticket=ticket, username=from_ or self.username)
            return
        headers = self.platform.spelt(self.headers)
        for leg in self.reports:
            seen_from = direction if leg is self else self.platform.far_side_direction
            leg.says("call.initiated", direction=seen_from, state="bridging", custom_headers=headers, **leg.ends())

    def placed(self, *, ticket: str, username: str) -> None:
        """A page calls, and its call parks."""
        platform = self.platform
        caller = {"number": CALLER_NUMBER, "username": username}.get(platform.parked_from, f"{username}@{SIP}")
        ends = {"from": caller, "to": "61255501234", "to_sip_uri": f"61255501234@{SIP}"}
        if platform.parked_from == "sip_uri":
            ends["from_sip_uri"] = caller
        headers = platform.spelt({"X-Session-Ticket": ticket} if ticket else {})
        direction, state = platform.parked_direction, platform.parked_state
        self.says("call.initiated", direction=direction, state=state, custom_headers=headers, **ends)

    def answered(self) -> None:
        for leg in self.reports:
            leg.says("call.answered", state="answered", **leg.ends())

    def bridged(self) -> None:
        for leg in self.reports:
            leg.says("call.bridged", **leg.ends())

    def hung_up(self, *, source: str = "caller", cause: str = "normal_clearing", sip: str = "200") -> None:
        what = {"hangup_cause": cause, "hangup_source": source, "sip_hangup_cause": sip}
        for leg in self.reports:
            leg.says("call.hangup", **what, **leg.ends())

    def conversation_created(self, conversation_id: str) -> None:
        self.says("call.conversation.created", conversation_id=conversation_id)

    def partial(self, results: dict[str, Any], history: list[dict[str, str]] | None = None) -> None:
        self.says("call.ai_gather.partial_results", partial_results=results, message_history=history or [])

    def uses(self, tool: str, /, **arguments: Any) -> Any:
        """The assistant uses one of our tools as a webhook."""
        headers = {
            "authorization": f"Bearer {settings.MCP_SECRETS[0]}",
            "x-telnyx-call-control-id": self.call_control_id,
        }
        return self.webhooks.use_tool(tool, arguments, headers=headers)

    def ended_conversation(self, conversation_id: str = "", *, reason: str = "completed") -> None:
        ids = {"conversation_id": conversation_id} if conversation_id else {}
        self.says("call.conversation.ended", reason=reason, messages=[], **ids)

    def gathered(self, result: dict[str, Any], history: list[dict[str, str]] | None = None) -> None:
        self.says("call.ai_gather.ended", status="valid", result=result, message_history=history or [])
