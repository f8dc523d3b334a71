"""REST: the list of what happened on calls."""

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from sandbox.api import Body, action
from sandbox.api_ai import number, paged
from sandbox.webhooks import Webhooks

PAGE_SIZE = 20


class EventRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v2/call_events", action(self._list))]

    async def _list(self, request: web.Request) -> Body:
        found = [as_json(event) for event in self._webhooks.happened if all(_fits(event, request))]
        size, page = number(request, "page[size]", PAGE_SIZE), number(request, "page[number]", 1)
        return paged(found, page=page, size=size)


def _fits(event: Body, request: web.Request) -> Iterator[bool]:
    payload = event["payload"]
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
    yield since is None or event["occurred_at"] >= since.replace("+00:00", "Z")


def as_json(event: Body) -> dict[str, Any]:
    payload = event["payload"]
    return {
        "record_type": "call_event",
        "call_leg_id": payload.get("call_leg_id"),
        "call_session_id": payload.get("call_session_id"),
        "event_timestamp": event["occurred_at"],
        "name": event["event_type"],
        "type": "webhook",
        "metadata": event,
    }
