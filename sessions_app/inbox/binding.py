"""Which session an event belongs to. An id binds once; only ids that Telnyx reported bind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from sessions_app import timeline
from sessions_app.conversation import runs, tool_calls
from sessions_app.inbox.proof import Proof
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, Run, VoiceSession, WebhookDelivery
from sessions_app.models.people import ConnectionMode
from sessions_app.visits import capacity, visits
from telephony.events import (
    AssistantInitialization,
    CallAnswered,
    CallBridged,
    CallHangup,
    CallIds,
    CallInitiated,
    CallStatusCallback,
    ConferenceEvent,
    ConversationCreated,
    Event,
)

WITHOUT_PROOF = "nothing proves whose call it is"
VISIT_OVER = "the visit that it belongs to is over"
NOT_LET_IN = "the visit that it names was given no line"
OF_PROBE = "a call of a probe of the account"

_OF_A_LEG = (CallAnswered, CallBridged, CallHangup, CallStatusCallback, ConferenceEvent)


@dataclass(frozen=True)
class Match:
    """The session, and whether other deliveries may have waited for this one.

    `has_place` is False for a call of a visit that was let in, holds no line any more, and finds none free.
    """

    session: VoiceSession
    is_new: bool
    has_place: bool = True


@dataclass(frozen=True)
class Introduction:
    """A leg that we asked for ourselves: whose session it belongs to, and who is at its end."""

    session_id: UUID
    role: str


@dataclass(frozen=True)
class Nobodys:
    """A leg that is no session's, and why, in words for the inbox.

    A stranger's was placed on our connection by somebody: it is ended when no proof comes in time. Any other is the
    platform's own business and is left alone.
    """

    reason: str
    is_stranger: bool = False


Introduce = Callable[[Event, Proof], Introduction | Nobodys | None]


def find(
    event: Event,
    *,
    introduce: Introduce,
    now: datetime,
    may_wait: bool = True,
    sessions: dict[UUID, VoiceSession] | None = None,
) -> Match | Nobodys | None:
    """The session of an event, locked until the transaction ends, so that its facts are folded one by one.

    `sessions` are those that the transaction holds and has read already; what is read now is added.

    None while it may still become known; an event that `may_wait` does so for the leg that it is about, too.
    `introduce` knows the legs that we asked for ourselves, and those that look like a session's and are not: it is
    asked before a call session is believed, which such a leg may share.
    """
    sessions = {} if sessions is None else sessions
    session_id = _of_leg(event.ids)
    if session_id is not None:
        return Match(_locked(session_id, sessions), is_new=False)
    proof = Proof(event)
    introduced = introduce(event, proof)
    if isinstance(introduced, Introduction):
        session = _locked(introduced.session_id, sessions)
        introduced = introduce(event, proof)  # Again, now that no other report of the same leg can come in between.
        if isinstance(introduced, Introduction):
            add_leg(session, event.ids, role=introduced.role)
            return Match(session, is_new=True)
    introduced = introduced or _dismissed(event.ids)
    if introduced is not None:
        return introduced
    if may_wait and _waits_for_leg(event):
        return None
    session_id = _of_call(event.ids)
    if session_id is not None:
        return Match(_locked(session_id, sessions), is_new=isinstance(event, CallInitiated))
    proven = _introduced(event, proof)
    if not isinstance(proven, UUID):
        return proven
    session = _locked(proven, sessions)
    # An anonymous call is not ours to end: it stands, whether there is a line for it or not.
    has_place = not proof.is_on_our_connection or capacity.may_call(session, now=now)
    add_leg(session, event.ids, role=CallLeg.Role.PROSPECT)
    _leave_assistant(session, event)
    return Match(session, is_new=True, has_place=has_place)


def _locked(session_id: UUID, sessions: dict[UUID, VoiceSession]) -> VoiceSession:
    if session_id not in sessions:
        sessions[session_id] = visits.lock(session_id)
    return sessions[session_id]


def peek(event: Event) -> VoiceSession | None:
    """The session of an event, only to read."""
    session_id = _known(event)
    rows = VoiceSession.objects.select_related("widget", "team", "prospect")
    return rows.filter(pk=session_id).first() if session_id else None


def of_own_leg(event: Event) -> VoiceSession | None:
    """The session of an event that was not processed yet, only to read: by its own leg, or by the call claimed as it.

    Never by the call that its leg shares with others, for it may turn out to be nobody's.
    """
    if not event.ids.call_control_id:
        return peek(event)
    session_id = _of_leg(event.ids)
    if session_id is None and isinstance(event, AssistantInitialization):
        session_id = _claimed(event)
    rows = VoiceSession.objects.select_related("widget", "team", "prospect")
    return rows.filter(pk=session_id).first() if session_id else None


def learn(event: Event, session: VoiceSession) -> None:
    """Keep what an event says of its call: a leg seen for the first time, a conversation's id."""
    if isinstance(event, CallInitiated):
        leg = _leg(session, event.ids) or add_leg(session, event.ids, role=CallLeg.Role.CLOSER)
        if leg is not None and leg.initiated_at is None:
            leg.initiated_at = event.occurred_at
            leg.save(update_fields=["initiated_at"])
            what = {"leg": leg.pk, "role": leg.role}
            timeline.append(session, Kind.CALL_INITIATED, what, occurred_at=event.occurred_at)
    if isinstance(event, ConversationCreated | AssistantInitialization) and event.ids.conversation_id:
        number = runs.number_of(event, session)
        runs.bind(session, number, event.ids.conversation_id, at=event.occurred_at)


