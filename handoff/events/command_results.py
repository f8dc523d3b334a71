"""What it means when Telnyx has carried out a command, or has not."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from handoff import client_state
from handoff.closers import softphones
from handoff.commands import keys, kinds, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.commands.sending import Answer
from handoff.engine import assistant_end, call_record, transitions, visitor_left
from handoff.events import hang_ups, reactions, silence
from handoff.events.reconciliation import intaking
from handoff.legs import attempts, connection
from handoff.machine import Fact
from handoff.measures import steps
from handoff.models import Command, Handoff
from sessions_app import timeline
from sessions_app.conversation import runs as run_numbers
from sessions_app.inbox import binding, intake
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.visits import capacity, visits
from telephony import observing
from telephony.client import TelnyxError
from telephony.events import CallIds

logger = logging.getLogger(__name__)

_ALREADY_RUNNING = "90061"


@transaction.atomic
def confirmed(command: Command, answer: Answer, *, now: datetime) -> None:
    session = transitions.lock(command.session_id)
    command.session = session
    if not ledger.confirm(command, result=answer.ids, now=now):
        return
    meaning = _CONFIRMED.get(CommandKind(command.kind))
    if meaning is not None:
        meaning(command, session, answer, now)


@transaction.atomic
def refused(command: Command, error: TelnyxError, *, now: datetime) -> None:
    session = transitions.lock(command.session_id)
    command.session = session
    is_busy = error.is_limit and command.kind in kinds.NEEDS_LEG
    if is_busy:
        capacity.refused(session.team_id, error.code or str(error.status), now=now)
    # What a limit refused is not asked for again at once: the hand-over waits, and asks with a command of its own.
    latest = now if is_busy else _of_use_until(command, session, now)
    if not ledger.refuse(command, error, latest=latest, now=now):
        return
    if is_busy:
        _found_no_line(command, session, now)
    elif command.kind == CommandKind.HANG_UP:
        hang_ups.failed(command, session, error, now=now)
    else:
        _failed(command, session, code=error.code or "", now=now)


@transaction.atomic
def expired(command_id: Any, *, now: datetime) -> None:
    session_id = Command.objects.values_list("session_id", flat=True).get(pk=command_id)
    session = transitions.lock(session_id)
    command = ledger.expire(command_id, now=now)
    if command is not None:
        command.session = session
        if command.kind == CommandKind.HANG_UP:
            hang_ups.failed(command, session, None, now=now)
        else:
            _failed(command, session, code="", now=now)


def _of_use_until(command: Command, session: VoiceSession, now: datetime) -> datetime:
    """A hand-over does not wait for its command longer than for the closer; then somebody else is looked for."""
    if command.kind == CommandKind.FETCH_ASSISTANT:
        return now  # The prospect has sat in silence for long enough.
    if command.kind == CommandKind.LOOK_UP_LINE:
        return now  # The ring goes out without an answer.
    if command.kind not in kinds.JOINS or command.attempt_id is None:
        return command.send_by
    handoff = _handoff_of(command, session)
    return (handoff.deadline_at or command.send_by) if handoff is not None else now


def _found_no_line(command: Command, session: VoiceSession, now: datetime) -> None:
    """A limit of the account let no leg come about, which is nobody's fault."""
    handoff = _handoff_of(command, session)
    if command.kind == CommandKind.ANSWER:
        visits.meet_busy_lines(session)
        _not_answered(command, session, now, reason="lines_busy")
    elif handoff is not None:
        capacity.expect_closer(session, until=None)
        if command.kind != CommandKind.LISTEN:  # Whose absence is of no matter to the hand-over.
            transitions.apply(handoff, Fact.LINES_BUSY, now=now)


def _failed(command: Command, session: VoiceSession, *, code: str, now: datetime) -> None:
    if _has_happened(command, session):
        logger.info("command %s (%s): its reply was lost, its leg is there", command.pk, command.kind)
    elif command.kind in kinds.JOINS:
        handoff = _handoff_of(command, session)
        if handoff is not None:
            _handoff_command_failed(command, handoff, code, now)
    elif command.kind == CommandKind.ANSWER:
        _not_answered(command, session, now, reason="hung_up")
    elif command.kind == CommandKind.STOP_ASSISTANT:
        _look_up_prospect(command, session, now)
        assistant_end.stop_refused(session, command.arguments["run"], now=now)
    elif command.kind == CommandKind.SPEAK and _is_takeover(command):
        assistant_end.announced(session, now=now)
    elif command.kind in kinds.OF_RECORD:
        call_record.failed(command, session, now)
    elif command.kind == CommandKind.FETCH_ASSISTANT:
        silence.looked_up(command, session, (), now=now)
    elif command.kind in kinds.STARTS:
        _start_failed(command, session, code, now)


