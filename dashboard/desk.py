"""What only one closer sees: the call offered to them and the call they are on."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.template.loader import render_to_string

from dashboard import presenters, rings
from handoff import selectors as handoffs

WHY_OVER = {
    "declined": "You declined the call.",
    "expired": "The ring ran out before you answered.",
    "withdrawn": "The prospect left.",
}


@dataclass(frozen=True)
class Own:
    desk: dict[str, Any]
    ring: dict[str, Any] | None
    over: dict[str, Any] | None


def nothing() -> Own:
    """What a closer has who is neither rung nor on a call."""
    return Own(desk=empty_desk() | {"ring": None}, ring=None, over=None)


def read(closer: Any, now: datetime, ringing: dict[str, Any] | None) -> Own:
    """The closer's call and ring now; `over` ends the ring that the page still shows."""
    ring = rings.ring(closer, now)
    over = None
    if ringing and (ring is None or ring["offer"] != ringing["offer"]):
        over = {"type": "ring_over", "offer": ringing["offer"], "text": _why_over(ringing, closer)}
    # A page that was away learns from the desk that its ring is over.
    own = desk(closer) | {"ring": ring["offer"] if ring else None}
    return Own(desk=own, ring=ring, over=over)


def desk(closer: Any) -> dict[str, Any]:
    """The closer's own call: what the softphone may answer, and the card with notes and actions."""
    return _desk(handoffs.active_handoff(closer))


@cache
def empty_desk() -> dict[str, Any]:
    """The desk of a closer without a call, for which nothing need be read."""
    return _desk(None)


def _desk(handoff: Any) -> dict[str, Any]:
    context: dict[str, Any] = {"handoff": handoff}
    if handoff:
        context |= {"session": handoff.session, "name": presenters.prospect_name(handoff.session)}
        context |= {"dispositions": presenters.DISPOSITIONS}
    return {
        "type": "desk",
        "handoff": str(handoff.pk) if handoff else None,
        "session": str(handoff.session_id) if handoff else None,
        "state": str(handoff.state) if handoff else None,
        "fragments": [{"target": "desk", "html": render_to_string("dashboard/_desk.html", context)}],
    }


def _why_over(ring: dict[str, Any], closer: Any) -> str:
    offer = handoffs.offer_of(closer, ring["offer"])
    if offer is None:
        return "The call is gone."
    if offer.state == "accepted":
        return "You took the call."
    taker = handoffs.taker_instead(offer)
    if taker is not None:
        return f"Taken by {taker.display_name}."
    if offer.state == "withdrawn" and not offer.handoff.session.ended_at:
        return "The call is gone."
    return WHY_OVER.get(offer.state, "The call is gone.")
