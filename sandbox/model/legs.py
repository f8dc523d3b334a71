"""The truth model: legs, the signed-in browsers that hold them, and the conferences that they are in."""

import asyncio
import json
import logging
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from aiohttp import web

from sandbox.media.line import Line
from sandbox.model import clock
from sandbox.model.credentials import Credential

logger = logging.getLogger(__name__)

# `far_side` is a dialled leg once more, as the connection of the softphone sees it at which it arrives.
Role = Literal["prospect", "dialled", "transfer", "anonymous", "far_side"]
State = Literal["parked", "ringing", "answered", "bridged", "ended"]
SupervisorRole = Literal["monitor", "whisper", "barge"]
Headers = list[dict[str, str]]
# An assistant that everybody may call has a TeXML application of its own.
ASSISTANTS_OWN = "texml-"
CONFERENCE_LIFETIME = timedelta(hours=4)


def new_control_id() -> str:
    return "v3:" + secrets.token_urlsafe(48)


class LegRun(Protocol):
    """The AI that runs on a leg, as far as the leg knows it."""

    def type(self, text: str) -> None:
        """Take what the caller typed as a turn of its own."""

    def hand_over(self) -> None:
        """Make way for a human on this leg."""

    def cut_off(self) -> None:
        """The caller is gone."""


@dataclass(frozen=True)
class Override:
    """What a command says of the webhooks that follow: an address, others by type of event, and pauses by type."""

    url: str
    urls: Mapping[str, tuple[str, ...]]
    pauses: Mapping[str, tuple[float, ...]]


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
    run: LegRun | None = None
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
    webhooks: Override | None = None
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
class Session:
    """`credential` is None for a visitor who signed in anonymously to `assistant_id`."""

    credential: Credential | None = None
    assistant_id: str = ""
    conversation_id: str = ""
    sessid: str = field(default_factory=lambda: str(uuid.uuid4()))
    voice_sdk_id: str = field(default_factory=lambda: secrets.token_hex(16))
    call_report_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    socket: web.WebSocketResponse | None = None
    legs: dict[str, Leg] = field(default_factory=dict)
    registered_at: float = field(default_factory=time.monotonic)
    lost_at: float | None = None
    # Unix seconds; None for a login without end.
    expires_at: float | None = None
    expiry: asyncio.TimerHandle | None = None

    @property
    def is_registered(self) -> bool:
        return self.socket is not None and not self.socket.closed

    def is_same_client(self, other: "Session") -> bool:
        if self.credential or other.credential:
            return self.credential is other.credential
        return self.assistant_id == other.assistant_id

    def is_same_kind(self, other: "Session") -> bool:
        """Whether the other may take its place on its own socket: a login may be renewed with another credential."""
        return bool(self.credential) == bool(other.credential) and self.assistant_id == other.assistant_id

    def stop_expiry(self) -> None:
        if self.expiry:
            self.expiry.cancel()
            self.expiry = None

    async def request(self, method: str, params: dict[str, Any]) -> None:
        """Send a server frame; a lost socket is no error, the browser may come back."""
        await self._write({"id": str(uuid.uuid4()), "method": method, "params": params})

    async def reply(self, frame_id: Any, result: dict[str, Any]) -> None:
        await self._write({"id": frame_id, "result": result})

    async def _write(self, frame: dict[str, Any]) -> None:
        if not self.socket or self.socket.closed:
            return
        try:
            await self.socket.send_str(json.dumps({"jsonrpc": "2.0", **frame, "voice_sdk_id": self.voice_sdk_id}))
        except (ConnectionError, RuntimeError) as error:
            logger.info("session %s: frame not sent (%s)", self.sessid, type(error).__name__)


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
        """Why and by whom it ended is there once it has.

        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/conference.py
        """
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
