"""The prospect's side goes: their page says so, or is not there any more. No hand-over may wait for nobody."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from handoff.engine import transitions
from handoff.legs import connection
from handoff.machine import SETTLED_STATES, Fact
from handoff.models import Handoff
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.visits import visits

# The page answers every 8 s, and its own reconnecting takes a few seconds more.
PAGE_IS_GONE_AFTER = timedelta(seconds=45)
MOST_CALLS = 15
# A page that never opened its line to us: nobody sits in front of it whom one could wait for.
PAGE_NEVER_CAME_AFTER = timedelta(minutes=3)


@transaction.atomic
def leave(session_id: UUID, *, now: datetime) -> bool:
    """The page is going. A call that stands is ended by Telnyx's own events; without one, the visit ends here."""
    session = transitions.lock(session_id)
    if _is_carried(session):
        return False
    return end(session, reason="left_before_call" if session.call_control_id is None else "left", now=now)


def end_deserted(*, now: datetime, limit: int = 50) -> int:
    """End the visits that no leg carries and whose page is not there, or never was; returns how many."""
    return sum(_end_deserted(pk, now=now) for pk in list(_deserted(now).values_list("pk", flat=True)[:limit]))


def _deserted(now: datetime) -> QuerySet[VoiceSession]:
    living = CallLeg.objects.filter(session=OuterRef("pk"), role=CallLeg.Role.PROSPECT, ended_at=None)
    waits = Handoff.objects.filter(session=OuterRef("pk")).exclude(state__in=SETTLED_STATES)
    is_gone = Q(page_seen_at__lt=now - PAGE_IS_GONE_AFTER)
    never_came = Q(
        ~Exists(waits),
        page_seen_at=None,
        call_control_id__isnull=False,
        created_at__lt=now - PAGE_NEVER_CAME_AFTER,
    )
    return VoiceSession.objects.filter(is_gone | never_came, ~Exists(living), ended_at=None)


@transaction.atomic
def _end_deserted(session_id: UUID, *, now: datetime) -> bool:
    session = transitions.lock(session_id)
    # It may have come back, or been called, while we waited for the lock.
    return _deserted(now).filter(pk=session_id).exists() and end(session, reason="page_gone", now=now)


def _is_carried(session: VoiceSession) -> bool:
    """Whether a leg stands whose end will be told. One that the page is about to leave for another does not count."""
    if visits.is_rejoining(session):
        return False
    return session.current_leg is not None and session.current_leg.ended_at is None


def end(session: VoiceSession, *, reason: str, now: datetime) -> bool:
    """End a locked visit, and with it the hand-over that the prospect was in; False when it had ended before."""
    has_ended = visits.end(session, reason=reason, now=now)
    handoff = transitions.open_handoff(session)
    if handoff is not None:
        transitions.apply(handoff, Fact.PROSPECT_LEFT, now=now)
    return has_ended


def is_way_back(session: VoiceSession, leg: CallLeg) -> bool:
    """Whether a leg that never came up was to bring the prospect back into a hand-over that still waits for them.

    Their page tries again: its earlier leg may stand until then, and the visit ends with the page, or nobody is left.
    """
    return leg.answered_at is None and session.has_rejoined and transitions.open_handoff(session) is not None


def turn_away(session: VoiceSession, *, now: datetime) -> bool:
    """End a locked visit whose own call found no line free: its page says so, and asks for a number."""
    visits.meet_busy_lines(session)
    return end(session, reason="lines_busy", now=now)


def end_flood(session: VoiceSession, *, now: datetime) -> None:
    """End a locked visit whose page calls again and again: each call takes a leg of the account until it is ended.

    Its credential is deleted with it. A page that comes back as often as it may is far from that.
    """
    legs = CallLeg.objects.filter(session=session, role=CallLeg.Role.PROSPECT)
    if session.ended_at is not None or legs.count() <= MOST_CALLS:
        return
    for leg in legs.filter(ended_at=None):
        connection.hang_up(session, leg, now=now)
    end(session, reason="too_many_calls", now=now)


@transaction.atomic
def observe_end(session_id: UUID, *, reason: str, now: datetime) -> None:
    """End a visit that no event will end any more."""
    end(transitions.lock(session_id), reason=reason, now=now)
