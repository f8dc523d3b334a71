"""The closer's own state: whether they take calls, and what their open pages prove."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from handoff.closers import readiness, roster, softphones
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.machine import Fact, State
from handoff.models import Closer
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.visits import credentials


@dataclass(frozen=True)
class SoftphoneLogin:
    """What a closer's softphone logs in with; never stored or logged."""

    token: str
    username: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "SoftphoneLogin(…)"


def set_available(closer: Closer, available: bool, *, now: datetime) -> None:
    """Say whether the closer wants calls; the idle time counts from the moment they do."""
    since = now if available else None
    moved = Closer.objects.filter(pk=closer.pk, is_available=not available).update(
        is_available=available, available_since=since, missed_at=None
    )
    if moved:
        roster.changed(closer.team_id)


def back(closer: Closer, *, now: datetime) -> None:
    """Take calls again after a ring that was let pass; the idle time counts from now."""
    if Closer.objects.filter(pk=closer.pk, missed_at__isnull=False).update(missed_at=None, available_since=now):
        roster.changed(closer.team_id)


def report_presence(
    closer: Closer,
    *,
    softphone: bool,
    microphone: bool,
    sound: bool,
    page: UUID | None = None,
    username: str = "",
    now: datetime,
) -> bool:
    """Keep what an open dashboard proves of itself every few seconds; True when its softphone has to register anew.

    `page` is the name that it gave itself, `username` the login on which its softphone says that it is registered.
    """
    kept = Closer.objects.filter(pk=closer.pk).first()
    if kept is None:  # Deleted; the socket that tells of it is about to be closed.
        return False
    before = (kept.is_alive(now), readiness.missing(kept))
    seen = softphones.page_seen(kept, page=page, username=username if softphone else "", now=now)
    kept.seen_at = now
    if seen.may_speak:
        kept.softphone_registered, kept.microphone_granted, kept.sound_unlocked = softphone, microphone, sound
    kept.save(update_fields=["seen_at", *(readiness.PROOFS if seen.may_speak else ())])
    if before != (True, readiness.missing(kept)):
        roster.changed(closer.team_id)
    for waiting in softphones.awaited(kept):
        ring_once_more(waiting.session_id, waiting.pk, now=now)
    return seen.must_register


@transaction.atomic
def ring_once_more(session_id: UUID, handoff_id: UUID, *, now: datetime) -> None:
    """Ring the closer whose softphone was not where it was rung, if it has registered anew."""
    handoff = transitions.by_id(transitions.lock(session_id), handoff_id)
    awaits_line = handoff.attempt is not None and handoff.attempt.awaits_line
    if handoff.state == State.ACCEPTED and awaits_line and softphones.found(handoff, now):
        what = {"handoff": str(handoff.pk), "closer": handoff.closer_id}
        timeline.append(handoff.session, Kind.HANDOFF_LINE_FOUND, what, occurred_at=now)
        transitions.apply(handoff, Fact.REGISTERED, now=now)


def softphone_login(
    closer: Closer, *, page: UUID | None = None, is_renewal: bool = False, now: datetime
) -> SoftphoneLogin:
    """A login for the softphone of one page; calls are sent to the one minted last. Raises ActionRefused.

    It is a fresh one, or, for a call that stands, the present one with a later end where Telnyx allows that.
    """
    mint = credentials.renew_for_user if is_renewal else credentials.mint_for_user
    try:
        login = mint(closer.user, page=page, now=now)
    except credentials.MintingFailed as error:
        message = f"The softphone cannot log in at the moment ({error.reference})."
        raise ActionRefused(message, "softphone_unavailable") from error
    rung = Closer.objects.filter(pk=closer.pk)
    if is_renewal:  # Another page may have registered since.
        rung = rung.filter(sip_username__in=softphones.logins_of(closer, page))
    rung.update(sip_username=login.username)
    return SoftphoneLogin(token=login.token, username=login.username, expires_at=login.expires_at)
