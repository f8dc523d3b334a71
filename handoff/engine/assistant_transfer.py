"""The assistant of an anonymous call rings a closer itself: that leg becomes an offer, and the talk a hand-over."""

from datetime import datetime

from django.db.models import Q

from handoff import client_state
from handoff.engine import transitions
from handoff.legs import connection
from handoff.machine import OFFERED_STATES, Fact, State
from handoff.models import Closer, Handoff, Offer
from handoff.routing import offers, transfer_targets
from sessions_app.conversation import runs
from sessions_app.inbox.binding import Introduction, Nobodys
from sessions_app.inbox.proof import Proof
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.models.people import ConnectionMode
from telephony.events import CallInitiated

TRIGGER = "assistant_transfer"
REASON = "the assistant transfers to you"
TOLD_TWICE = "rings a closer who is rung on another leg already"

_NEXT = {State.NONE: Fact.TRIGGERED, State.RESERVED: Fact.DEADLINE, State.RINGING: Fact.DECLINED}


def introduce(event: CallInitiated, proof: Proof) -> Introduction | Nobodys | None:
    """The visit whose assistant rings a closer: it is in the same call session, or the tool's header has its ticket.

    The ring may be told of twice, by the assistant's application and, at the softphone's end, by our own connection;
    the first report counts, and it may be the only one. On our connection a ticket proves nothing of this: a page can
    call a closer's address itself, with any header and any caller number. What it cannot do is call within the call
    session of its assistant, which is Telnyx's word.
    """
    closer = _closer(event)
    if closer is None:
        return None
    call = event.ids.call_session_id
    is_theirs = Q(current_leg__call_session_id=call, has_rejoined=False) if call else Q(pk=None)
    if not proof.is_on_our_connection:
        is_theirs |= Q(pk=proof.ticket)
    mine = VoiceSession.objects.filter(
        is_theirs, team_id=closer.team_id, connection_mode=ConnectionMode.ANONYMOUS, ended_at=None
    )
    visit = mine.values_list("pk", flat=True).first()
    if visit is None:
        return None
    rings = Offer.objects.filter(handoff__session_id=visit, closer=closer, leg__isnull=False, leg__ended_at=None)
    return Nobodys(TOLD_TWICE) if rings.exists() else Introduction(visit, CallLeg.Role.CLOSER)


def began(event: CallInitiated, session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """Offer the call to the closer whom the assistant rings; nobody else is rung meanwhile."""
    closer = _closer(event)
    is_assistants = session.is_anonymous and not session.has_rejoined
    if not is_assistants or closer is None or closer.team_id != session.team_id or leg.ended_at is not None:
        return
    if client_state.read(event.client_state) is not None or Offer.objects.filter(leg=leg).exists():
        return
    handoff = transitions.open_handoff(session)
    if session.ended_at is not None or (handoff is not None and handoff.state not in OFFERED_STATES):
        connection.hang_up(session, leg, now=now)  # Somebody has this call already, or nobody is there any more.
        return
    runs.at_work(session, at=event.occurred_at)  # This ring may be told before all else that it does.
    _offer(handoff or transitions.create(session, TRIGGER, now=now), closer, leg, now)


def _offer(handoff: Handoff, closer: Closer, leg: CallLeg, now: datetime) -> None:
    if handoff.state == State.RINGING:
        offers.withdraw(handoff, now)
    if not offers.ring_on(leg, handoff, closer, reason=REASON, now=now):
        connection.hang_up(handoff.session, leg, now=now)  # Busy: the assistant is told so, and others are rung.
    transitions.apply(handoff, _NEXT[State(handoff.state)], now=now)


def answered(handoff: Handoff, leg: CallLeg, *, now: datetime) -> None:
    """Answering such a leg joins both: the platform does it, and need not tell us."""
    if handoff.offers.filter(leg=leg).exists():
        transitions.apply(handoff, Fact.JOINED, now=now)


def ended(session: VoiceSession, leg: CallLeg, *, met_limit: bool, now: datetime) -> None:
    """The leg that rang is gone before anybody took the call: the search goes on while the assistant speaks."""
    handoff = transitions.open_handoff(session)
    if handoff is None or not offers.stop_on(leg, handoff, met_limit=met_limit, now=now):
        return
    if not offers.is_ringing(handoff):
        transitions.apply(handoff, Fact.DECLINED, now=now)


def _closer(event: CallInitiated) -> Closer | None:
    return transfer_targets.owner_of(event.called)