def _leg(session: VoiceSession, ids: CallIds) -> CallLeg | None:
    current = session.current_leg
    if current is not None and current.call_control_id == ids.call_control_id:
        return current
    return CallLeg.objects.filter(call_control_id=ids.call_control_id or "").first()


def add_leg(session: VoiceSession, ids: CallIds, *, role: str) -> CallLeg | None:
    """Write a leg down; a prospect's leg becomes the session's own unless a living one is."""
    if not ids.call_control_id:
        return None
    leg, is_new = CallLeg.objects.get_or_create(
        call_control_id=ids.call_control_id,
        defaults={
            "session": session,
            "role": role,
            "call_leg_id": ids.call_leg_id or "",
            "call_session_id": ids.call_session_id or "",
            "connection_id": ids.connection_id or "",
        },
    )
    if role == CallLeg.Role.PROSPECT and leg.session_id == session.pk and may_carry(session):
        session.has_rejoined = session.call_control_id not in (None, ids.call_control_id)
        session.current_leg, session.call_control_id = leg, ids.call_control_id
        session.save(update_fields=["current_leg", "call_control_id", "has_rejoined"])
    if is_new:
        capacity.arrived(session, role=role)
    if is_new and role == CallLeg.Role.PROSPECT:
        tool_calls.adopt(session, call_control_id=leg.call_control_id)
    return leg


def _leave_assistant(session: VoiceSession, event: Event) -> None:
    """The page has come back on a new leg: the assistant of the one that it left speaks to nobody."""
    if not session.has_rejoined or session.call_control_id != event.ids.call_control_id:
        return
    was_refused = session.legs.filter(refused_at__isnull=False).exists()
    if session.run_number <= 1 or was_refused:
        runs.ended(session, max(session.run_number, 1), at=event.occurred_at)


def may_carry(session: VoiceSession) -> bool:
    """Whether a new leg may carry the prospect.

    There is none yet, it is over, the assistant took it along, or the page was asked to come back on a new one.
    """
    if session.current_leg is None or session.current_leg.ended_at is not None:
        return True
    is_over = session.connection_mode == ConnectionMode.ANONYMOUS and session.assistant_ended_at is not None
    return is_over or visits.is_rejoining(session)


def _known(event: Event) -> UUID | None:
    return _of_leg(event.ids) or (None if _waits_for_leg(event) else _of_call(event.ids))


def _waits_for_leg(event: Event) -> bool:
    """Whether it is a fact about one leg, which says nothing before that leg is known, whoever else is in its call."""
    return isinstance(event, _OF_A_LEG) and event.ids.call_control_id is not None


def _of_leg(ids: CallIds) -> UUID | None:
    if not ids.call_control_id:
        return None
    known = CallLeg.objects.filter(call_control_id=ids.call_control_id)
    return known.values_list("session_id", flat=True).first()


def _of_call(ids: CallIds) -> UUID | None:
    """The session of another leg of the same call, or of the same conversation.

    An anonymous visit's own leg waits for its own proof. Its assistant may ring a closer, and the word of that come
    first: that leg, which is known by the tool's ticket, says nothing of who else is in its call.
    """
    found = None
    if ids.call_session_id:
        unproven = Q(session__connection_mode=ConnectionMode.ANONYMOUS, session__current_leg=None)
        known = CallLeg.objects.filter(call_session_id=ids.call_session_id).exclude(unproven).order_by("-pk")
        found = known.values_list("session_id", flat=True).first()
    if found is None and ids.conversation_id:
        found = Run.objects.filter(conversation_id=ids.conversation_id).values_list("session_id", flat=True).first()
    return found


def _dismissed(ids: CallIds) -> Nobodys | None:
    """What an earlier event of the same leg was found to be: later ones need not say again why."""
    if not ids.call_control_id:
        return None
    earlier = WebhookDelivery.objects.filter(
        call_control_id=ids.call_control_id, status=WebhookDelivery.Status.IGNORED
    ).exclude(reason="")
    reason = earlier.values_list("reason", flat=True).first()
    return Nobodys(reason) if reason else None


def _introduced(event: Event, proof: Proof) -> UUID | Nobodys | None:
    """A call that a page placed: the credential is one that we minted, our ticket came along, or it was claimed."""
    if not event.ids.call_control_id:
        return None
    if isinstance(event, AssistantInitialization):
        return _claimed(event)
    if not isinstance(event, CallInitiated) or not proof.is_on_our_connection:
        return None
    # A credential is proof by Telnyx itself; a ticket may have been copied from another page.
    session_id = proof.caller or proof.ticket
    if session_id is None:
        return Nobodys(WITHOUT_PROOF, is_stranger=True)
    living = VoiceSession.objects.filter(pk=session_id, ended_at=None)
    is_let_in = living.values_list("is_let_in", flat=True).first()
    if is_let_in:
        return session_id
    # Who only asks to be called back has a ticket too, and was not counted: a call of theirs would take a line that
    # somebody else was promised.
    return Nobodys(VISIT_OVER if is_let_in is None else NOT_LET_IN, is_stranger=True)


def _claimed(event: AssistantInitialization) -> UUID | None:
    """The anonymous call that a page called its own, now that Telnyx says that it runs that widget's assistant."""
    claims = VoiceSession.objects.filter(
        claimed_call_control_id=event.ids.call_control_id,
        connection_mode=ConnectionMode.ANONYMOUS,
        widget__assistant_id=event.assistant_id or "",
        call_control_id=None,
        ended_at=None,
        is_let_in=True,
    )
    return claims.order_by("created_at").values_list("pk", flat=True).first()