def _start_failed(command: Command, session: VoiceSession, code: str, now: datetime) -> None:
    number = command.arguments.get("run", 1)
    if code == _ALREADY_RUNNING:
        assistant_end.start_again(session, number, now=now)
    else:
        run_numbers.ended(session, number, at=now)
        assistant_end.assistant_done(session, number, "assistant_failed", now=now)


def _not_answered(command: Command, session: VoiceSession, now: datetime, *, reason: str) -> None:
    """The call is gone, or may not be had; or only the assistant that was to answer it was refused.

    Then it waits for a person. A page that was on its way back into a hand-over tries again on another leg.
    """
    leg = CallLeg.objects.filter(session=session, call_control_id=command.call_control_id).first()
    if leg is not None and visitor_left.is_way_back(session, leg):
        connection.hang_up(session, leg, now=now)
    elif leg is None or reason == "lines_busy" or "assistant_id" not in command.arguments:
        visitor_left.end(session, reason=reason, now=now)
    else:
        alone = Intent(CommandKind.ANSWER, keys.answer_alone(leg.pk), command.call_control_id)
        ledger.enqueue(session, alone, now=now)
        number = command.arguments["run"]
        run_numbers.ended(session, number, at=now)
        assistant_end.assistant_done(session, number, "assistant_failed", now=now)


def _has_happened(command: Command, session: VoiceSession) -> bool:
    """Whether Telnyx's own events show that it was carried out, whatever became of the reply."""
    living = CallLeg.objects.filter(session=session, ended_at=None)
    if command.kind == CommandKind.ANSWER:
        return living.filter(call_control_id=command.call_control_id, answered_at__isnull=False).exists()
    if command.kind == CommandKind.CALL_PROSPECT:
        return living.filter(role=CallLeg.Role.PROSPECT).exists()
    handoff = _handoff_of(command, session) if command.kind == CommandKind.DIAL else None
    return handoff is not None and handoff.closer_leg is not None and handoff.closer_leg.ended_at is None


def _handoff_command_failed(command: Command, handoff: Handoff, code: str, now: datetime) -> None:
    """Some refusals leave another way to the same end; the others mean another closer."""
    session = handoff.session
    if command.arguments.get(connection.REACH):
        session.leg_refused = True
        session.save(update_fields=["leg_refused"])
        timeline.append(session, Kind.PROSPECT_REJOINS, occurred_at=now)
    elif command.kind == CommandKind.LOOK_UP_LINE:
        connection.line_looked_up(handoff, command, is_there=True, now=now)
    elif command.kind in {CommandKind.DIAL, CommandKind.TRANSFER} and code in softphones.ABSENT_CODES:
        transitions.apply(handoff, softphones.unreached(handoff, connection.rung_at(handoff), now), now=now)
    else:
        _look_up_prospect(command, session, now)
        transitions.apply(handoff, Fact.COMMAND_FAILED, now=now)


def _is_takeover(command: Command) -> bool:
    mark = client_state.read(command.arguments.get("mark"))
    return mark is not None and mark.is_takeover


def _look_up_prospect(command: Command, session: VoiceSession, now: datetime) -> None:
    """A refused command may mean that the prospect is gone and the webhook was lost."""
    if session.call_control_id:
        intent = Intent(CommandKind.LOOK_UP, keys.look_up_after(command.pk), session.call_control_id)
        ledger.enqueue(session, intent, now=now, handoff=command.handoff)


def _handoff_of(command: Command, session: VoiceSession) -> Handoff | None:
    """The hand-over that still waits for this command."""
    return reactions.handoff_of_attempt(session, command.attempt_id)


def _stamp_sent(handoff: Handoff, command: Command) -> None:
    if command.sent_at and steps.brings_together(handoff, command.sent_at):
        attempts.stamp(handoff, "command_sent_at", command.sent_at)


