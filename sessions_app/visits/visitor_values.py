"""What the website says of its visitor and Telnyx of the call, as a session keeps it and others read it.

The only writer of both; `plain_values` has the rules.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.rules import plain_values
from sessions_app.rules.plain_values import PAGE, WIDGET, Row
from telephony.events import AssistantInitialization

# What Telnyx tells, as a closer reads it.
SYSTEM = {"channel": "Channel", "agent_target": "Reached at", "end_user_target": "Calls from"}
CHANNELS = {"phone_call": "Phone call", "web_call": "Web call", "sms_chat": "Text messages"}
# Of a login of ours, which is half a credential.
_LOGIN = "gencred"


def allowed(widget: WidgetConfig) -> tuple[str, ...]:
    """The variables that a website may pass: those of the widget's headers and of its further names."""
    names = [*(header["name"] for header in widget.custom_headers), *widget.value_names]
    return plain_values.allowed(names, reserved=_reserved())


def first(widget: WidgetConfig, passed: Mapping[str, Any], *, now: datetime) -> list[Row]:
    """What a visit begins with: the widget's own values, and what the page passes of its visitor."""
    names = allowed(widget)
    own = {header["name"]: header["value"] for header in widget.custom_headers}
    rows = plain_values.add([], plain_values.chosen(own, names=names), source=WIDGET, at=now, order=names)
    return plain_values.add(rows, plain_values.chosen(passed, names=names), source=PAGE, at=now, order=names)


def keep(session: VoiceSession, given: Mapping[str, Any], *, source: str, at: datetime) -> None:
    """Keep, on a locked session, what its call's headers or its assistant's variables say."""
    names = allowed(session.widget)
    values = plain_values.chosen(given, names=names)
    before = session.visitor_values
    rows = plain_values.add(before, values, source=source, at=at, order=names)
    if rows == before:
        return
    session.visitor_values = rows
    session.save(update_fields=["visitor_values"])
    known = plain_values.holding(before)
    _tell(session, [name for name, value in plain_values.holding(rows).items() if known.get(name) != value], at)


def keep_system(session: VoiceSession, event: AssistantInitialization) -> None:
    """Keep what Telnyx calls the ends of the assistant's conversation; of several runs the first one's word stays."""
    told = {
        "channel": plain_values.plain(event.channel),
        "agent_target": plain_values.plain(event.agent_target),
        "end_user_target": plain_values.plain(event.end_user_target),
        "assistant_id": event.assistant_id or "",
        "occurred_at": event.occurred_at.isoformat(),
    }
    before = session.system_variables
    if before and _order(before) <= _order(told):
        return
    session.system_variables = told
    session.save(update_fields=["system_variables"])
    _tell(session, [name for name in SYSTEM if told[name] and told[name] != before.get(name)], event.occurred_at)


def for_assistant(session: VoiceSession) -> dict[str, str]:
    """The visitor's values as dynamic variables, none of which is named like one of ours."""
    values = plain_values.holding(session.visitor_values)
    return {name: value for name, value in values.items() if not plain_values.is_ours(name, reserved=_reserved())}


def shown(session: VoiceSession) -> list[tuple[str, str]]:
    """The visitor's values to read: label and value, in the order in which the widget names them."""
    return [(plain_values.label(name), value) for name, value in plain_values.holding(session.visitor_values).items()]


def shown_system(session: VoiceSession) -> list[tuple[str, str]]:
    """The system variables to read, but for the time."""
    told = {name: session.system_variables.get(name, "") for name in SYSTEM}
    read = {name: _end(value) for name, value in told.items()}
    read["channel"] = CHANNELS.get(told["channel"], plain_values.label(told["channel"]))
    return [(SYSTEM[name], value) for name, value in read.items() if value]


def told_at(session: VoiceSession) -> datetime | None:
    """When Telnyx told the system variables."""
    at = session.system_variables.get("occurred_at")
    return datetime.fromisoformat(at) if at else None


def label(name: str) -> str:
    """How the name of a value, or of a system variable, reads to a closer."""
    return SYSTEM.get(name) or plain_values.label(name)


def _reserved() -> tuple[str, ...]:
    return (settings.TELNYX_TARGETS_VARIABLE,)


def _order(told: Mapping[str, str]) -> tuple[Any, ...]:
    return datetime.fromisoformat(told["occurred_at"]), sorted(told.items())


def _end(target: str) -> str:
    address = target.removeprefix("sip:")
    return "A browser" if address.startswith(_LOGIN) else address


def _tell(session: VoiceSession, names: list[str], at: datetime) -> None:
    """Names alone: a value may be personal."""
    if names:
        timeline.append(session, Kind.SESSION_DESCRIBED, {"names": names}, occurred_at=at)
