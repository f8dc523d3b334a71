"""The call that keeps a promise, until the prospect is reached: their page rings if it is open, else their number.

The closer's own leg comes first, as in every hand-over; what differs is only where the prospect comes from.
"""

from datetime import datetime, timedelta

from django.conf import settings

from handoff import client_state, machine
from handoff.callbacks import promises
from handoff.commands import ledger
from handoff.commands.kinds import CommandKind
from handoff.errors import ActionRefused
from handoff.legs import attempts, connection
from handoff.machine import Effect, Fact, State
from handoff.models import CallbackPromise, Handoff
from sessions_app import timeline
from sessions_app.answers import captured
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.models.people import ConnectionMode
from sessions_app.rules import phone_numbers
from sessions_app.visits import visits
from telephony.reason_codes import LIMIT_SIP_CODES

# The outcome of a call that the closer ended before anybody answered.
CALLED_OFF = "called_off"
# The page says that it is open every few seconds.
PAGE_IS_OPEN_FOR = timedelta(seconds=15)
RING_PAGE = timedelta(seconds=25)
RING_SECONDS = 40
# A little longer than the number rings: its end is told by an event, which may be lost.
RING_NUMBER = timedelta(seconds=RING_SECONDS + 10)

# In words for the closer; other causes are shown as Telnyx names them.
# What the page did instead of answering.
ENDS = {"left_before_call": "declined", "page_gone": "page_closed"}
CAUSES = {"user_busy": "busy", "timeout": "no_answer", "no_answer": "no_answer", "call_rejected": "declined"}


def is_under_way(handoff: Handoff) -> bool:
    """Whether this is a callback whose prospect has not been reached yet."""
    return handoff.trigger == promises.TRIGGER and handoff.connected_at is None


def under_way(promised: VoiceSession) -> Handoff | None:
    """The call that tries to keep the promise of a session, or has just reached the prospect."""
    calls = Handoff.objects.filter(session__previous=promised, trigger=promises.TRIGGER)
    return calls.exclude(state__in=machine.SETTLED_STATES).select_related("attempt__closer").first()


def patience(handoff: Handoff, state: State) -> timedelta | None:
    """How long a state may last that waits for the prospect; None where the usual time holds."""
    if not is_under_way(handoff) or connection.prospect_leg(handoff.session) is not None:
        return None
    return {State.SEATED: RING_PAGE, State.BRIDGING: RING_NUMBER}.get(state)


def is_unwanted(leg: CallLeg, session: VoiceSession) -> bool:
    """Whether a leg that we dialled to a prospect is told of when nobody waits for it, or another one carries them."""
    is_dialled = leg.role == CallLeg.Role.PROSPECT and leg.connection_id == settings.TELNYX_CALL_CONTROL_APP_ID
    is_current = leg.call_control_id == session.call_control_id
    return is_dialled and leg.ended_at is None and (session.ended_at is not None or not is_current)


def refuse_unless_reachable(promise: CallbackPromise, *, now: datetime) -> None:
    """Raises ActionRefused in words for the closer."""
    if is_page_open(promise.session, now) or number_of(promise) is not None:
        return
    if not promise.phone:
        raise ActionRefused("No number is known, and the prospect's page is closed.", "no_number")
    raise ActionRefused("This number may not be dialled from here, and the prospect's page is closed.", "no_number")


def is_page_open(promised: VoiceSession, now: datetime) -> bool:
    return promised.page_seen_at is not None and now - promised.page_seen_at <= PAGE_IS_OPEN_FOR


def number_of(promise: CallbackPromise) -> str | None:
    """The promise's number as it is dialled; None when there is none that may be."""
    number = phone_numbers.kept(promise.phone, country=promise.session.widget.country)
    return number if phone_numbers.may_be_dialled(number, prefixes=settings.TELNYX_ALLOWED_PREFIXES) else None


def open_visit(promised: VoiceSession, *, now: datetime) -> VoiceSession:
    """A visit for the call back, which begins with all that the prospect said in the first one."""
    session = VoiceSession.objects.create(
        widget=promised.widget,
        team_id=promised.team_id,
        prospect=promised.prospect,
        connection_mode=ConnectionMode.CREDENTIAL,
        gather_version=promised.gather_version,
        visitor_values=promised.visitor_values,
        previous=promised,
        created_at=now,
        is_let_in=True,
    )
    captured.inherit(session, promised)
    return session


# --- effects of the machine, in place of the usual ones


def reach(handoff: Handoff, now: datetime) -> Fact | None:
    """The closer's leg is up: ring the page if it is open, else dial the number."""
    if connection.prospect_leg(handoff.session) is not None:
        return Fact.PROSPECT_READY
    promised = _promised(handoff)
    if promised is None or not is_page_open(promised, now):
        return _dial(handoff, now)
    what = {"session": str(handoff.session_id)}
    timeline.append(promised, Kind.CALLBACK_PAGE_RUNG, what, occurred_at=now)
    timeline.append(handoff.session, Kind.CALLBACK_PAGE_RUNG, occurred_at=now)
    return None