def dialled(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    ids = CallIds(**answer.ids, connection_id=settings.TELNYX_CALL_CONTROL_APP_ID)
    leg = binding.add_leg(session, ids, role=CallLeg.Role.CLOSER)
    if leg is None:
        return
    handoff = _handoff_of(command, session)
    if handoff is None:
        connection.hang_up(session, leg, now=now)  # The hand-over went another way while this was being dialled.
    else:
        _stamp_sent(handoff, command)
        attempts.carry(handoff, leg)
    intake.release_parked(session, now=now)


def prospect_called(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    ids = CallIds(**answer.ids, connection_id=settings.TELNYX_CALL_CONTROL_APP_ID)
    leg = binding.add_leg(session, ids, role=CallLeg.Role.PROSPECT)
    if leg is not None and _handoff_of(command, session) is None:
        connection.hang_up(session, leg, now=now)  # Nobody waits for this prospect any more.
    intake.release_parked(session, now=now)


def joining_sent(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    handoff = _handoff_of(command, session)
    if handoff is not None:
        _stamp_sent(handoff, command)


def started(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    number = command.arguments.get("run", 1)
    run_numbers.bind(session, number, str(answer.ids.get("conversation_id") or ""), at=now)
    silence.watch(session, number, command.call_control_id, now=now)
    intake.release_parked(session, now=now)


def answered(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    if "run" in command.arguments:
        silence.watch(session, command.arguments["run"], command.call_control_id, now=now)


def assistant_looked_up(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    silence.looked_up(command, session, answer.content, now=now)


def conference_created(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    handoff = _handoff_of(command, session)
    if handoff is None or handoff.closer_leg is None:
        return
    _stamp_sent(handoff, command)
    handoff.conference_id = str(answer.ids["conference_id"])[:100]
    handoff.save(update_fields=["conference_id"])
    ledger.enqueue(session, connection.join_conference(handoff, handoff.closer_leg), now=now, handoff=handoff)


def assistant_stopped(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    assistant_end.stopped(session, command.arguments["run"], now=now)


def listening(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    ids = CallIds(**answer.ids, connection_id=settings.TELNYX_CALL_CONTROL_APP_ID)
    leg = binding.add_leg(session, ids, role=CallLeg.Role.LISTENER)
    if leg is not None and leg.ended_at is None and not connection.hears_on(leg, _handoff_of(command, session)):
        connection.hang_up(session, leg, now=now)
    intake.release_parked(session, now=now)


def hung_up(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    hang_ups.carried_out(command, session, now=now)


def line_looked_up(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    handoff = _handoff_of(command, session)
    if handoff is None:
        return
    fact = connection.line_looked_up(handoff, command, is_there=answer.ids.get("is_registered") is not False, now=now)
    if fact is not None:
        transitions.apply(handoff, fact, now=now)


def looked_up(command: Command, session: VoiceSession, answer: Answer, now: datetime) -> None:
    leg = session.current_leg
    if leg is None or command.call_control_id != leg.call_control_id or session.ended_at is not None:
        return
    if answer.ids["is_alive"]:
        assistant_end.still_there(session, now=now)
    else:
        ids = CallIds(leg.call_control_id, leg.call_leg_id or None, leg.call_session_id or None)
        intaking.take(observing.hangup(ids, at=now), now=now)


_CONFIRMED: dict[CommandKind, Callable[[Command, VoiceSession, Answer, datetime], None]] = {
    CommandKind.ANSWER: answered,
    CommandKind.FETCH_ASSISTANT: assistant_looked_up,
    CommandKind.DIAL: dialled,
    CommandKind.CALL_PROSPECT: prospect_called,
    CommandKind.STOP_ASSISTANT: assistant_stopped,
    CommandKind.LISTEN: listening,
    CommandKind.BRIDGE: joining_sent,
    CommandKind.TRANSFER: joining_sent,
    CommandKind.START_GATHER: started,
    CommandKind.START_ASSISTANT: started,
    CommandKind.CREATE_CONFERENCE: conference_created,
    CommandKind.HANG_UP: hung_up,
    CommandKind.LOOK_UP: looked_up,
    CommandKind.LOOK_UP_LINE: line_looked_up,
    CommandKind.FETCH_TRANSCRIPT: call_record.transcript_came,
    CommandKind.FETCH_INSIGHTS: call_record.insights_came,
}
