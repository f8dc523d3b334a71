"""What only one closer sees: the call offered to them and the call they are on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from dashboard.render import presenters, rings
from dashboard.render.isolation import isolated
from handoff import selectors as handoffs
from handoff.selectors import Closer, Handoff, Offer

WHY_OVER = {
    "declined": "You declined the call.",
    "expired": "The ring ran out before you answered.",
    "withdrawn": "The prospect left.",
}


# Later it would only make every desk differ from the one before.
MEASURED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Own:
    desk: dict[str, Any]
    ring: dict[str, Any] | None
    over: dict[str, Any] | None


def nothing() -> Own:
    """What a closer has who is neither rung nor on a call."""
    return Own(desk=empty_desk() | {"ring": None}, ring=None, over=None)


def read(closer: Closer, now: datetime, ringing: dict[str, Any] | None) -> Own:
    """The closer's call and ring now; `over` ends the ring that the page still shows."""
    ring = rings.ring(closer, now)
    over = None
    if ringing and (ring is None or ring["offer"] != ringing["offer"]):
        over = _over(ringing, closer)
    # A page that was away learns from the desk that its ring is over.
    own = desk(closer) | {"ring": ring["offer"] if ring else None}
    if own["handoff"] is None:
        own["told"] = _told(closer, now)
    return Own(desk=own, ring=ring, over=over)


def desk(closer: Closer) -> dict[str, Any]:
    """The closer's own calls: what the softphone may answer, and the cards with notes and actions."""
    return _desk(handoffs.active_handoffs(closer), must_register=handoffs.must_register(closer))


def _told(closer: Closer, now: datetime) -> str:
    """What became of the call that has just left this closer for want of a line."""
    handoff = handoffs.without_line(closer, now)
    return "" if handoff is None else presenters.NO_LINE.get(handoff.trigger, presenters.NO_LINE[""])


@cache
def empty_desk() -> dict[str, Any]:
    """The desk of a closer without a call, for which nothing need be read."""
    return _desk([], must_register=False)


def _desk(active: Sequence[Handoff], *, must_register: bool) -> dict[str, Any]:
    calls = [_call(handoff) for handoff in active]
    context = {"calls": calls, "dispositions": presenters.DISPOSITIONS}
    first = active[0] if active else None
    return {
        "type": "desk",
        "handoff": str(first.pk) if first else None,
        "session": str(first.session_id) if first else None,
        "state": str(first.state) if first else None,
        "joined_ms": _joined_ms(first),
        "standby": bool(calls and calls[0]["is_standby"]),
        "register": must_register,
        "says": presenters.desk_says(calls[0]) if calls else "",
        "fragments": [{"target": "desk", "html": render_to_string("dashboard/_desk.html", context)}],
    }


def _joined_ms(handoff: Handoff | None) -> int | None:
    """How long ago the two lines were joined, for the page that measures what follows; an age, for clocks differ."""
    if handoff is None or handoff.state != "connected" or handoff.connected_at is None:
        return None
    age = timezone.now() - handoff.connected_at
    return max(0, round(age.total_seconds() * 1000)) if age < MEASURED_WITHIN else None


def _call(handoff: Handoff) -> dict[str, Any]:
    closer = handoff.closer
    return {
        "handoff": handoff,
        "name": presenters.prospect_name(handoff.session),
        "is_standby": handoffs.is_standby(handoff),
        "is_listening": handoffs.is_listening(handoff),
        "can_hand_back": handoff.state == "connected",
        "own_phone": "" if closer is None or closer.reached_by == "softphone" else closer.address,
    }


def _over(ring: dict[str, Any], closer: Closer) -> dict[str, Any]:
    """The end of a ring; `is_own` when this closer answered it, perhaps in another tab."""
    offer = handoffs.offer_of(closer, ring["offer"])
    is_own = offer is not None and offer.state in {"accepted", "declined"}
    return {"type": "ring_over", "offer": ring["offer"], "text": _why_over(offer), "is_own": is_own}


def _why_over(offer: Offer | None) -> str:
    if offer is None:
        return "The call is gone."
    if offer.state == "accepted":
        return "You took the call."
    taker = handoffs.taker_instead(offer)
    if taker is not None:
        return f"Taken by {isolated(taker.display_name)}."
    if offer.state == "withdrawn" and not offer.handoff.session.ended_at:
        return "The call is gone."
    return WHY_OVER.get(offer.state, "The call is gone.")
