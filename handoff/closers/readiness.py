"""Who could take a call right now, as rows tell it."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Value

from handoff.closers.candidate import Candidate
from handoff.machine import BUSY_STATES, TALKING_STATES
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import VoiceSession

PROOFS = {
    "softphone_registered": "softphone",
    "microphone_granted": "microphone",
    "sound_unlocked": "sound",
}


@dataclass(frozen=True)
class Load:
    """What some closers have in hand."""

    ringing: frozenset[int]
    talking: frozenset[int]
    unfinished: Counter[int]

    def is_full(self, closer: Closer) -> bool:
        """Whose dashboard rings, who talks, or who still writes notes on as many calls as they may have."""
        return closer.pk in self.ringing | self.talking or self.unfinished[closer.pk] >= closer.capacity


IDLE = Load(ringing=frozenset(), talking=frozenset(), unfinished=Counter())


def missing(closer: Closer) -> tuple[str, ...]:
    """What still has to be proven before this closer may be rung."""
    if closer.reached_by != Closer.ReachedBy.SOFTPHONE:  # They answer on a phone of their own.
        return () if closer.address else ("address",)
    lacking = [name for attribute, name in PROOFS.items() if not getattr(closer, attribute)]
    if (not closer.sip_username or closer.is_line_lost) and "softphone" not in lacking:
        lacking.insert(0, "softphone")
    return tuple(lacking)


def team(team_id: int) -> list[Closer]:
    return list(Closer.objects.filter(team_id=team_id, user__is_active=True).select_related("user"))


def load(closers: Collection[Closer]) -> Load:
    """In one statement, for it is asked at every search and before every ring."""
    rings = Offer.objects.filter(closer__in=closers, state=Offer.State.RINGING)
    busy = Handoff.objects.filter(attempt__closer__in=closers, state__in=BUSY_STATES)
    found = list(
        rings.values_list("closer_id", Value("")).union(busy.values_list("attempt__closer_id", "state"), all=True)
    )
    held = [(closer_id, state) for closer_id, state in found if state]
    return Load(
        ringing=frozenset(closer_id for closer_id, state in found if not state),
        talking=frozenset(closer_id for closer_id, state in held if state in TALKING_STATES),
        unfinished=Counter(closer_id for closer_id, _ in held),
    )


def candidates(closers: Collection[Closer], *, held: Load | None = None, now: datetime) -> list[Candidate]:
    """The closers as the routing sees them; `held` is what they have in hand, looked up where it is not given."""
    held = held or load(closers)
    return [
        Candidate(
            closer_id=closer.pk,
            is_available=closer.is_available,
            is_alive=closer.is_alive(now),
            is_busy=held.is_full(closer),
            missing=missing(closer),
            idle_since=max(filter(None, (closer.last_call_ended_at, closer.available_since)), default=None),
            skills=skills(closer.skills),
            has_missed=closer.missed_at is not None,
        )
        for closer in closers
    ]


def skills(names: Collection[str]) -> frozenset[str]:
    """Skills as they are compared: “Solar ” is “solar”."""
    return frozenset(name.strip().lower() for name in names if name.strip())


def spoken_with(session: VoiceSession) -> set[int]:
    """The closers who have talked with this prospect: in this visit, in the one called back, or in an earlier one.

    An earlier visit is known by the e-mail address or the number that the prospect gave; nothing but the order of
    rings depends on it.
    """
    same = Q(session=session)
    if session.previous_id:
        same |= Q(session_id=session.previous_id)
    if session.prospect is not None:
        same |= Q(session__prospect=session.prospect)
        if session.prospect.email:
            same |= Q(session__prospect__email__iexact=session.prospect.email)
        if session.prospect.phone:
            same |= Q(session__prospect__phone=session.prospect.phone)
    talks = Handoff.objects.filter(same, session__team_id=session.team_id, connected_at__isnull=False)
    return set(Closer.objects.filter(pk__in=talks.values("attempt__closer")).values_list("pk", flat=True))
