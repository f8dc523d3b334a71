"""What the hand-over lends to the inbox."""

from handoff import client_state
from handoff.engine import assistant_transfer
from handoff.events import far_side, reactions
from handoff.models import Handoff
from sessions_app.inbox.binding import Introduction, Nobodys
from sessions_app.inbox.hooks import Hooks
from sessions_app.inbox.proof import Proof
from sessions_app.models import CallLeg
from telephony.events import CallInitiated, Event


def introduce(event: Event, proof: Proof) -> Introduction | Nobodys | None:
    """Whose leg it is that we dialled, or that an assistant rings a closer on; and what only looks like one.

    Ours bears our mark, and its events may come before the dial's own answer.
    """
    mark = client_state.read(event.client_state)
    if mark is not None:
        if not isinstance(event, CallInitiated):
            return None
        session_id = Handoff.objects.filter(pk=mark.handoff_id).values_list("session_id", flat=True).first()
        return Introduction(session_id, _role_of(mark)) if session_id else None
    by_assistant = assistant_transfer.introduce(event, proof) if isinstance(event, CallInitiated) else None
    return by_assistant or far_side.look(event, proof)


def _role_of(mark: client_state.Mark) -> str:
    if mark.subject == client_state.PROSPECT:
        return CallLeg.Role.PROSPECT
    return CallLeg.Role.LISTENER if mark.is_ear else CallLeg.Role.CLOSER


HOOKS = Hooks(introduce=introduce, react=reactions.react, turn_away=reactions.turn_away)
