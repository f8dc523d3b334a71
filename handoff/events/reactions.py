"""What a fact from Telnyx sets off. Runs after the fact was folded, with the session's row locked."""

from datetime import datetime, timedelta
from functools import singledispatch

from django.conf import settings

from handoff import announcements, client_state
from handoff.callbacks import booking, outbound
from handoff.closers import softphones
from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.engine import assistant_end, assistant_transfer, call_record, transitions, visitor_left
from handoff.legs import assistant_runs, attempts, connection, speech
from handoff.machine import Fact, State
from handoff.models import Closer, Handoff
from handoff.routing import offers
from sessions_app.conversation import runs as run_numbers
from sessions_app.inbox import fold
from sessions_app.inbox.situation import Situation
from sessions_app.models import CallLeg, Run, VoiceSession
from sessions_app.models.visit import Phase
from sessions_app.visits import capacity, visits
from telephony import events
from telephony.reason_codes import LIMIT_SIP_CODES

PAUSE_BETWEEN_SENTENCES = timedelta(seconds=5)
PROSPECT_LEFT = "customer_disconnect"
# The SIP status of every refusal by Telnyx itself.
UNSAID = "403"
REACHED_WITHIN = timedelta(days=7)


@singledispatch
def react(event: events.Event, situation: Situation, now: datetime) -> None:
    """Most kinds of event set off nothing."""


@react.register
def _(event: events.CallInitiated, situation: Situation, now: datetime) -> None:
    session, leg = situation.session, situation.leg
    if leg is None:
        return
    if leg.role == CallLeg.Role.CLOSER:
        adopt_closer_leg(leg, event.client_state, session)
        assistant_transfer.began(event, session, leg, now=now)
        if is_unwanted(leg, event.client_state, session):
            connection.hang_up(session, leg, now=now)
    elif leg.role == CallLeg.Role.LISTENER:
        hear_on(leg, event.client_state, session, now=now)
    elif leg.connection_id == settings.TELNYX_CONNECTION_ID and leg.ended_at is None:
        if situation.is_current and session.ended_at is None:
            assistant_runs.answer(session, leg, now=now)
        else:
            connection.hang_up(session, leg, now=now)  # One session carries one call.
            visitor_left.end_flood(session, now=now)
    elif outbound.is_unwanted(leg, session):
        connection.hang_up(session, leg, now=now)


@react.register
def _(event: events.CallAnswered, situation: Situation, now: datetime) -> None:
    session, leg = situation.session, situation.leg
    if leg is None:
        return
    if leg.ended_at is not None:
        if situation.is_current and session.has_rejoined and session.ended_at is None:
            # Told after its end, which was taken for that of a way back that never came up.
            prospect_leg_over(session, source=leg.hangup_source, now=now)
        return
    handoff = transitions.open_handoff(session)
    if leg.role == CallLeg.Role.CLOSER:
        adopt_closer_leg(leg, event.client_state, session)
        closer_answered(session, leg, now=now)
    elif outbound.is_unwanted(leg, session):
        connection.hang_up(session, leg, now=now)
    elif situation.is_current:
        leave_refused_legs(session, leg, now=now)
        if handoff is not None:
            transitions.apply(handoff, Fact.PROSPECT_READY, now=now)
        elif leg.connection_id == settings.TELNYX_CONNECTION_ID:
            nobody_awaits(session, leg, now=now)


@react.register
def _(event: events.CallBridged, situation: Situation, now: datetime) -> None:
    handoff, leg = transitions.open_handoff(situation.session), situation.leg
    if handoff is None or leg is None:
        return
    # The prospect's leg may have been bridged before, in an earlier hand-over or attempt, and be told of only now.
    is_prospect_s = situation.is_current and handoff.closer_leg_id and connection.is_asked(handoff)
    if handoff.closer_leg_id == leg.pk or is_prospect_s:
        transitions.apply(handoff, Fact.JOINED, now=now)


