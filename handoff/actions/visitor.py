"""What the prospect's page asks and reports, and what the assistant saved of them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from handoff.actions import steering
from handoff.callbacks import booking
from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.engine import assistant_end, transitions
from sessions_app import timeline
from sessions_app.inbox import intake
from sessions_app.kinds import Kind
from sessions_app.models import VoiceSession
from sessions_app.models.people import AssistantRun
from sessions_app.rules import hours
from sessions_app.visits import capacity, visits
from telephony.reason_codes import LIMIT_SIP_CODES

REASON = "requested"
# Of messages that no assistant reads, in one visit.
MOST_TYPED = 50
# Of what is typed: what a person writes while Telnyx is slow, and not what a script does.
MOST_ON_THEIR_WAY = 5


class Refused(Exception):
    """Nobody is called; `code` is for the page, the message for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def for_person(session: VoiceSession, *, now: datetime) -> None:
    """Have closers rung while the assistant goes on; asking again changes nothing. Raises Refused."""
    if not session.is_assistant_running:
        raise Refused("The assistant is not on the line now.", "not_now")
    widget = session.widget
    if not hours.is_open(widget.business_hours, widget.time_zone, now):
        raise Refused("Nobody is here at this hour.", "closed")
    steering.request_handoff(session.pk, reason=REASON, now=now)


@transaction.atomic
def pass_message(session_id: UUID, text: str, *, now: datetime) -> str:
    """Pass a typed message to the running assistant; "" when it is on its way, else why not.

    "gone": none is listening. "busy": too many are on their way already.
    "voice_only": the one that is listening reads nothing; the closer is shown the message.
    """
    session = transitions.lock(session_id)
    if not session.is_assistant_running or not session.call_control_id:
        return "gone"
    run = session.current_run
    if run is not None and run.mode == AssistantRun.GATHER:
        # That a gather reads messages is not documented, and its refusal would come after the page was told 202.
        if session.timeline.filter(kind=Kind.SESSION_TYPED).count() < MOST_TYPED:
            timeline.append(session, Kind.SESSION_TYPED, {"text": text}, occurred_at=now)
        return "voice_only"
    if ledger.open_of_kind(session, CommandKind.ADD_MESSAGE) >= MOST_ON_THEIR_WAY:
        return "busy"
    key = keys.message(session.pk, session.last_seq, now)
    ledger.enqueue(session, Intent(CommandKind.ADD_MESSAGE, key, session.call_control_id, {"text": text}), now=now)
    return ""


@transaction.atomic
def answers_saved(session_id: UUID, *, now: datetime) -> bool:
    """The assistant saved what it heard: what follows from it. True when nothing is left to ask."""
    session = transitions.lock(session_id)
    booking.answers_known(session, session.current_run, now=now)
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
    if not session.is_anonymous or session.ended_at:
        return False
    if session.call_control_id is not None:
        return session.call_control_id == call_control_id
    session.claimed_call_control_id = call_control_id
    session.save(update_fields=["claimed_call_control_id"])
    transaction.on_commit(lambda: intake.retry_parked(call_control_id, now=now))
    return True
