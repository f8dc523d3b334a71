"""The truth model: legs, their sessions and conferences, and who may be found by which id."""

import asyncio
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sandbox import clock
from sandbox.line import Line

if TYPE_CHECKING:
    from sandbox.assistant import Run
    from sandbox.sessions import Session

Role = Literal["prospect", "dialled", "transfer", "anonymous"]
State = Literal["parked", "ringing", "answered", "bridged", "ended"]
SupervisorRole = Literal["monitor", "whisper", "barge"]
Headers = list[dict[str, str]]
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
    peer: "Leg | None" = None
    ringing_for: "Leg | None" = None
    conference: "Conference | None" = None
    supervises: "Leg | None" = None
    supervisor_role: SupervisorRole = "barge"
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
    def is_incoming(self) -> bool:
        return self.role in ("prospect", "anonymous")

    @property
    def end(self) -> str:
        """Which end of the call this leg is, in the words of `hangup_source`."""
        return "caller" if self.is_incoming else "callee"

    @property
    def is_alive(self) -> bool:
        return self.state != "ended"

    @property
    def is_answered(self) -> bool:
        return self.state in ("answered", "bridged")

    @property
    def own_address(self) -> str:
        return f"{self.sip_username}@{self.sip_domain}"

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
    participants: dict[str, Participant] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "record_type": "conference",
            "name": self.name,
            "region": self.region,
            "connection_id": self.connection_id,
            "status": "completed" if self.ended_at else "in_progress",
            "end_reason": self.end_reason,
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
        self._conferences: dict[str, Conference] = {}
        self._ended: dict[str, float] = {}

    def add(self, leg: Leg) -> Leg:
        self._forget_old()
        self._legs[leg.call_control_id] = leg
        return leg

    def get(self, call_control_id: str) -> Leg | None:
        return self._legs.get(call_control_id)

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
        self._conferences.clear()
        self._ended.clear()

    def _forget_old(self) -> None:
        limit = time.monotonic() - KEPT_AFTER_END.total_seconds()
        for call_control_id in [key for key, at in self._ended.items() if at < limit]:
            self._legs.pop(call_control_id, None)
            del self._ended[call_control_id]
