"""What commands give back, as frozen dataclasses read from Telnyx's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strict_json import identifier, instant, text, whole

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Credential:
    """A fresh SIP login; the password is shown only once, at creation."""

    id: str
    username: str
    password: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def read(cls, data: Data, *, requested_expiry: datetime) -> "Credential | None":
        """Return the credential, or None when the answer lacks a part of the login."""
        found, username, password = (identifier(data.get(name)) for name in ("id", "sip_username", "sip_password"))
        if found is None or username is None or password is None:
            return None
        expires_at = instant(data.get("expires_at")) or requested_expiry
        return cls(id=found, username=username, password=password, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class CredentialSummary:
    """A credential as a list shows it."""

    id: str
    name: str
    username: str
    expires_at: datetime | None

    @classmethod
    def read(cls, data: Data) -> "CredentialSummary":
        """Return the summary of one list entry."""
        return cls(
            id=text(data.get("id")),
            name=text(data.get("name")),
            username=text(data.get("sip_username")),
            expires_at=instant(data.get("expires_at")),
        )


@dataclass(frozen=True, slots=True)
class DialledLeg:
    """The ids of a leg that is about to ring."""

    call_control_id: str
    call_leg_id: str
    call_session_id: str

    @classmethod
    def read(cls, data: Data) -> "DialledLeg | None":
        """Return the leg, or None when the answer does not name it."""
        call_control_id = identifier(data.get("call_control_id"))
        if call_control_id is None:
            return None
        return cls(
            call_control_id=call_control_id,
            call_leg_id=text(data.get("call_leg_id")),
            call_session_id=text(data.get("call_session_id")),
        )


@dataclass(frozen=True, slots=True)
class CallStatus:
    """Whether a leg lives; Telnyx remembers an ended one for ten minutes, after that everything else is None.

    Source: https://developers.telnyx.com/api-reference/call-information/retrieve-a-call-status
    """

    is_alive: bool
    call_leg_id: str | None = None
    call_session_id: str | None = None
    duration_seconds: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    is_known: bool = True

    @classmethod
    def read(cls, data: Data) -> "CallStatus | None":
        """Return the status, or None when the answer does not say whether the leg lives."""
        is_alive = data.get("is_alive")
        if not isinstance(is_alive, bool):
            return None
        return cls(
            is_alive=is_alive,
            call_leg_id=identifier(data.get("call_leg_id")),
            call_session_id=identifier(data.get("call_session_id")),
            duration_seconds=whole(data.get("call_duration")),
            started_at=instant(data.get("start_time")),
            ended_at=instant(data.get("end_time")),
        )
