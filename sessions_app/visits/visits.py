"""Open a visit, end it, find it, and what the hand-over writes on its row."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from sessions_app import timeline
from sessions_app.answers import versions
from sessions_app.kinds import Kind
from sessions_app.models import (
    Consent,
    TelephonyCredential,
    VoiceSession,
    WidgetConfig,
)
from sessions_app.visits import capacity, tokens, visitor_values

logger = logging.getLogger(__name__)

# Read in the same query as the row itself, for nearly every fact needs them.
LOCKED_WITH = ("widget", "gather_version", "team", "prospect", "current_leg", "current_run")


@transaction.atomic
def open_visit(
    widget: WidgetConfig,
    *,
    recording: bool,
    origin: str,
    now: datetime,
    passed: Mapping[str, Any] | None = None,
    calls: bool = True,
    network: str = "",
) -> VoiceSession:
    """Write down the consent and the session that it opens; `passed` is what the page says of its visitor.

    With `calls` it has to fit among the account's legs: raises legs.Busy, and limits.Refused where its network has
    enough visits open.
    """
    session = VoiceSession(
        widget=widget,
        team=widget.team,
        connection_mode=widget.connection_mode,
        gather_version=versions.current(widget, now=now),
        visitor_values=visitor_values.first(widget, passed or {}, now=now),
        created_at=now,
    )
    if calls:
        capacity.require_room(widget.team, network=network, now=now)
        capacity.let_in(session, now=now)
        session.network = network
    session.save(force_insert=True)
    Consent.objects.create(
        session=session,
        version=widget.consent_version,
        text=widget.consent_text,
        recording=recording,
        origin=origin,
        given_at=now,
    )
    timeline.append(session, Kind.SESSION_CREATED, {"mode": session.connection_mode}, occurred_at=now)
    return session


def session_of(token: str) -> VoiceSession | None:
    """The session whose token a page shows."""
    session_id = tokens.read(token)
    rows = VoiceSession.objects.select_related("widget", "team", "prospect")
    return rows.filter(pk=session_id).first() if session_id else None


def page_seen(token: str, *, now: datetime) -> None:
    """The page that shows this token is open."""
    session_id = tokens.read(token)
    if session_id is not None:
        VoiceSession.objects.filter(pk=session_id).update(page_seen_at=now)


def end(session: VoiceSession, *, reason: str, now: datetime) -> bool:
    """End a visit once: its credentials are revoked at the next sweep. Runs inside a transaction."""
    ended = VoiceSession.objects.filter(pk=session.pk, ended_at=None).update(
        ended_at=now, end_reason=reason, network=""
    )
    if not ended:
        return False
    session.ended_at, session.end_reason, session.network = now, reason, ""
    TelephonyCredential.objects.filter(session=session, revoked_at=None).update(revoke_at=now)
    timeline.append(session, Kind.SESSION_ENDED, {"reason": reason}, occurred_at=now)
    return True


def show(session: VoiceSession, *, phase: str, closer_name: str = "", met_busy_lines: bool | None = None) -> None:
    """What the hand-over lets the prospect see; None leaves what is said of the lines. Nobody else calls this."""
    met = session.met_busy_lines if met_busy_lines is None else met_busy_lines
    values = {"handover_phase": phase, "closer_name": closer_name, "met_busy_lines": met}
    changed = [name for name, value in values.items() if getattr(session, name) != value]
    for name in changed:
        setattr(session, name, values[name])
    if changed:
        session.save(update_fields=changed)


def meet_busy_lines(session: VoiceSession) -> None:
    """Have the page say why nobody comes, or comes at once."""
    show(session, phase=session.handover_phase, closer_name=session.closer_name, met_busy_lines=True)


def lock(session_id: UUID, *also: str) -> VoiceSession:
    """Hold a session's row until the transaction ends: its facts and clicks then come one by one.

    `also` names relations to be read with it.
    """
    _hold(session_id)
    return _read(session_id, also)


def lock_unless_held(session_id: UUID, *also: str) -> VoiceSession | None:
    """As `lock`, but None at once when somebody else holds it: for those who can come again."""
    return _read(session_id, also) if _hold(session_id, skip_locked=True) else None


def _hold(session_id: UUID, *, skip_locked: bool = False) -> bool:
    rows = VoiceSession.objects.select_for_update(skip_locked=skip_locked, no_key=True).filter(pk=session_id)
    return rows.values_list("pk", flat=True).first() is not None


def _read(session_id: UUID, also: tuple[str, ...]) -> VoiceSession:
    """A session that is held; what is read with it knows this very row as its session.

    In a statement of its own: one that has to wait for its lock reads only the locked row anew, and of what it joins
    takes what was there before it waited. https://www.postgresql.org/docs/16/transaction-iso.html#XACT-READ-COMMITTED
    """
    session = VoiceSession.objects.select_related(*LOCKED_WITH, *also).get(pk=session_id)
    for read in (session.current_leg, session.current_run):
        if read is not None:
            read.session = session
    return session


def is_rejoining(session: VoiceSession) -> bool:
    """Whether the page was given a credential to come back with, and has not come yet.

    It leaves the assistant's own call, or a call of ours on which the assistant could not be stopped.
    """
    given = TelephonyCredential.objects.filter(session=session, telnyx_id__isnull=False)
    if session.current_leg is not None and session.current_leg.refused_at is not None:
        return given.filter(created_at__gte=session.current_leg.refused_at).exists()
    return session.is_anonymous and not session.has_rejoined and given.exists()


def by_id(session_id: UUID) -> VoiceSession:
    return VoiceSession.objects.select_related("widget", "team").get(pk=session_id)
