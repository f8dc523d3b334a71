"""REST: what the account holds beside its calls, one set of addresses for each kind."""

from typing import Any

from aiohttp import web

from sandbox.model.account import Account, Refused, Settings
from sandbox.model.account_kinds import AI_KINDS, ASSISTANTS, INSIGHT_GROUPS, INSIGHTS, KINDS, Kind
from sandbox.rest.door import Action, Body, action, body_of, invalid, not_found

PAGE_SIZE, MAX_PAGE_SIZE = 20, 250
CREATED = 201


class AccountRoutes:
    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        group = INSIGHT_GROUPS.path + "/{id}/insights/{insight_id}/"
        return [
            *[route for kind in KINDS for route in self._routes(kind)],
            web.post(group + "assign", action(self.assign)),
            web.delete(group + "unassign", action(self.unassign)),
        ]

    def _routes(self, kind: Kind) -> list[web.RouteDef]:
        one = kind.path + "/{id}"
        if not kind.is_made_here:
            return [web.get(kind.path, action(self._list(kind)))]
        always = [
            web.get(kind.path, action(self._list(kind))),
            web.post(kind.path, action(self._create(kind))),
            web.delete(one, action(self._delete(kind))),
        ]
        if not kind.verb:  # a secret is never shown again, and changed only by making another one
            return always
        return [
            *always,
            web.get(one, action(self._get(kind))),
            web.route(kind.verb, one, action(self._update(kind))),
        ]

    def _list(self, kind: Kind) -> Action:
        async def handle(request: web.Request) -> Any:
            found = [self._account.shown(kind, one) for one in self._account.all(kind)]
            if kind.style == "whole":
                return {"data": found}
            size = min(_number(request, "page[size]", PAGE_SIZE), MAX_PAGE_SIZE)
            page = _number(request, "page[number]", 1)
            shown = found[(page - 1) * size : page * size]
            if kind.style == "array":
                return shown
            total, pages = len(found), -(-len(found) // size)
            meta = {"total_results": total, "total_pages": pages, "page_number": page, "page_size": size}
            return {"data": shown, "meta": meta}

        return handle

    def _get(self, kind: Kind) -> Action:
        async def handle(request: web.Request) -> Any:
            return self._printed(kind, self._find(kind, request))

        return handle

    def _create(self, kind: Kind) -> Action:
        async def handle(request: web.Request) -> web.Response:
            try:
                made = self._account.create(kind, body_of(request))
            except Refused as refusal:
                return _refusal(kind, refusal)
            status = 200 if kind.name in AI_KINDS else CREATED
            return web.json_response(self._printed(kind, made), status=status)

        return handle

    def _update(self, kind: Kind) -> Action:
        async def handle(request: web.Request) -> Any:
            found = self._find(kind, request)
            try:
                return self._printed(kind, self._account.update(kind, found, body_of(request)))
            except Refused as refusal:
                return _refusal(kind, refusal)

        return handle

    def _delete(self, kind: Kind) -> Action:
        async def handle(request: web.Request) -> Any:
            found = self._find(kind, request)
            self._account.delete(kind, str(found["id"]))
            if kind is ASSISTANTS:
                return {"id": found["id"], "object": "assistant", "deleted": True}
            return self._printed(kind, found)

        return handle

    async def assign(self, request: web.Request) -> Any:
        group, insight = self._pair(request)
        if insight["id"] not in [held["id"] for held in group["insights"]]:
            group["insights"].append(insight)
        return {}

    async def unassign(self, request: web.Request) -> Any:
        group, insight = self._pair(request)
        group["insights"] = [held for held in group["insights"] if held["id"] != insight["id"]]
        return {}

    def _pair(self, request: web.Request) -> tuple[Settings, Settings]:
        insight = self._account.get(INSIGHTS, request.match_info["insight_id"])
        if insight is None:
            raise not_found("Insight")
        return self._find(INSIGHT_GROUPS, request), insight

    def _find(self, kind: Kind, request: web.Request) -> Settings:
        found = self._account.get(kind, request.match_info["id"])
        if found is None:
            raise not_found("Resource")
        return found

    def _printed(self, kind: Kind, found: Settings) -> Body:
        """Assistants and MCP servers come bare, everything else in an envelope."""
        shown = self._account.shown(kind, found)
        return shown if kind is ASSISTANTS or kind.style == "array" else {"data": shown}


def _refusal(kind: Kind, refusal: Refused) -> web.Response:
    """The AI interface words a mistake in its own way, without a code; other refusals of it have one."""
    if kind.name in AI_KINDS and refusal.status == web.HTTPUnprocessableEntity.status_code:
        place = ["body", *refusal.parameter.split(".")]
        return web.json_response(
            {"detail": [{"loc": place, "msg": str(refusal), "type": "value_error"}]}, status=refusal.status
        )
    error = {
        "code": refusal.code,
        "title": "Invalid parameter",
        "detail": str(refusal),
        "source": {"pointer": "/" + refusal.parameter.replace(".", "/")},
    }
    return web.json_response({"errors": [error]}, status=refusal.status)


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise invalid(f"'{name}' must be a positive number.")
    return int(text)
