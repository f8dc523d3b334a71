"""Let what was observed enter as webhooks do: there is no second way to change a session."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from sessions_app.inbox import intake
from sessions_app.models import WebhookDelivery
from telephony import inbound
from telephony.observing import Observation

DOOR = "reconciled"
JSON = "application/json"


def take(observation: Observation, *, now: datetime) -> None:
    event = inbound.reread(observation.body, content_type=JSON, received_at=now)
    intake.take(event, body=observation.body, content_type=JSON, door=DOOR, now=now)


def take_news(observations: Iterable[Observation], *, leg: str, now: datetime) -> int:
    """Take those of one leg that the inbox does not hold, oldest first; returns how many."""
    told = list(observations)
    same = Q(event_id__in=[one.id for one in told])
    known = set(WebhookDelivery.objects.filter(same).values_list("event_id", flat=True))
    # A record that does not name the webhook's id is told from others by its leg, its kind and its moment.
    rows = WebhookDelivery.objects.filter(call_leg_id=leg).values_list("event_type", "occurred_at") if leg else ()
    moments = set(rows)
    news = [one for one in told if one.id not in known and (one.type, one.occurred_at) not in moments]
    for one in sorted(news, key=lambda one: one.occurred_at):
        take(one, now=now)
    return len(news)
