"""REST: on-demand telephony credentials."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.model.account import Account
from sandbox.model.account_kinds import CONNECTIONS
from sandbox.model.credentials import Credential, CredentialStore
from sandbox.rest.door import ApiError, Body, action, body_of, invalid, not_found, text_of

PAGE_SIZE, MAX_PAGE_SIZE = 50, 250
CREATED = 201


class CredentialRoutes:
    def __init__(self, account: Account, store: CredentialStore) -> None:
        self._account = account
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        base = "/v2/telephony_credentials"
        return [
            web.post(base, action(self.create)),
            web.get(base, action(self.list_credentials)),
            web.get(base + "/{id}", action(self.get)),
            web.patch(base + "/{id}", action(self.update)),
            web.delete(base + "/{id}", action(self.delete)),
            web.post(base + "/{id}/token", action(self.token)),
        ]

    async def create(self, request: web.Request) -> web.Response:
        body = body_of(request)
        connection_id = text_of(body, "connection_id")
        if self._account.get(CONNECTIONS, connection_id) is None:
            detail = "connection_id does not name a credential connection of this account."
            raise invalid(detail, parameter="connection_id")
        tag = body.get("tag")
        credential = Credential(
            connection_id=connection_id,
            name=str(body.get("name") or ""),
            tag=None if tag is None else str(tag),
            expires_at=_moment(body.get("expires_at")),
        )
        self._store.add(credential)
        return web.json_response({"data": credential.as_json()}, status=CREATED)

    async def list_credentials(self, request: web.Request) -> Body:
        found = [credential for credential in self._store.all() if _matches(credential, request)]
        size = min(_number(request, "page[size]", PAGE_SIZE), MAX_PAGE_SIZE)
        page = _number(request, "page[number]", 1)
        shown = found[(page - 1) * size : page * size]
        meta = {
            "total_results": len(found),
            "total_pages": -(-len(found) // size),
            "page_number": page,
            "page_size": size,
        }
        return {"data": [credential.as_json() for credential in shown], "meta": meta}

    async def get(self, request: web.Request) -> Body:
        return {"data": self._find(request).as_json()}

    async def update(self, request: web.Request) -> Any:
        # The odd error: https://developers.telnyx.com/development/webrtc/auth/telephony-credentials (2026-04)
        credential, body = self._find(request), body_of(request)
        if credential.expired:
            errors = {"status": "can't update credentials in expired status"}
            return web.json_response({"errors": errors}, status=web.HTTPUnprocessableEntity.status_code)
        if body.get("name") is not None:
            credential.name = str(body["name"])
        if body.get("tag") is not None:
            credential.tag = str(body["tag"])
        if body.get("expires_at") is not None:
            credential.expires_at = _moment(body["expires_at"])
        return {"data": credential.as_json()}

    async def delete(self, request: web.Request) -> Body:
        credential = self._find(request)
        self._store.delete(credential.id)
        return {"data": credential.as_json()}

    async def token(self, request: web.Request) -> web.Response:
        credential = self._find(request)
        if credential.expired:
            raise ApiError(422, "10027", "Unprocessable Entity", "An expired credential cannot issue tokens.")
        return web.Response(text=self._store.issue_token(credential), status=CREATED, content_type="text/plain")

    def _find(self, request: web.Request) -> Credential:
        credential = self._store.get(request.match_info["id"])
        if credential is None:
            raise not_found("Telephony credential")
        return credential


def _matches(credential: Credential, request: web.Request) -> bool:
    facts: dict[str, Any] = {
        "tag": credential.tag,
        "name": credential.name,
        "sip_username": credential.sip_username,
        "resource_id": f"connection:{credential.connection_id}",
        "status": "expired" if credential.expired else "active",
    }
    return all(request.query.get(f"filter[{name}]", value) == value for name, value in facts.items())


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise invalid(f"'{name}' must be a positive number.")
    return int(text)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise invalid("'expires_at' must be an ISO 8601 date and time.", parameter="expires_at") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