@react.register
def _(event: events.ConferenceParticipantJoined, situation: Situation, now: datetime) -> None:
    handoff, leg = transitions.open_handoff(situation.session), situation.leg
    if handoff is not None and leg is not None and handoff.closer_leg_id == leg.pk:
        transitions.apply(handoff, Fact.JOINED, now=now)


@react.register
def _(event: events.CallHangup, situation: Situation, now: datetime) -> None:
    session, leg = situation.session, situation.leg
    if leg is None:
        return
    connection.leg_over(leg)
    if leg.role == CallLeg.Role.CLOSER:
        closer_gone(session, leg, event.client_state, now=now)
    elif situation.is_current:
        prospect_leg_over(session, source=event.source, met_limit=_met_limit(leg, now), now=now)
    else:  # Whose end is of no matter to anybody; a limit is one all the same.
        _met_limit(leg, now)


@react.register
def _(event: events.CallStatusCallback, situation: Situation, now: datetime) -> None:
    session, leg = situation.session, situation.leg
    if leg is not None and leg.ended_at is not None:
        connection.leg_over(leg)
    if leg is not None and situation.is_current and event.status in fold.ENDED_STATUSES:
        prospect_leg_over(session, source=event.hangup_source, now=now)


@react.register(events.ConversationCreated)
@react.register(events.AssistantInitialization)
def _(event: events.Event, situation: Situation, now: datetime) -> None:
    run = situation.session.current_run
    if run is not None and run.started_at is not None:
        ledger.take_back(keys.watch(run.pk))


@react.register
def _(event: events.ConversationEnded, situation: Situation, now: datetime) -> None:
    session, number = situation.session, situation.number
    call_record.fetch(session, number, now=now)
    if event.reason == PROSPECT_LEFT:
        if visits.is_rejoining(session):
            assistant_end.assistant_done(session, number, "conversation_ended", now=now)
        elif session.is_anonymous and not session.has_rejoined:
            visitor_left.end(session, reason="hung_up", now=now)
        else:
            assistant_end.perhaps_left(session, number, now=now)
        return
    assistant_end.conversation_ended(session, number, now=now)


@react.register
def _(event: events.GatherEnded, situation: Situation, now: datetime) -> None:
    assistant_end.gathered(situation.session, situation.number, event.status, now=now)


@react.register
def _(event: events.GatherPartialResults, situation: Situation, now: datetime) -> None:
    session = situation.session
    assistant_end.answers_known(session, now=now)
    booking.answers_known(session, session.current_run, now=now)


@react.register
def _(event: events.ConversationStartFailed, situation: Situation, now: datetime) -> None:
    assistant_end.assistant_done(situation.session, situation.number, "assistant_failed", now=now)


@react.register
def _(event: events.SpeakEnded, situation: Situation, now: datetime) -> None:
    session, leg = situation.session, situation.leg
    if leg is None or not situation.is_current:
        return
    handoff, mark = transitions.open_handoff(session), client_state.read(event.client_state)
    if handoff is None and mark is not None and mark.subject == client_state.sentence(booking.APOLOGY):
        # Nothing keeps the prospect on the line now.
        ledger.hasten(keys.hang_up(leg.pk), now=now)
    elif handoff is not None and mark is not None and mark.is_takeover:
        attempt = handoff.attempt
        if attempt and mark == client_state.Mark(handoff.pk, client_state.sentence(speech.takeover(attempt))):
            assistant_end.announced(session, now=now)
    elif handoff is not None and handoff.state in {State.RESERVED, State.RINGING}:
        number = handoff.commands.filter(kind=CommandKind.SPEAK).count()
        text = announcements.still_calling()
        speech.say(handoff, text, name=f"waiting:{number}", now=now, delay=PAUSE_BETWEEN_SENTENCES)


def turn_away(event: events.Event, situation: Situation, now: datetime) -> None:
    """The page of a visit that holds no line any more calls, and none is free: its call is ended, and it says why."""
    session, leg = situation.session, situation.leg
    if leg is not None:
        connection.hang_up(session, leg, now=now)
    capacity.refused(session.team_id, capacity.OWN_CAP, now=now)
    visitor_left.turn_away(session, now=now)


