"""REST: the list of what happened on calls."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox.model import clock
from sandbox.outbound.webhooks import Delivery, Webhooks
from sandbox.rest.conversations import number, paged
from sandbox.rest.door import Body, action

PAGE_SIZE = 20
REMEMBERED = timedelta(hours=24)


class EventRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v2/call_events", action(self.list_events))]

    async def list_events(self, request: web.Request) -> Body:
        found = [as_json(event, delivery) for event, delivery in self._webhooks.happened if all(_fits(event, request))]
        size, page = number(request, "page[size]", PAGE_SIZE), number(request, "page[number]", 1)
        return paged(found, page=page, size=size)


def _fits(event: Body, request: web.Request) -> Iterator[bool]:
    payload, at = event["payload"], happened_at(event)
    facts = {
        "leg_id": payload.get("call_leg_id"),
        "application_session_id": payload.get("call_session_id"),
        "connection_id": payload.get("connection_id"),
        "name": event["event_type"],
        "type": "webhook",
    }
    for name, known in facts.items():
        wanted = request.query.get(f"filter[{name}]")
        yield wanted is None or wanted == known
    since = request.query.get("filter[occurred_at][gte]")
    yield since is None or at >= since.replace("+00:00", "Z")
    # Without a leg or a session named, the last day alone is searched.
    # https://developers.telnyx.com/api-reference/debugging/list-call-events
    is_narrow = any(request.query.get(f"filter[{name}]") for name in ("leg_id", "application_session_id"))
    yield is_narrow or at >= clock.iso(clock.now() - REMEMBERED)


def as_json(event: Body, delivery: Delivery) -> dict[str, Any]:
    """Source: https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks (2026-04)."""
    payload = event["payload"]
    return {
        "record_type": "call_event",
        "call_leg_id": payload.get("call_leg_id"),
        "call_session_id": payload.get("call_session_id"),
        "event_timestamp": happened_at(event),
        "name": event["event_type"],
        "type": "webhook",
        "metadata": {
            "attempt": delivery.attempts,
            "delivered_to": delivery.url,
            "event": event,
            "status": "delivered" if delivery.acked_at else "failed",
        },
    }


def happened_at(event: Body) -> str:
    return str(event.get("occurred_at") or event["payload"]["occurred_at"])