def join(handoff: Handoff, now: datetime) -> Fact | None:
    """Both are there, or the page has rung long enough and the number is tried."""
    if connection.prospect_leg(handoff.session) is None:
        return _dial(handoff, now)
    connection.join(handoff, now)
    return None


def drop(handoff: Handoff, now: datetime) -> Fact | None:
    """Stop whatever rings or waits on either side; when that is the end, say why."""
    connection.drop_closer(handoff, now)
    ledger.drop(handoff, {CommandKind.CALL_PROSPECT})
    legs = list(CallLeg.objects.filter(session=handoff.session, role=CallLeg.Role.PROSPECT))
    for leg in legs:
        if leg.ended_at is None:
            connection.hang_up(handoff.session, leg, now=now, handoff=handoff)
    if handoff.state == State.RESERVED:
        return None  # The search that finds nobody comes next, and ends it.
    if handoff.state == State.WRAP_UP and any(leg.answered_at for leg in legs):
        return None  # They may have talked: the closer says whether the promise is kept.
    give_up(handoff, now)
    return Fact.WRAPPED_UP if handoff.state == State.WRAP_UP else None


def find_nobody_else(handoff: Handoff, now: datetime) -> Fact:
    """The promise is with the closer who called; nobody else is rung for it."""
    return Fact.NOBODY_LEFT


def give_up(handoff: Handoff, now: datetime) -> None:
    """The prospect was not reached: the promise stands, and says why."""
    reason = _why(handoff)
    handoff.outcome = reason
    handoff.save(update_fields=["outcome"])
    visits.end(handoff.session, reason="not_reached", now=now)
    promised = _promised(handoff)
    if promised is not None:
        timeline.append(promised, Kind.CALLBACK_UNANSWERED, {"reason": reason}, occurred_at=now)


def meet_busy_lines(handoff: Handoff, now: datetime) -> None:
    """The promise stands, and its closer reads why nobody was called."""
    handoff.lines_busy_at = now
    handoff.save(update_fields=["lines_busy_at"])


def nothing(handoff: Handoff, now: datetime) -> None:
    """Nobody is on the line who could hear a sentence."""


INSTEAD = {
    Effect.OFFER: find_nobody_else,
    Effect.TELL_WAITING: nothing,
    Effect.TELL_BUSY: meet_busy_lines,
    Effect.SPARE_CLOSER: nothing,
    Effect.SEAT: reach,
    Effect.JOIN: join,
    Effect.DROP_CLOSER: drop,
    Effect.PROMISE: give_up,
}


def _dial(handoff: Handoff, now: datetime) -> Fact | None:
    promise = (
        CallbackPromise.objects.select_related("session__widget").filter(session_id=handoff.session.previous_id).first()
    )
    number = number_of(promise) if promise else None
    if number is None:
        return Fact.COMMAND_FAILED
    arguments = {
        "to": number,
        "ring_seconds": RING_SECONDS,
        "mark": client_state.write(handoff.pk, client_state.PROSPECT),
    }
    intent = attempts.intent(handoff, CommandKind.CALL_PROSPECT, arguments=arguments)
    if ledger.enqueue(handoff.session, intent, now=now, handoff=handoff) is not None:
        timeline.append(handoff.session, Kind.COMMAND_SENT, {"command": CommandKind.CALL_PROSPECT}, occurred_at=now)
    return None


def _promised(handoff: Handoff) -> VoiceSession | None:
    if handoff.session.previous_id is None:
        return None
    rows = VoiceSession.objects.select_related("widget", "team", "prospect")
    return rows.filter(pk=handoff.session.previous_id).first()


def _why(handoff: Handoff) -> str:
    if handoff.outcome == CALLED_OFF:
        return CALLED_OFF
    if handoff.session.end_reason in ENDS:
        return ENDS[handoff.session.end_reason]
    leg = CallLeg.objects.filter(session=handoff.session, role=CallLeg.Role.PROSPECT).order_by("-pk").first()
    has_met_limit = handoff.session.end_reason == Fact.LINES_BUSY or (leg is not None and leg.code in LIMIT_SIP_CODES)
    if has_met_limit or (leg is None and handoff.lines_busy_at is not None):
        return str(Fact.LINES_BUSY)
    if leg is not None and leg.hangup_cause and leg.answered_at is None:
        return CAUSES.get(leg.hangup_cause, leg.hangup_cause)[:40]
    is_line_up = CallLeg.objects.filter(pk=handoff.closer_leg_id or 0, ended_at=None).exists()
    return "no_answer" if is_line_up else "line_failed"
