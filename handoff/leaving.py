"""The prospect's side goes: their page says so, or is not there any more. No hand-over may wait for nobody."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from handoff import services
from handoff.machine import Fact
from sessions_app import services as sessions
from sessions_app.models import CallLeg, VoiceSession

# The page answers every 8 s, and its own reconnecting takes a few seconds more.
PAGE_IS_GONE_AFTER = timedelta(seconds=45)


@transaction.atomic
def leave(session_id: UUID, *, now: datetime) -> bool:
    """The page is going. A call that stands is ended by Telnyx's own events; without one, the visit ends here."""
    session = services.lock(session_id)
    if _is_carried(session):
        return False
    return end(session, reason="left_before_call" if session.call_control_id is None else "left", now=now)


def end_deserted(*, now: datetime, limit: int = 50) -> int:
    """End the visits that no leg carries and whose page has not answered for a while; returns how many."""
    living = CallLeg.objects.filter(session=OuterRef("pk"), role=CallLeg.Role.PROSPECT, ended_at=None)
    deserted = VoiceSession.objects.filter(
        ~Exists(living), ended_at=None, page_seen_at__isnull=False, page_seen_at__lt=now - PAGE_IS_GONE_AFTER
    )
    return sum(_end_deserted(pk, now=now) for pk in list(deserted.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _end_deserted(session_id: UUID, *, now: datetime) -> bool:
    session = services.lock(session_id)
    # It may have come back, or been called, while we waited for the lock.
    is_back = session.page_seen_at is not None and session.page_seen_at >= now - PAGE_IS_GONE_AFTER
    if is_back or session.legs.filter(role=CallLeg.Role.PROSPECT, ended_at=None).exists():
        return False
    return end(session, reason="page_gone", now=now)


def _is_carried(session: VoiceSession) -> bool:
    """Whether a leg stands whose end will be told. One that the page is about to leave for another does not count."""
    if sessions.is_rejoining(session):
        return False
    return CallLeg.objects.filter(call_control_id=session.call_control_id or "", ended_at=None).exists()


def end(session: VoiceSession, *, reason: str, now: datetime) -> bool:
    """End a locked visit, and with it the hand-over that the prospect was in; False when it had ended before."""
    has_ended = sessions.end(session, reason=reason, now=now)
    handoff = services.open_handoff(session)
    if handoff is not None:
        services.apply(handoff, Fact.PROSPECT_LEFT, now=now)
    return has_ended


@transaction.atomic
def observe_end(session_id: UUID, *, reason: str, now: datetime) -> None:
    """End a visit that no event will end any more."""
    end(services.lock(session_id), reason=reason, now=now)
