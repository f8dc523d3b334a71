"""A closer has a call: by its ring, by taking it from the assistant, or because a supervisor says so; and ends it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.roles import Action, Role, may
from handoff import policies
from handoff.callbacks import outbound
from handoff.closers import readiness, roster
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.legs import attempts, connection
from handoff.machine import OFFERED_STATES, TALKING_STATES, Fact, State
from handoff.models import Attempt, Closer, Handoff, Offer
from handoff.routing import offers
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import VoiceSession
from sessions_app.visits import capacity

MAX_NOTES = 20_000
NO_LINE = f"{capacity.BUSY} Try again in a moment."

_JOINED = frozenset({State.BRIDGING, State.CONNECTED})


def seize(handoff: Handoff, closer: Closer, *, now: datetime, immediately: bool = False) -> None:
    """Give the hand-over to a closer, who has no other; from here on nobody else can have it."""
    session = handoff.session
    # Who asked for a person is not kept with the assistant until it has finished.
    takes_now, is_cold = immediately or handoff.wants_person, not session.is_assistant_running
    may_hear = policies.of(session).listens_in and connection.prospect_leg(session) is not None
    # A phone of their own has one line, and would ring a second time.
    may_hear = may_hear and closer.reached_by == Closer.ReachedBy.SOFTPHONE
    listens_in = may_hear and not is_cold and not takes_now
    attempts.begin(handoff, closer, takes_now=takes_now, is_cold=is_cold, listens_in=listens_in)
    if not transitions.apply(handoff, Fact.ACCEPTED, now=now):
        raise ActionRefused("This call is no longer waiting.", "gone")
    Closer.objects.filter(pk=closer.pk, missed_at__isnull=False).update(missed_at=None)  # Whoever takes a call is back.
    roster.changed(closer.team_id)


@transaction.atomic
def take(session_id: UUID, *, closer: Closer, immediately: bool, now: datetime) -> Handoff:
    """Take a call that the assistant has or that waits; with `immediately`, do not let the assistant finish."""
    session = team_session(session_id, closer)
    handoff = transitions.open_handoff(session)
    if handoff is not None and handoff.closer_id == closer.pk and handoff.state in TALKING_STATES:
        return handoff
    if readiness.missing(closer):
        raise ActionRefused("Turn on your phone line, microphone and sound first.", "not_ready")
    if handoff is None or handoff.state in OFFERED_STATES:
        require_line(session, now)
    require_free(closer, handoff)
    if handoff is not None and handoff.state not in OFFERED_STATES:
        raise ActionRefused(_taken(handoff), "gone")
    if handoff is None:
        if not session.is_assistant_running:
            raise ActionRefused("There is no call to take.", "gone")
        handoff = transitions.create(session, "closer_took", now=now)
    taken = {"state": Offer.State.ACCEPTED, "offered_at": now, "answered_at": now, "expires_at": now}
    Offer.objects.create(handoff=handoff, closer=closer, reason="took the call", **taken)
    seize(handoff, closer, now=now, immediately=immediately)
    return handoff


@transaction.atomic
def take_over(handoff_id: UUID, *, closer: Closer, now: datetime) -> None:
    """End the wait in the warm seat: the assistant is stopped with a sentence, then the two are joined."""
    handoff = own_handoff(handoff_id, closer)
    attempt = attempts.of(handoff)
    if attempt.takes_now or handoff.state in _JOINED:
        return
    attempt.takes_now = True
    attempt.save(update_fields=["takes_now"])
    if not transitions.apply(handoff, Fact.TAKEN_OVER, now=now):
        raise ActionRefused("This call is over.", "gone")
    timeline.append(handoff.session, Kind.HANDOFF_TAKEN_OVER, {"closer_name": closer.display_name}, occurred_at=now)


@transaction.atomic
def assign(session_id: UUID, *, to: int, by: Closer, now: datetime) -> Handoff:
    """Have one closer rung first, as a supervisor wants it."""
    session = team_session(session_id, by)
    role = Role.SUPERVISOR if by.is_supervisor else Role.CLOSER
    if not may({role}, Action.CALL_ASSIGN, is_team=True):
        raise ActionRefused("Only a supervisor assigns calls.", "forbidden")
    chosen = Closer.objects.filter(pk=to, team_id=by.team_id, user__is_active=True).first()
    if chosen is None:
        raise ActionRefused("There is no such closer in your team.", "unknown")
    handoff = transitions.open_handoff(session)
    if handoff is None and not session.is_assistant_running:
        raise ActionRefused("There is no call to assign.", "gone")
    if handoff is not None and handoff.state not in OFFERED_STATES:
        raise ActionRefused(_taken(handoff), "gone")
    handoff = handoff or transitions.create(session, "assigned", now=now)
    handoff.assigned_to, handoff.assigned_by = chosen, by
    handoff.save(update_fields=["assigned_to", "assigned_by"])
    what = {"closer": chosen.pk, "closer_name": chosen.display_name, "by": by.display_name}
    timeline.append(session, Kind.HANDOFF_ASSIGNED, what, occurred_at=now)
    if handoff.state == State.RINGING:
        offers.withdraw(handoff, now)
        transitions.apply(handoff, Fact.DECLINED, now=now)
    else:
        transitions.apply(handoff, Fact.DEADLINE, now=now)
    return handoff


def team_session(session_id: UUID, closer: Closer) -> VoiceSession:
    if not VoiceSession.objects.filter(pk=session_id, team_id=closer.team_id).exists():
        raise ActionRefused("There is no such call.", "unknown")
    return transitions.lock(session_id)


def own_handoff(handoff_id: UUID, closer: Closer) -> Handoff:
    # Whoever was moved to another team has left the calls of the old one.
    mine = Handoff.objects.filter(pk=handoff_id, attempt__closer=closer, session__team_id=closer.team_id)
    session_id = mine.values_list("session_id", flat=True).first()
    if session_id is None:
        raise ActionRefused("This is not your call.", "unknown")
    handoff = transitions.by_id(transitions.lock(session_id), handoff_id)
    if handoff.closer_id != closer.pk:  # Their line was lost while we waited.
        raise ActionRefused("This call is over.", "gone")
    return handoff


def require_line(session: VoiceSession, now: datetime) -> None:
    """A closer who takes a call must be connected; before `require_free`, for whoever counts legs holds no closer."""
    if not capacity.may_dial(session, now=now):
        raise ActionRefused(NO_LINE, str(Fact.LINES_BUSY))


def require_free(closer: Closer, handoff: Handoff | None) -> None:
    """Nobody talks in two calls: the row is held so that two clicks cannot both find its closer free."""
    Closer.objects.select_for_update(of=("self",), no_key=True).get(pk=closer.pk)
    if Attempt.objects.filter(closer=closer, over_at=None).exists():
        raise ActionRefused("End your other call first.", "busy")
    rings = Offer.objects.filter(closer=closer, state=Offer.State.RINGING)
    others = rings.exclude(handoff=handoff) if handoff else rings
    if others.exists():
        raise ActionRefused("Answer or decline your ring first.", "busy")


def _taken(handoff: Handoff) -> str:
    return f"Taken by {handoff.closer.display_name}." if handoff.closer else "This call is no longer waiting."


@transaction.atomic
def hang_up(handoff_id: UUID, *, closer: Closer, now: datetime) -> None:
    """End the talk for both sides."""
    handoff = own_handoff(handoff_id, closer)
    if outbound.is_under_way(handoff):
        handoff.outcome = outbound.CALLED_OFF
    if not transitions.apply(handoff, Fact.RELEASED, now=now) and handoff.state != State.WRAP_UP:
        raise ActionRefused("There is no call to end.", "gone")
    Closer.objects.filter(pk=closer.pk).update(last_call_ended_at=now)
    roster.changed(closer.team_id)


@transaction.atomic
def save_notes(handoff_id: UUID, *, closer: Closer, notes: str, now: datetime) -> None:
    """Keep the notes as they are typed, also after the wrap-up ran out of time."""
    if len(notes) > MAX_NOTES:
        raise ActionRefused(f"Notes are limited to {MAX_NOTES} characters.", "too_long")
    handoff = own_handoff(handoff_id, closer)
    if handoff.notes != notes:
        handoff.notes = notes
        handoff.save(update_fields=["notes"])
        timeline.append(handoff.session, Kind.NOTES_SAVED, {"handoff": str(handoff.pk)}, occurred_at=now)


@transaction.atomic
def complete(handoff_id: UUID, *, closer: Closer, disposition: str, now: datetime) -> None:
    """Close the wrap-up with its result."""
    handoff = own_handoff(handoff_id, closer)
    if handoff.state not in {State.WRAP_UP, State.COMPLETED}:
        raise ActionRefused("End the call first.", "in_call")
    handoff.disposition = handoff.outcome = disposition[:40]
    handoff.save(update_fields=["disposition", "outcome"])
    transitions.apply(handoff, Fact.WRAPPED_UP, now=now)
    Closer.objects.filter(pk=closer.pk).update(last_call_ended_at=now)
    roster.changed(closer.team_id)
