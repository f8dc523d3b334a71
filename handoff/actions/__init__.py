"""What others may ask of the hand-over: the closer's clicks and the prospect's page."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from handoff.actions.answers import dismiss_answer, edit_answer, unlock_answer, use_answer
from handoff.actions.appointments import book_callback
from handoff.actions.callbacks import call_back, keep_promise, promise_callback
from handoff.actions.calls import assign, own_handoff, require_free, seize, take, take_over
from handoff.actions.reports import report_handover, report_quality
from handoff.actions.steering import hand_back, request_handoff, steer
from handoff.callbacks import booking, outbound
from handoff.closers import readiness, roster, softphones
from handoff.commands import ledger
from handoff.commands.ledger import Intent
from handoff.engine import assistant_end, transitions
from handoff.errors import ActionRefused
from handoff.events.hooks import HANDLERS
from handoff.machine import Fact, State
from handoff.models import Closer, Handoff, Offer
from handoff.routing import offers
from sessions_app import timeline
from sessions_app.conversation import runs
from sessions_app.inbox import intake
from sessions_app.models.people import AssistantRun
from sessions_app.visits import capacity, credentials, visits
from telephony.reason_codes import LIMIT_SIP_CODES

__all__ = [
    "ActionRefused",
    "assign",
    "book_callback",
    "call_back",
    "dismiss_answer",
    "edit_answer",
    "hand_back",
    "keep_promise",
    "promise_callback",
    "report_handover",
    "report_quality",
    "request_handoff",
    "steer",
    "take",
    "take_over",
    "unlock_answer",
    "use_answer",
]

MAX_NOTES = 20_000
# Of messages that no assistant reads, in one visit.
MOST_TYPED = 50


@dataclass(frozen=True)
class SoftphoneLogin:
    """What a closer's softphone logs in with; never stored or logged."""

    token: str
    username: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "SoftphoneLogin(…)"


# --- the closer's own state


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


def sign_out(closer: Closer, *, now: datetime) -> None:
    """Take no more calls, and close the dashboards of that login."""
    set_available(closer, False, now=now)
    roster.revoked(closer.user_id)


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
    kept = Closer.objects.get(pk=closer.pk)
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
    if handoff.state == State.ACCEPTED and handoff.awaits_line and softphones.found(handoff, now):
        what = {"handoff": str(handoff.pk), "closer": handoff.closer_id}
        timeline.append(handoff.session, "handoff.line_found", what, occurred_at=now)
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


# --- the ring


@transaction.atomic
def accept(offer_id: UUID, *, closer: Closer, now: datetime) -> Handoff:
    """Take the call. Exactly one wins, whatever tabs, keys and clicks; asking twice changes nothing."""
    offer, handoff = _own_offer(offer_id, closer)
    if offer.state == Offer.State.ACCEPTED:
        return handoff
    require_free(closer, handoff)
    _claim(offer, Offer.State.ACCEPTED, now)
    seize(handoff, closer, now=now)
    return handoff


@transaction.atomic
def decline(offer_id: UUID, *, closer: Closer, now: datetime) -> None:
    """Leave the call to the next closer."""
    offer, handoff = _own_offer(offer_id, closer)
    if offer.state == Offer.State.DECLINED:
        return
    _claim(offer, Offer.State.DECLINED, now)
    offers.declined(handoff, offer, now)
    if not offers.is_ringing(handoff):
        transitions.apply(handoff, Fact.DECLINED, now=now)


def _own_offer(offer_id: UUID, closer: Closer) -> tuple[Offer, Handoff]:
    found = Offer.objects.filter(pk=offer_id, closer=closer).values_list("handoff__session_id", "handoff_id").first()
    if found is None:
        raise ActionRefused("This call was not offered to you.", "unknown")
    handoff = transitions.by_id(transitions.lock(found[0]), found[1])
    return Offer.objects.get(pk=offer_id), handoff


def _claim(offer: Offer, state: str, now: datetime) -> None:
    rings = Offer.objects.filter(pk=offer.pk, state=Offer.State.RINGING)
    if not rings.update(state=state, answered_at=now):
        raise ActionRefused(offers.why_over(offer), "gone")


# --- the call and what follows it


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
        timeline.append(handoff.session, "notes.saved", {"handoff": str(handoff.pk)}, occurred_at=now)


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


# --- the prospect's page


@transaction.atomic
def pass_message(session_id: UUID, text: str, *, now: datetime) -> str:
    """Pass a typed message to the running assistant; "" when it is on its way, else why not.

    "gone": none is listening. "voice_only": the one that is listening reads nothing; the closer is shown the message.
    """
    session = transitions.lock(session_id)
    if not session.is_assistant_running or not session.call_control_id:
        return "gone"
    run = runs.current(session)
    if run is not None and run.mode == AssistantRun.GATHER:
        # That a gather reads messages is not documented, and its refusal would come after the page was told 202.
        if session.timeline.filter(kind="session.typed").count() < MOST_TYPED:
            timeline.append(session, "session.typed", {"text": text}, occurred_at=now)
        return "voice_only"
    key = f"{session.pk}:message:{session.last_seq}:{now.timestamp()}"
    ledger.enqueue(session, Intent("add_message", key, session.call_control_id, {"text": text}), now=now)
    return ""


@transaction.atomic
def answers_saved(session_id: UUID, *, now: datetime) -> bool:
    """The assistant saved what it heard: what follows from it. True when nothing is left to ask."""
    session = transitions.lock(session_id)
    booking.answers_known(session, runs.current(session), now=now)
    return assistant_end.answers_known(session, now=now)


@transaction.atomic
def report_limit(session_id: UUID, *, code: str, now: datetime) -> None:
    """A page says which limit of the account refused its own call. That is believed of its own visit, and counted."""
    if code not in LIMIT_SIP_CODES:
        return
    session = transitions.lock(session_id)
    if not session.met_busy_lines:
        capacity.refused(session.team_id, f"{capacity.BY_PAGE}{code}", now=now)
        visits.meet_busy_lines(session)
    handoff = transitions.open_handoff(session)
    if handoff is not None:
        handoff.lines_busy_at = now
        handoff.save(update_fields=["lines_busy_at"])


@transaction.atomic
def claim_call(session_id: UUID, call_control_id: str, *, now: datetime) -> bool:
    """Remember which anonymous call the page says is its own; it binds only when Telnyx reports that call itself."""
    session = transitions.lock(session_id)
    if not visits.is_anonymous(session) or session.ended_at:
        return False
    if session.call_control_id is not None:
        return session.call_control_id == call_control_id
    session.claimed_call_control_id = call_control_id
    session.save(update_fields=["claimed_call_control_id"])
    transaction.on_commit(lambda: intake.retry_parked(call_control_id, now=now, handlers=HANDLERS))
    return True
