"""REST: conversations with their messages and insights."""

from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.assistant.conversations import LATE, Conversation, Conversations
from sandbox.model import clock
from sandbox.model.platform import Platform
from sandbox.rest.door import Body, action, invalid, not_found

LIST_LIMIT = 100
PAGE_SIZE = 20
METADATA_PREFIX = "metadata->"


class AiRoutes:
    def __init__(self, conversations: Conversations, platform: Platform) -> None:
        self._conversations = conversations
        self._platform = platform

    def routes(self) -> list[web.RouteDef]:
        base = "/v2/ai/conversations"
        return [
            web.get(base, action(self.list_conversations)),
            web.get(base + "/{id}", action(self.get)),
            web.get(base + "/{id}/messages", action(self.messages)),
            web.get(base + "/{id}/conversations-insights", action(self.insights)),
        ]

    async def list_conversations(self, request: web.Request) -> Body:
        known = [item for item in self._conversations.all() if self._is_readable(item.created_at)]
        found = [item for item in known if _matches(item, request)]
        return {"data": [item.as_json() for item in found[: number(request, "limit", LIST_LIMIT)]]}

    async def get(self, request: web.Request) -> Body:
        return {"data": self._find(request).as_json()}

    async def messages(self, request: web.Request) -> Body:
        messages = [message for message in self._find(request).messages if self._is_readable(message.at)]
        size, page = number(request, "page[size]", PAGE_SIZE), number(request, "page[number]", 1)
        return paged([message.as_api_json() for message in messages], page=page, size=size)

    async def insights(self, request: web.Request) -> Body:
        insights = self._find(request).insights
        found = [insights.as_json()] if insights else []
        return {"data": found, "meta": _meta(len(found), 1, PAGE_SIZE)}

    def _find(self, request: web.Request) -> Conversation:
        conversation = self._conversations.get(request.match_info["id"])
        if conversation is None or not self._is_readable(conversation.created_at):
            raise not_found("Conversation")
        return conversation

    def _is_readable(self, happened_at: datetime) -> bool:
        return self._platform.conversations == "at_once" or clock.now() - happened_at >= LATE


def _matches(conversation: Conversation, request: web.Request) -> bool:
    facts: dict[str, Any] = {"id": conversation.id}
    for name, condition in request.query.items():
        if name == "id" or name.startswith(METADATA_PREFIX):
            known = facts.get(name, conversation.metadata.get(name.removeprefix(METADATA_PREFIX)))
            if f"eq.{known}" != condition:
                return False
    return True


def number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise invalid(f"'{name}' must be a positive number.")
    return int(text)


def paged(items: list[Any], *, page: int, size: int) -> Body:
    return {"data": items[(page - 1) * size : page * size], "meta": _meta(len(items), page, size)}


def _meta(total: int, page: int, size: int) -> Body:
    return {"total_results": total, "total_pages": -(-total // size), "page_number": page, "page_size": size}
