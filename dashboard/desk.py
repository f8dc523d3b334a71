"""What only one closer sees: the call offered to them and the call they are on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import fragments, snapshot
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
    return Own(desk=fragments.empty_desk() | {"ring": None}, ring=None, over=None)


def read(closer: Any, now: datetime, ringing: dict[str, Any] | None) -> Own:
    """The closer's call and ring now; `over` ends the ring that the page still shows."""
    ring = fragments.ring(closer, now)
    over = None
    if ringing and (ring is None or ring["offer"] != ringing["offer"]):
        over = {"type": "ring_over", "offer": ringing["offer"], "text": _why_over(ringing, closer)}
    # A page that was away learns from the desk that its ring is over.
    desk = fragments.desk(closer) | {"ring": ring["offer"] if ring else None}
    return Own(desk=desk, ring=ring, over=over)


def _why_over(ring: dict[str, Any], closer: Any) -> str:
    session = snapshot.find(closer.team, ring["session"])
    handoff = handoffs.current_handoff(session) if session else None
    offer = handoff.offers.filter(pk=ring["offer"]).first() if handoff else None
    if handoff is None or offer is None:
        return "The call is gone."
    if offer.state == "accepted":
        return "You took the call."
    if handoff.closer is not None and handoff.closer != closer:
        return f"Taken by {handoff.closer.display_name}."
    return WHY_OVER.get(offer.state, "The call is gone.")
