"""A truth of calls in this process: it carries commands out, keeps what really happened, and has mail to deliver.

Beside `tests.telnyx`, because a search needs what that leaves to each test: calls that live by themselves, and a count
of what was really done. It stands in the place of `sending.perform`, without HTTP, so that thousands of steps are
quick.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from handoff.commands.sending import Answer
from handoff.models import Command
from telephony.client import TelnyxError
from tests.telnyx import envelope

REMEMBERS = timedelta(seconds=60)
FAULTS = ("refused", "unavailable", "reply lost", "lines busy")
TOLD_TWICE = {"call.initiated", "call.answered", "call.bridged", "call.hangup"}


@dataclass(eq=False)
class Leg:
    connection_id: str
    mark: str | None = None
    call_control_id: str = field(default_factory=lambda: f"v3:{uuid.uuid4().hex}")
    call_leg_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    call_session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    is_answered: bool = False
    is_over: bool = False
    conversation: str | None = None
    transferred: "Leg | None" = None
    to: str = ""
    far_side: "Leg | None" = None

    @property
    def ids(self) -> dict[str, Any]:
        return {
            "call_control_id": self.call_control_id,
            "call_leg_id": self.call_leg_id,
            "call_session_id": self.call_session_id,
            "connection_id": self.connection_id,
            "client_state": self.mark,
            "to": self.to,
        }

    def at_softphone(self) -> "Leg":
        """It is told of twice: the softphone's end is a leg of our own connection."""
        user = self.to.removeprefix("sip:").partition("@")[0]
        self.far_side = Leg(settings.TELNYX_CONNECTION_ID, call_session_id=self.call_session_id, to=user)
        return self


