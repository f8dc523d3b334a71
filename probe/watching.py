"""The deliveries at our own doors that belong to a probe, told apart from all others by their legs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max

from sessions_app.models import WebhookDelivery
from strict_json import Unreadable, decode, mapping, objects, text

MOST_HELD = 2_000
# A row may be committed after one that has a higher number: so many back it is looked for once more.
LATE_ROWS = 100


@dataclass(eq=False)
class Leg:
    """A leg of the probe's. `role` says who is at its end; `ids` are all by which Telnyx may name it."""

    role: str
    call_control_id: str
    call_leg_id: str = ""
    call_session_id: str = ""
    conversation_id: str = ""
    is_over: bool = False


@dataclass
class Expected:
    """How a leg that Telnyx is about to tell of is known: by what was sent along, by its login, by the page's word."""

    role: str
    nonce: str = ""
    username: str = ""
    call_control_id: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    pk: int
    door: str
    event_type: str
    received_at: datetime
    call_control_id: str
    call_session_id: str
    conversation_id: str
    payload: dict[str, Any] = field(repr=False)


class Watch:
    def __init__(self) -> None:
        self._last: int = WebhookDelivery.objects.aggregate(last=Max("pk"))["last"] or 0
        # Rows that were there before are nobody's business here.
        before = WebhookDelivery.objects.filter(pk__gt=self._last - LATE_ROWS)
        self._seen = set(before.values_list("pk", flat=True))
        self._held: list[Delivery] = []
        self.legs: list[Leg] = []
        self.usernames: dict[str, str] = {}
        self.taken: list[int] = []

    def add(self, leg: Leg) -> Leg:
        self.legs.append(leg)
        return leg

    def leg(self, call_control_id: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.call_control_id == call_control_id), None)

    def expected(self, expected: Expected) -> Leg | None:
        """Find the leg that was told of by now; of several kinds of proof the first that fits."""
        self._read()
        fresh = [
            one for one in self._held if one.event_type == "call.initiated" and self.leg(one.call_control_id) is None
        ]
        tests = (
            lambda one: expected.call_control_id and one.call_control_id == expected.call_control_id,
            lambda one: expected.nonce and expected.nonce in _header_values(one.payload),
            lambda one: expected.username and expected.username in _names(one.payload) and not self._far(one),
        )
        found = next((one for test in tests for one in fresh if test(one)), None) or self._only(fresh, expected)
        return self.add(_leg(expected.role, found.payload)) if found else None

    def _only(self, fresh: list[Delivery], expected: Expected) -> Delivery | None:
        """Where nothing names a call, it is ours if it is the only new one on our connection that nobody expects."""
        ours = [
            one
            for one in fresh
            if text(one.payload.get("connection_id")) == settings.TELNYX_CONNECTION_ID
            and not self._far(one)
            and (expected.since is None or one.received_at >= expected.since)
        ]
        return ours[0] if len(ours) == 1 else None

    def fresh(self) -> Iterator[tuple[Delivery, Leg]]:
        """Return what is new of our legs, in the order in which it came."""
        self._read()
        for one in tuple(self._held):
            leg = self.leg(one.call_control_id) or self._adopted(one)
            if leg is None:
                continue
            self._held.remove(one)
            self.taken.append(one.pk)
            leg.call_leg_id = leg.call_leg_id or text(one.payload.get("call_leg_id"))
            leg.call_session_id = leg.call_session_id or one.call_session_id
            leg.conversation_id = leg.conversation_id or one.conversation_id
            leg.is_over = leg.is_over or one.event_type == "call.hangup"
            yield one, leg

    def _adopted(self, one: Delivery) -> Leg | None:
        """A leg that arrives at a softphone of ours, or stands in a call session of ours, is seen from the far side."""
        ids = {one.call_session_id, one.conversation_id} - {""}
        sharing = next((leg for leg in self.legs if ids & {leg.call_session_id, leg.conversation_id}), None)
        if not one.call_control_id:
            return sharing
        is_ours = self._far(one) or (sharing is not None and one.event_type == "call.initiated")
        return self.add(_leg("far", one.payload)) if is_ours else None

    def _far(self, one: Delivery) -> bool:
        to = text(one.payload.get("to")) + text(one.payload.get("to_sip_uri"))
        return any(username in to for username in self.usernames)

    def _read(self) -> None:
        rows = WebhookDelivery.objects.filter(pk__gt=self._last - LATE_ROWS, session=None)
        self._seen = {pk for pk in self._seen if pk > self._last - LATE_ROWS}
        for row in rows.exclude(pk__in=self._seen).order_by("pk")[:200]:
            self._last = max(self._last, row.pk)
            self._seen.add(row.pk)
            ids = (row.call_control_id, row.call_session_id, row.conversation_id)
            told = _payload(bytes(row.body))
            self._held.append(Delivery(row.pk, row.door, row.event_type, row.received_at, *ids, payload=told))
        del self._held[:-MOST_HELD]


def _payload(body: bytes) -> dict[str, Any]:
    try:
        told = mapping(decode(body.decode()))
    except (UnicodeDecodeError, Unreadable):
        return {}  # A form-encoded status callback: only its type counts.
    data = mapping(told.get("data")) or told
    return mapping(data.get("payload")) or data


def _leg(role: str, payload: dict[str, Any]) -> Leg:
    leg = Leg(role, text(payload.get("call_control_id")))
    leg.call_leg_id, leg.call_session_id = text(payload.get("call_leg_id")), text(payload.get("call_session_id"))
    return leg


def _names(payload: dict[str, Any]) -> str:
    return " ".join(text(payload.get(name)) for name in ("from", "from_sip_uri", "sip_username"))


def _header_values(payload: dict[str, Any]) -> set[str]:
    headers = objects(payload.get("custom_headers"))
    return {text(header.get(name)) for header in headers for name in ("value", "header_value")}
