"""Who could take a call right now, as rows tell it."""

from datetime import datetime

from handoff.assignment import Candidate
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer

BUSY_STATES = (State.ACCEPTED, State.BRIDGING, State.CONNECTED, State.DROPPED, State.WRAP_UP)

_PROOFS = {
    "softphone_registered": "softphone",
    "microphone_granted": "microphone",
    "sound_unlocked": "sound",
}


def missing(closer: Closer) -> tuple[str, ...]:
    """What still has to be proven before this closer may be rung."""
    lacking = [name for attribute, name in _PROOFS.items() if not getattr(closer, attribute)]
    if not closer.sip_username and "softphone" not in lacking:
        lacking.insert(0, "softphone")
    return tuple(lacking)


def candidates(team_id: int, *, now: datetime) -> list[Candidate]:
    closers = list(Closer.objects.filter(team_id=team_id, user__is_active=True))
    busy = busy_closers(closers)
    return [
        Candidate(
            closer_id=closer.pk,
            is_available=closer.is_available,
            is_alive=closer.is_alive(now),
            is_busy=closer.pk in busy,
            missing=missing(closer),
            idle_since=max(filter(None, (closer.last_call_ended_at, closer.available_since)), default=None),
        )
        for closer in closers
    ]


def busy_closers(closers: list[Closer]) -> set[int]:
    """Those whose dashboard rings, who talk, or who still write their notes."""
    ringing = Offer.objects.filter(closer__in=closers, state=Offer.State.RINGING)
    talking = Handoff.objects.filter(closer__in=closers, state__in=BUSY_STATES)
    ids = {offer.closer_id for offer in ringing} | {handoff.closer_id for handoff in talking}
    return {closer_id for closer_id in ids if closer_id is not None}
