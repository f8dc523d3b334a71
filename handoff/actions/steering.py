"""What a closer has the assistant do, and what the assistant or the prospect asks of us."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from handoff.actions.calls import own_handoff, team_session
from handoff.closers import roster
from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.legs import connection
from handoff.machine import Fact
from handoff.models import Closer, Handoff
from sessions_app import timeline
from sessions_app.kinds import Kind

MAX_STEERING = 500
# An assistant that is told something new all the time says nothing sensible to the prospect.
MOST_AT_ONCE = 3
PATIENCE = timedelta(seconds=10)


@transaction.atomic
def request_handoff(session_id: UUID, *, reason: str, now: datetime) -> bool:
    """The prospect wants a person: look for a closer while the assistant speaks on, and stop it when one is there.

    False when somebody was looked for before in this run, or the visit is over.
    """
    session = transitions.lock(session_id)
    if session.ended_at:
        return False
    handoff = transitions.open_handoff(session)
    if handoff is None:
        return transitions.trigger(session, reason, now=now, wants_person=True) is not None
    if not handoff.wants_person and handoff.prospect_free_at is None:
        _hasten(handoff, now=now)
    return False


def _hasten(handoff: Handoff, *, now: datetime) -> None:
    """A search that began for another reason: who was to wait for the assistant's end does not wait any more."""
    handoff.wants_person = True
    handoff.save(update_fields=["wants_person"])
    if handoff.attempt is not None:
        handoff.attempt.takes_now = True
        handoff.attempt.save(update_fields=["takes_now"])
    transitions.apply(handoff, Fact.TAKEN_OVER, now=now)


@transaction.atomic
def steer(session_id: UUID, *, closer: Closer, text: str, now: datetime) -> None:
    """Tell the running assistant what to do; the prospect does not hear it."""
    text = text.strip()
    if not 0 < len(text) <= MAX_STEERING:
        raise ActionRefused(f"Write at most {MAX_STEERING} characters.", "too_long")
    session = team_session(session_id, closer)
    if not session.is_assistant_running or not session.call_control_id:
        raise ActionRefused("The assistant is not listening now.", "gone")
    if session.timeline.filter(kind=Kind.ASSISTANT_STEERED, occurred_at__gt=now - PATIENCE).count() >= MOST_AT_ONCE:
        raise ActionRefused("Give the assistant a moment, then tell it more.", "too_often")
    said = {"text": text, "closer": closer.pk, "closer_name": closer.display_name}
    entry = timeline.append(session, Kind.ASSISTANT_STEERED, said, occurred_at=now)
    arguments = {"text": f"Instruction from your team, not from the caller: {text}", "role": "system"}
    key = keys.steer(session.pk, entry.seq)
    ledger.enqueue(session, Intent(CommandKind.ADD_MESSAGE, key, session.call_control_id, arguments), now=now)


@transaction.atomic
def hand_back(handoff_id: UUID, *, closer: Closer, instruction: str, now: datetime) -> None:
    """Give the prospect back to the assistant, with what it should go on with."""
    instruction = instruction.strip()
    if len(instruction) > MAX_STEERING:
        raise ActionRefused(f"Write at most {MAX_STEERING} characters.", "too_long")
    handoff = own_handoff(handoff_id, closer)
    if connection.prospect_leg(handoff.session) is None:
        raise ActionRefused("The prospect's line cannot be given back.", "gone")
    handoff.instruction = instruction
    handoff.save(update_fields=["instruction"])
    if not transitions.apply(handoff, Fact.HANDED_BACK, now=now):
        raise ActionRefused("You are not talking with the prospect.", "gone")
    Closer.objects.filter(pk=closer.pk).update(last_call_ended_at=now)
    roster.changed(closer.team_id)
