"""The truth model: legs, their sessions and conferences, and who may be found by which id."""

import asyncio
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sandbox.media.line import Line
from sandbox.model import clock

if TYPE_CHECKING:
    from sandbox.assistant.run import Run
    from sandbox.model.sessions import Session
    from sandbox.outbound.receivers import Override

# `far_side` is a dialled leg once more, as the connection of the softphone sees it at which it arrives.
Role = Literal["prospect", "dialled", "transfer", "anonymous", "far_side"]
State = Literal["parked", "ringing", "answered", "bridged", "ended"]
SupervisorRole = Literal["monitor", "whisper", "barge"]
Headers = list[dict[str, str]]
# An assistant that everybody may call has a TeXML application of its own.
ASSISTANTS_OWN = "texml-"
KEPT_AFTER_END = timedelta(minutes=10)
CONFERENCE_LIFETIME = timedelta(hours=4)


def new_control_id() -> str:
    return "v3:" + secrets.token_urlsafe(48)


@dataclass(eq=False)
class Leg:
    role: Role
    state: State
    connection_id: str
    from_: str
    to: str
    call_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    call_control_id: str = field(default_factory=new_control_id)
    call_leg_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    call_session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    from_display_name: str = ""
    from_sip_uri: str = ""
    to_sip_uri: str = ""
    sip_username: str = ""
    sip_domain: str = ""
    client_state: str | None = None
    custom_headers: Headers = field(default_factory=list)
    session: "Session | None" = None
    offer: str = ""
    media: Line | None = None
    run: "Run | None" = None
    run_count: int = 0
    captured: dict[str, Any] = field(default_factory=dict)
    # Whoever is on it was told that a practice line hears that they speak and not what.
    knows_practice: bool = False
    peer: "Leg | None" = None
    ringing_for: "Leg | None" = None
    conference: "Conference | None" = None
    supervises: "Leg | None" = None
    supervisor_role: SupervisorRole = "barge"
    # A supervisor who hears nobody and is heard by nobody.
    is_cut_off: bool = False
    # Rung by the assistant's own tool, which makes way when the leg is joined.
    rung_by_assistant: bool = False
    # The same call as the softphone's connection sees it, and the other way round.
    far_side: "Leg | None" = None
    arrives_from: "Leg | None" = None
    webhooks: "Override | None" = None
    parks_after_unbridge: bool = False
    on_hold: bool = False
    timer: asyncio.TimerHandle | None = None
    time_limit_seconds: float = 14_400.0
    ring_seconds: float | None = None
    sip_region: str | None = None
    started_at: datetime = field(default_factory=clock.now)
    answered_at: datetime | None = None
    bridged_at: datetime | None = None
    ended_at: datetime | None = None
    hangup_cause: str | None = None

    @property
    def is_from_browser(self) -> bool:
        """Whether a browser placed it; the platform placed all others."""
        return self.role in ("prospect", "anonymous")

    @property
    def end(self) -> str:
        """Which end of the call this leg is, in the words of `hangup_source`."""
        return "caller" if self.is_from_browser else "callee"

    @property
    def is_alive(self) -> bool:
        return self.state != "ended"

    @property
    def is_answered(self) -> bool:
        return self.state in ("answered", "bridged")

    @property
    def duration_seconds(self) -> int:
        end = self.ended_at or clock.now()
        return int((end - self.answered_at).total_seconds()) if self.answered_at else 0


@dataclass(eq=False)
class Participant:
    leg: Leg
    muted: bool = False
    on_hold: bool = False
    ends_conference: bool = False
    soft_ends_conference: bool = False
    supervisor_role: str = "none"
    whispers_to: list[str] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    joined_at: datetime = field(default_factory=clock.now)


@dataclass(eq=False)
class Conference:
    name: str
    region: str | None
    connection_id: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: datetime = field(default_factory=clock.now)
    ended_at: datetime | None = None
    end_reason: str | None = None
    ended_by: dict[str, str] | None = None
    participants: dict[str, Participant] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Source: the SDK's `types/conference.py`; why and by whom it ended is there once it has."""
        ended = {"end_reason": self.end_reason, "ended_by": self.ended_by} if self.ended_at else {}
        return {
            "id": self.id,
            "record_type": "conference",
            "name": self.name,
            "region": self.region,
            "connection_id": self.connection_id,
            "status": "completed" if self.ended_at else "in_progress",
            **ended,
            "created_at": clock.iso(self.created_at),
            "updated_at": clock.iso(self.ended_at or clock.now()),
            "expires_at": clock.iso(self.created_at + CONFERENCE_LIFETIME),
        }

    def participant_json(self, participant: Participant) -> dict[str, Any]:
        return {
            "id": participant.id,
            "record_type": "participant",
            "call_control_id": participant.leg.call_control_id,
            "call_leg_id": participant.leg.call_leg_id,
            "conference": {"id": self.id, "name": self.name},
            "end_conference_on_exit": participant.ends_conference,
            "soft_end_conference_on_exit": participant.soft_ends_conference,
            "muted": participant.muted,
            "on_hold": participant.on_hold,
            "status": "joined",
            "whisper_call_control_ids": participant.whispers_to,
            "created_at": clock.iso(participant.joined_at),
            "updated_at": clock.iso(participant.joined_at),
        }


class Calls:
    """Every leg and conference that is alive or ended lately."""

    def __init__(self) -> None:
        self._legs: dict[str, Leg] = {}
        self._far_sides: dict[str, Leg] = {}
        self._conferences: dict[str, Conference] = {}
        self._ended: dict[str, float] = {}

    def add(self, leg: Leg) -> Leg:
        self._forget_old()
        self._legs[leg.call_control_id] = leg
        return leg

    def get(self, call_control_id: str) -> Leg | None:
        return self._legs.get(call_control_id) or self._far_sides.get(call_control_id)

    def add_far_side(self, leg: Leg) -> None:
        """Know it by its id; it is a second view of a leg, and no leg of its own among the others."""
        self._far_sides[leg.call_control_id] = leg

    def all(self) -> list[Leg]:
        return list(self._legs.values())

    def alive(self) -> list[Leg]:
        return [leg for leg in self._legs.values() if leg.is_alive]

    def ended(self, leg: Leg) -> None:
        self._ended[leg.call_control_id] = time.monotonic()

    def add_conference(self, conference: Conference) -> None:
        self._conferences[conference.id] = conference

    def conference(self, conference_id: str) -> Conference | None:
        return self._conferences.get(conference_id)

    def conferences(self) -> list[Conference]:
        return list(self._conferences.values())

    def clear(self) -> None:
        self._legs.clear()
        self._far_sides.clear()
        self._conferences.clear()
        self._ended.clear()

    def _forget_old(self) -> None:
        limit = time.monotonic() - KEPT_AFTER_END.total_seconds()
        for call_control_id in [key for key, at in self._ended.items() if at < limit]:
            forgotten = self._legs.pop(call_control_id, None)
            if forgotten and forgotten.far_side:
                self._far_sides.pop(forgotten.far_side.call_control_id, None)
            del self._ended[call_control_id]
