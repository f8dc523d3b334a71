"""What the hand-over lends to the intake of webhooks."""

from handoff import reactions
from sessions_app.intake import Door
from sessions_app.models import WebhookDelivery
from telephony import inbound
from telephony.events import Event


def reparse(delivery: WebhookDelivery) -> Event:
    """Read a delivery again that was verified when it was stored."""
    return inbound.reread(bytes(delivery.body), content_type=delivery.content_type, received_at=delivery.received_at)


HANDLERS = Door(reparse=reparse, react=reactions.react)
