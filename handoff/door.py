"""What the hand-over lends to the intake of webhooks."""

from uuid import UUID

from handoff import marks, reactions
from handoff.models import Handoff
from sessions_app.intake import Door
from sessions_app.models import WebhookDelivery
from telephony import inbound
from telephony.events import CallInitiated, Event


def reparse(delivery: WebhookDelivery) -> Event:
    """Read a delivery again that was verified when it was stored."""
    return inbound.reread(bytes(delivery.body), content_type=delivery.content_type, received_at=delivery.received_at)


def introduce(event: Event) -> UUID | None:
    """The session of a leg that we dialled: our mark is on it, and its events may come before the dial's own answer."""
    mark = marks.read(event.client_state) if isinstance(event, CallInitiated) else None
    if mark is None:
        return None
    return Handoff.objects.filter(pk=mark.handoff_id).values_list("session_id", flat=True).first()


HANDLERS = Door(reparse=reparse, introduce=introduce, react=reactions.react)
