"""What pages and sockets read of hand-overs."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from handoff import readiness
from handoff.machine import State
from handoff.models import CallbackPromise, Closer, Handoff, Offer
from sessions_app.models import Team, VoiceSession


@dataclass(frozen=True)
class RosterEntry:
    """One closer on the roster; `missing` says what keeps them from being rung."""

    closer: Closer
    status: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Measures:
    """Durations of one hand-over in milliseconds; None where the step was not reached."""

    trigger_to_offer_ms: int | None
    offer_to_accept_ms: int | None
    accept_to_command_ms: int | None
    accept_to_connected_ms: int | None
    trigger_to_connected_ms: int | None
    talk_ms: int | None


def closer_of(user: AbstractBaseUser | AnonymousUser) -> Closer | None:
    """The closer that a logged-in, active user is."""
    if user.pk is None:
        return None
    return Closer.objects.select_related("team", "user").filter(user_id=user.pk, user__is_active=True).first()


def roster(team: Team, now: datetime) -> list[RosterEntry]:
    closers = list(Closer.objects.filter(team=team, user__is_active=True).select_related("user"))
    states = dict(
        Handoff.objects.filter(closer__in=closers, state__in=readiness.BUSY_STATES).values_list("closer_id", "state")
    )
    ringing = set(
        Offer.objects.filter(closer__in=closers, state=Offer.State.RINGING).values_list("closer_id", flat=True)
    )
    return [
        RosterEntry(
            closer=closer,
            status=_status(closer, now, state=states.get(closer.pk), is_ringing=closer.pk in ringing),
            missing=readiness.missing(closer),
        )
        for closer in closers
    ]


def _status(closer: Closer, now: datetime, *, state: str | None, is_ringing: bool) -> str:
    if state:
        return "wrap_up" if state == State.WRAP_UP else "busy"
    if is_ringing:
        return "ringing"
    if not closer.is_alive(now):
        return "offline"
    if not closer.is_available:
        return "away"
    return "not_ready" if readiness.missing(closer) else "ready"


def current_handoff(session: VoiceSession) -> Handoff | None:
    """The newest hand-over of a session."""
    handoffs = Handoff.objects.filter(session=session).select_related("closer", "closer_leg")
    return handoffs.order_by("-triggered_at").first()


def handoffs_of(session: VoiceSession) -> list[Handoff]:
    """Every hand-over of a session, the newest first."""
    return list(Handoff.objects.filter(session=session).select_related("closer").order_by("-triggered_at"))


def ringing_offer(closer: Closer) -> Offer | None:
    offers = Offer.objects.filter(closer=closer, state=Offer.State.RINGING)
    return offers.select_related("handoff__session__prospect", "handoff__session__widget").first()


def active_handoff(closer: Closer) -> Handoff | None:
    """What the closer is busy with, from accepting to the end of the wrap-up."""
    handoffs = Handoff.objects.filter(closer=closer, state__in=readiness.BUSY_STATES)
    return handoffs.select_related("session__prospect", "session__widget").order_by("-accepted_at").first()


def promises(team: Team) -> QuerySet[CallbackPromise]:
    """Callbacks still to be made, the most urgent first."""
    open_promises = CallbackPromise.objects.filter(team=team, kept_at=None)
    return open_promises.select_related("session", "owner").order_by("due_at")


def measures(handoff: Handoff) -> Measures:
    return Measures(
        trigger_to_offer_ms=_between(handoff.triggered_at, handoff.offered_at),
        offer_to_accept_ms=_between(handoff.offered_at, handoff.accepted_at),
        accept_to_command_ms=_between(handoff.accepted_at, handoff.command_sent_at),
        accept_to_connected_ms=_between(handoff.accepted_at, handoff.connected_at),
        trigger_to_connected_ms=_between(handoff.triggered_at, handoff.connected_at),
        talk_ms=_between(handoff.connected_at, handoff.released_at),
    )


def _between(start: datetime | None, end: datetime | None) -> int | None:
    return round((end - start).total_seconds() * 1000) if start and end and end >= start else None