class SmallTelnyx:
    """`joined` counts, by hand-over and attempt, how often two people were really brought together.

    `talked_over` names the commands that brought somebody onto a leg on which the assistant still spoke.
    """

    def __init__(self, now: Callable[[], datetime], *, stops: bool = True) -> None:
        self.now = now
        self.stops = stops
        self.talked_over: list[str] = []
        self.prospects: list[Leg] = []
        self.legs: dict[str, Leg] = {}
        self.by_far_side: dict[str, Leg] = {}
        self.mail: list[bytes] = []
        self.joined: Counter[tuple[Any, int | None]] = Counter()
        self.fault = ""
        self.is_registered = True
        self._remembered: dict[uuid.UUID, tuple[datetime, Answer]] = {}

    # --- what happens outside

    def call(self, ticket: str = "", *, credential: str = "somebody") -> Leg:
        leg = self._add(Leg(settings.TELNYX_CONNECTION_ID))
        self.prospects.append(leg)
        headers = [{"name": "X-Session-Ticket", "value": ticket}] if ticket else []
        told = {"from": f"{credential}@sip.telnyx.com", "to": "+61255501234", "custom_headers": headers}
        self._say(leg, "call.initiated", direction="outgoing", state="parked", **told)
        return leg

    def pick_up(self, leg: Leg) -> None:
        if leg.is_answered or leg.is_over:
            return
        leg.is_answered = True
        self._say(leg, "call.answered", state="answered")
        if leg.transferred is not None and not leg.transferred.is_over:
            self._say(leg, "call.bridged")
            self._say(leg.transferred, "call.bridged")

    def hang_up(self, leg: Leg, source: str = "caller", *, cause: str = "normal_clearing", status: str = "200") -> None:
        if leg.is_over:
            return
        leg.is_over = True
        if leg.conversation:
            reason = "customer_disconnect" if source == "caller" else "call_ended"
            self.end_conversation(leg, reason)
        self._say(leg, "call.hangup", hangup_cause=cause, hangup_source=source, sip_hangup_cause=status)

    def partial(self, leg: Leg, results: dict[str, str]) -> None:
        if leg.conversation:
            self._say(leg, "call.ai_gather.partial_results", partial_results=results, message_history=[])

    def gathered(self, leg: Leg, results: dict[str, str]) -> None:
        if leg.conversation:
            self._say(leg, "call.ai_gather.ended", status="valid", result=results, message_history=[])
            self.end_conversation(leg, "completed")

    def end_conversation(self, leg: Leg, reason: str) -> None:
        conversation, leg.conversation = leg.conversation, None
        self._say(leg, "call.conversation.ended", reason=reason, conversation_id=conversation, messages=[])

    # --- commands

    def perform(self, client: Any, command: Command) -> Answer:
        """In the place of `handoff.commands.sending.perform`."""
        fault, self.fault = self.fault, ""
        if fault == "refused":
            raise TelnyxError("refused", permanent=True, status=422, code="90018")
        if fault == "lines busy":
            raise TelnyxError("busy", permanent=True, status=403, code="90041", is_limit=True)
        if fault == "unavailable":
            raise TelnyxError("unavailable", status=500)
        answer = self._once(command)
        if fault == "reply lost":
            raise TelnyxError("lost", outcome_unknown=True)
        return answer

    def _once(self, command: Command) -> Answer:
        known = self._remembered.get(command.pk)
        if known and self.now() - known[0] < REMEMBERS:
            return known[1]
        answer = self._carry_out(command)
        self._remembered[command.pk] = (self.now(), answer)
        return answer

    def _carry_out(self, command: Command) -> Answer:
        call_control_id, given = command.call_control_id, command.arguments
        leg = self.legs.get(call_control_id) or self.by_far_side.get(call_control_id)
        if command.kind in {"dial", "listen"}:
            return Answer(self._dial(given["mark"], given["to"]))
        if command.kind == "look_up":
            return Answer({"is_alive": leg is not None and not leg.is_over})
        if command.kind == "look_up_line":
            return Answer({"is_registered": self.is_registered})
        if command.kind.startswith("fetch_"):
            return Answer({}, content=[])
        if leg is None or leg.is_over:
            raise TelnyxError("call gone", permanent=True, status=422, code="90018")
        return self._on_leg(command, leg)

    def _dial(self, mark: str, to: str) -> dict[str, str]:
        leg = self._add(Leg(settings.TELNYX_CALL_CONTROL_APP_ID, mark, to=to).at_softphone())
        self._say(leg, "call.initiated", direction="outgoing", state="bridging", custom_headers=[])
        return {name: leg.ids[name] for name in ("call_control_id", "call_leg_id", "call_session_id")}

    def _on_leg(self, command: Command, leg: Leg) -> Answer:
        kind, given = command.kind, command.arguments
        if kind == "answer":
            self.pick_up(leg)
        elif kind == "hang_up":
            self.hang_up(leg, source="callee")
        elif kind in {"start_gather", "start_assistant"}:
            leg.conversation, leg.mark = str(uuid.uuid4()), given["mark"]
            self._say(leg, "call.conversation.created", conversation_id=leg.conversation)
            return Answer({"conversation_id": leg.conversation})
        elif kind == "stop_assistant":
            if not (self.stops and leg.conversation):
                raise TelnyxError("refused", permanent=True, status=422, code="10015")
            self.end_conversation(leg, "stopped")
        elif kind == "speak":
            self._say(leg, "call.speak.ended", status="completed", mark=given["mark"])
        return self._join(command, leg)

    def _join(self, command: Command, leg: Leg) -> Answer:
        kind, given = command.kind, command.arguments
        if kind == "bridge":
            other = self.legs.get(given["other"])
            if other is None or other.is_over or not other.is_answered:
                raise TelnyxError("no such leg", permanent=True, status=422, code="90018")
            self._count(command)
            self._hear(command, leg)
            for one in (leg, other):
                self._say(one, "call.bridged")
        elif kind == "transfer":
            self._count(command)
            self._hear(command, leg)
            same = {"call_session_id": leg.call_session_id, "transferred": leg, "to": given["to"]}
            target = self._add(Leg(leg.connection_id, given["mark"], **same).at_softphone())
            self._say(target, "call.initiated", direction="outgoing", state="bridging", custom_headers=[])
        elif kind == "create_conference":
            self._count(command)
            self._hear(command, leg)
            return Answer({"conference_id": f"conf-{uuid.uuid4().hex}"})
        elif kind == "join_conference":
            self._say(leg, "conference.participant.joined", conference_id=given["conference_id"])
        return Answer()

    def _count(self, command: Command) -> None:
        self.joined[command.handoff_id, command.attempt_id] += 1

    def _hear(self, command: Command, leg: Leg) -> None:
        if leg.conversation:
            self.talked_over.append(command.key)

    # --- legs and mail

    def ringing(self) -> list[Leg]:
        """Closers' phones that ring, the newest last."""
        return [leg for leg in self.closers() if not (leg.is_answered or leg.is_over)]

    def closers(self) -> list[Leg]:
        return [leg for leg in self.legs.values() if leg not in self.prospects]

    def _add(self, leg: Leg) -> Leg:
        self.legs[leg.call_control_id] = leg
        if leg.far_side is not None:
            self.by_far_side[leg.far_side.call_control_id] = leg
        return leg

    def _say(self, leg: Leg, event_type: str, *, mark: str | None = None, **payload: Any) -> None:
        told = {**leg.ids, **({"client_state": mark} if mark else {}), **payload}
        self.mail.append(envelope(event_type, told, event_id=str(uuid.uuid4()), occurred_at=self.now()))
        if leg.far_side is not None and event_type in TOLD_TWICE:
            self._say(leg.far_side, event_type, **payload)
