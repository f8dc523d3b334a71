"""What Telnyx reports, as frozen dataclasses.

Absent texts are "", absent ids and numbers None. Texts that came from people stay out of `repr`, so that
logging an event logs ids only. Every string is safe to store: no NUL, no lone surrogate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telephony import sip


@dataclass(frozen=True, slots=True)
class CallIds:
    """Everything by which Telnyx may name a call in an event; any of them may be missing."""

    call_control_id: str | None = None
    call_leg_id: str | None = None
    call_session_id: str | None = None
    connection_id: str | None = None
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool use by the assistant; `arguments` is the decoded JSON, or the text that was not JSON."""

    id: str | None
    name: str
    arguments: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. `role` is user, assistant, tool, system or developer."""

    role: str
    content: str = field(repr=False)
    at: datetime | None = None
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class InsightResult:
    """One answer of an insight template; `result` is decoded when Telnyx sent it as a JSON string."""

    insight_id: str | None
    name: str
    result: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One verified delivery. `id` is the same on every retry; order by `occurred_at`, never by arrival.

    `client_state` is the Base64 text given to a command for this leg, or one that the platform set itself. `from_` and
    `to` are the ends of the call where the event names them: a number, a SIP address or a bare user name.
    """

    id: str
    type: str
    occurred_at: datetime
    ids: CallIds
    client_state: str | None = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    from_: str = field(default="", repr=False, kw_only=True)
    to: str = field(default="", repr=False, kw_only=True)

    @property
    def called(self) -> frozenset[str]:
        """The SIP users, or the number, at whose end the call arrives."""
        return sip.users(self.to)


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event type that this product does not use, or does not know yet."""


@dataclass(frozen=True, slots=True)
class CallInitiated(Event):
    """A leg exists.

    `direction` is incoming or outgoing and `state` parked, bridging or "", but neither says who placed the call: of
    one that a browser places Telnyx's own demos read outgoing, other programs incoming. A caller number that the
    browser gives replaces both `from_` and `from_sip_uri`. `custom_headers` were set by the caller's own browser or
    phone: display text, never proof of identity.
    Source: https://github.com/team-telnyx/telnyx-demo-contact-center (read 2026-11); `sip_username` seen live by third
    parties (2026).
    """

    direction: str
    state: str
    from_sip_uri: str = field(repr=False)
    to_sip_uri: str = field(repr=False)
    sip_username: str = field(repr=False)
    custom_headers: Mapping[str, str] = field(repr=False)

    @property
    def called(self) -> frozenset[str]:
        return sip.users(self.to, self.to_sip_uri)

    @property
    def calling(self) -> tuple[str, ...]:
        """The SIP users who may have placed the call, the surest first: a page can set all but `sip_username`."""
        named = (sip.user(address) for address in (self.sip_username, self.from_sip_uri, self.from_))
        return tuple(dict.fromkeys(filter(None, named)))


@dataclass(frozen=True, slots=True)
class CallAnswered(Event):
    """The leg was answered."""


@dataclass(frozen=True, slots=True)
class CallBridged(Event):
    """The leg's audio is joined with another one; sent once per leg."""


@dataclass(frozen=True, slots=True)
class CallHangup(Event):
    """The leg is over.

    `cause` is call_rejected, normal_clearing, originator_cancel, timeout, time_limit, user_busy, not_found, no_answer
    or unspecified; `source` caller, callee or unknown; `sip_cause` a SIP status as text or unspecified. `code` is
    Telnyx's own, such as D1, where the event names one: no document says that it does.
    `quality` holds Telnyx's call_quality_stats, all figures as text.
    """

    cause: str
    source: str
    sip_cause: str
    code: str
    quality: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpeakEnded(Event):
    """A spoken announcement ended."""


@dataclass(frozen=True, slots=True)
class ConversationCreated(Event):
    """The assistant's conversation has an id; its greeting need not have begun."""


@dataclass(frozen=True, slots=True)
class ConversationStartFailed(Event):
    """The assistant could not start, and no ConversationEnded follows. `reason`: invalid_request or service_error."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConversationEnded(Event):
    """The assistant is done, also when the caller hung up: it does not prove that the leg is alive."""

    reason: str
    messages: tuple[Message, ...]
    duration_seconds: int | None


@dataclass(frozen=True, slots=True)
class GatherPartialResults(Event):
    """What the assistant has gathered so far."""

    results: Mapping[str, Any] = field(repr=False)
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class GatherEnded(Event):
    """The gathering is over; `status` is valid or invalid."""

    status: str
    result: Mapping[str, Any] = field(repr=False)
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class MessageHistoryUpdated(Event):
    """The whole conversation up to now."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class InsightsGenerated(Event):
    """Insights of a finished conversation; `status` is completed, or pending when results are still to come."""

    group_id: str | None
    results: tuple[InsightResult, ...]
    status: str


@dataclass(frozen=True, slots=True)
class AssistantInitialization(Event):
    """An assistant asks for its dynamic variables and waits about a second.

    `variables` are the other plain values in the payload; the visitor may have set them, so they are display text.
    """

    assistant_id: str | None
    channel: str
    agent_target: str = field(repr=False)
    end_user_target: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConferenceEvent(Event):
    """Something happened in a conference; `ids` name the leg that it is about."""

    conference_id: str | None


@dataclass(frozen=True, slots=True)
class ConferenceCreated(ConferenceEvent):
    """The conference exists."""


@dataclass(frozen=True, slots=True)
class ConferenceParticipantJoined(ConferenceEvent):
    """A leg is in the conference."""


@dataclass(frozen=True, slots=True)
class ConferenceParticipantLeft(ConferenceEvent):
    """A leg has left the conference."""


@dataclass(frozen=True, slots=True)
class ConferenceEnded(ConferenceEvent):
    """The conference is over."""


@dataclass(frozen=True, slots=True)
class CallStatusCallback(Event):
    """A form-encoded status callback of a TeXML call (the assistant's own web and phone calls).

    `status` is initiated, ringing, in-progress, completed, no-answer, busy, failed or canceled.
    """

    status: str
    hangup_cause: str
    hangup_source: str
    duration_seconds: int | None
    quality: Mapping[str, Any]