def nobody_awaits(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """The prospect is on the line and in no hand-over: they are the assistant's, or came back when all was over."""
    if not session.run_number:
        assistant_runs.first(session, leg, now=now)
    elif session.phase == Phase.CALLBACK:
        booking.back_on_line(session, leg, now=now)
    elif not session.is_assistant_running:
        connection.hang_up(session, leg, now=now)


def leave_refused_legs(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """The page has come back on this leg: the one whose assistant could not be stopped is not needed any more."""
    for left in session.legs.filter(role=CallLeg.Role.PROSPECT, ended_at=None, refused_at__isnull=False):
        if left.pk != leg.pk:
            connection.hang_up(session, left, now=now)


def hear_on(leg: CallLeg, echoed: str | None, session: VoiceSession, *, now: datetime) -> None:
    """Note the leg on which a closer listens in; one that comes after the wait is hung up."""
    handoff = transitions.open_handoff(session)
    mark = client_state.read(echoed)
    attempt = handoff.attempt if handoff else None
    is_theirs = attempt and mark == client_state.Mark(attempt.handoff_id, client_state.ear(attempt.number))
    if leg.ended_at is None and not (is_theirs and connection.hears_on(leg, handoff)):
        connection.hang_up(session, leg, now=now)


def is_unwanted(leg: CallLeg, echoed: str | None, session: VoiceSession) -> bool:
    """Whether a closer is rung for an attempt that is over: its dial was on its way, or its reply was lost."""
    mark, handoff = client_state.read(echoed), transitions.open_handoff(session)
    if mark is None or not mark.is_leg or leg.ended_at is not None:
        return False
    return handoff is None or not _awaits(handoff, mark)


def adopt_closer_leg(leg: CallLeg, echoed: str | None, session: VoiceSession) -> None:
    """Tie a closer's leg to the attempt that asked for it: our mark on the leg says which."""
    mark, handoff = client_state.read(echoed), transitions.open_handoff(session)
    if handoff is None or mark is None or not _awaits(handoff, mark):
        return
    if handoff.closer_leg_id is None:
        attempts.carry(handoff, leg)


def _awaits(handoff: Handoff, mark: client_state.Mark) -> bool:
    """Whether the leg that bears this mark is the present closer's."""
    attempt = handoff.attempt
    return attempt is not None and mark == client_state.Mark(handoff.pk, client_state.leg(attempt.number))


def closer_answered(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    handoff = transitions.open_handoff(session)
    if handoff is None or handoff.closer_leg_id != leg.pk:
        connection.hang_up(session, leg, now=now)  # Answered after the hand-over went another way.
        return
    softphones.proven(leg, now)
    transitions.apply(handoff, Fact.CLOSER_ANSWERED, now=now)
    assistant_transfer.answered(handoff, leg, now=now)


def closer_gone(session: VoiceSession, leg: CallLeg, echoed: str | None, *, now: datetime) -> None:
    adopt_closer_leg(leg, echoed, session)
    if leg.answered_at is not None:
        softphones.proven(leg, now)
    handoff = transitions.open_handoff(session)
    met_limit = _met_limit(leg, now)
    if handoff is not None and handoff.closer_leg_id == leg.pk:
        if met_limit:
            fact = Fact.LINES_BUSY
        elif _refused_unsaid(leg, now):
            # Refused without a word: the next closer is rung, or else this one again as if no line was free. Neither
            # their fault nor, as far as is known, a want of lines.
            fact = Fact.CLOSER_LOST if offers.next_in_line(handoff, now) else Fact.LINES_BUSY
        elif softphones.was_absent(leg):
            fact = softphones.unreached(handoff, connection.rung_at(handoff), now)
        else:
            fact = Fact.CLOSER_LOST
        transitions.apply(handoff, fact, now=now)
        prospect = connection.prospect_leg(session)
        if prospect is not None and handoff.state == State.RESERVED:
            # Both legs end when the prospect leaves, and word of their own may be late or lost.
            look_up = Intent(CommandKind.LOOK_UP, keys.look_up(leg.pk), prospect.call_control_id)
            ledger.enqueue(session, look_up, now=now, handoff=handoff)
    elif handoff is not None:
        assistant_transfer.ended(session, leg, met_limit=met_limit, now=now)
    elif handoff is None:
        run = session.current_run
        if run is not None and run.purpose == Run.Purpose.RETURNED:
            ledger.hasten(keys.start(run.pk), now=now)  # The line is free for the assistant.


def prospect_leg_over(session: VoiceSession, *, source: str, met_limit: bool = False, now: datetime) -> None:
    """The prospect's leg ended. In anonymous mode the assistant's end takes it along; then the page rejoins."""
    ledger.take_back(keys.look_up_left(session.pk, session.run_number))
    is_rejoining = visits.is_rejoining(session)
    is_theirs = is_rejoining or (session.is_anonymous and not session.has_rejoined)
    # The page hangs this leg up itself when it moves to the one that it was asked to place.
    was_left = source == "caller" and not is_rejoining
    # When the closer's line breaks the leg goes with it, but not the prospect: the page comes back on a new one.
    was_talk_over = connection.is_taken(session) and transitions.open_handoff(session) is None
    if is_theirs and not was_talk_over and not was_left:
        if met_limit:  # A way back, of whose assistant's call Telnyx has told nothing.
            visits.meet_busy_lines(session)
        number = max(session.run_number, 1)
        run_numbers.ended(session, number, at=now)
        assistant_end.assistant_done(session, number, "conversation_ended", now=now)
        return
    leg = session.current_leg
    if leg is not None and visitor_left.is_way_back(session, leg):
        if met_limit:
            visits.meet_busy_lines(session)
    elif met_limit:
        visitor_left.turn_away(session, now=now)
    else:
        visitor_left.end(session, reason="hung_up", now=now)


def _met_limit(leg: CallLeg, now: datetime) -> bool:
    """Whether a limit of the account kept the leg from coming about, which is counted."""
    if leg.answered_at is not None:
        return False
    code = leg.code if leg.code in LIMIT_SIP_CODES else ""
    closer = None if code else _refused_unsaid(leg, now)
    if closer is not None:
        # It may be the softphone's own settings, or its caller id: a second one at the same time makes it a limit.
        alone = f"{capacity.ALONE}{closer.pk}"
        code = UNSAID if capacity.are_refusing(but=alone, now=now) else alone
    if code:
        capacity.refused(leg.session.team_id, code, now=now)
    return bool(code) and not code.startswith(capacity.ALONE)


def _refused_unsaid(leg: CallLeg, now: datetime) -> Closer | None:
    """Whose softphone's leg was refused by Telnyx, whose events name no code: the SDK's type knows of none.

    A softphone that is busy, gone or declines answers otherwise. Where none was ever reached this way it may as well be
    the account's settings that refuse, so there it says nothing of the lines.
    """
    is_refused = (leg.role, leg.sip_cause, leg.code) == (CallLeg.Role.CLOSER, UNSAID, "")
    handoff = transitions.open_handoff(leg.session) if is_refused else None
    if handoff is None or handoff.closer_leg_id != leg.pk or handoff.closer is None:
        return None
    if handoff.closer.reached_by != Closer.ReachedBy.SOFTPHONE:
        return None
    reached = CallLeg.objects.filter(role=CallLeg.Role.CLOSER, answered_at__gt=now - REACHED_WITHIN)
    return handoff.closer if reached.filter(connection_id=leg.connection_id).exists() else None


def handoff_of_attempt(session: VoiceSession, attempt_id: int | None) -> Handoff | None:
    """The open hand-over, if it is still at the attempt that a command was written for, and its closer has it still."""
    handoff = transitions.open_handoff(session)
    is_theirs = handoff is not None and attempt_id is not None and handoff.attempt_id == attempt_id
    return handoff if is_theirs else None
