"""The door before MCP: who may come in, how often, and with how much. What it lets through is one clean JSON object."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

import strict_json
from assistant_tools import access, threads
from sessions_app.http import client_ip, limits

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 65_536
BODY_SECONDS = 10.0
# Codes of JSON-RPC; the last one is free for servers.
PARSE_ERROR, INVALID_REQUEST, INTERNAL_ERROR, TURNED_AWAY = -32700, -32600, -32603, -32000
_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class TurnedAway(Exception):
    """A request does not get through to MCP."""

    def __init__(
        self, status: int, message: str, *, code: int = TURNED_AWAY, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


class Door:
    """An ASGI application that guards another one."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(send)
        try:
            body = await admit(scope, receive)
            await self._inner(scope, replayed(body, receive), answer)
        except TurnedAway as refusal:
            await answer.turn_away(refusal)
        except Exception:  # Whatever went wrong in there, the caller gets an answer that tells nothing of it.
            logger.exception("Could not answer a request over MCP")
            await answer.turn_away(TurnedAway(500, "This did not work.", code=INTERNAL_ERROR))


class Answer:
    """Sends what the inner application answers, with headers of our own."""

    def __init__(self, send: Send) -> None:
        self._send, self._has_begun = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await self._send(message)

    async def turn_away(self, refusal: TurnedAway) -> None:
        if self._has_begun:
            return
        body = {"jsonrpc": "2.0", "id": None, "error": {"code": refusal.code, "message": str(refusal)}}
        content = json.dumps(body).encode()
        headers = [(name.encode(), value.encode()) for name, value in refusal.headers]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await self({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self({"type": "http.response.body", "body": content})


async def admit(scope: Scope, receive: Receive) -> bytes:
    """The body of a request that may come in, cleaned. Raises TurnedAway."""
    headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    _check_sender(scope["method"], headers)
    peer = str((scope.get("client") or ("",))[0])
    address = client_ip.behind_proxies(peer, headers.get("x-forwarded-for", ""))
    await threads.run(_count, headers["authorization"], address)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise TurnedAway(415, "Send JSON.")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise TurnedAway(413, "The request is too long.")
    try:
        return cleaned(await asyncio.wait_for(_read(receive), BODY_SECONDS))
    except TimeoutError as error:
        raise TurnedAway(408, "The request did not come to its end.") from error


def cleaned(body: bytes) -> bytes:
    """One JSON object, encoded anew without what PostgreSQL could not keep. Raises TurnedAway."""
    try:
        decoded = strict_json.decode(body.decode())
    except (UnicodeDecodeError, strict_json.Unreadable) as error:
        raise TurnedAway(400, "The request is not JSON.", code=PARSE_ERROR) from error
    if not isinstance(decoded, dict):
        raise TurnedAway(400, "Send one request at a time.", code=INVALID_REQUEST)
    if not isinstance(decoded.get("id", 0), str | int):
        raise TurnedAway(400, "The id is neither a text nor a number.", code=INVALID_REQUEST)
    params = decoded.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    # Telnyx sends the token for progress as null, which stands for none and is none in the protocol's schema.
    if isinstance(meta, dict) and meta.get("progressToken", "") is None:
        del meta["progressToken"]
    return json.dumps(decoded).encode()


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands the body out once more."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def _check_sender(method: str, headers: dict[str, str]) -> None:
    if not settings.MCP_SECRETS:
        raise TurnedAway(503, "MCP_SECRETS is not set on this server.")
    domain, _ = split_domain_port(headers.get("host", ""))
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise TurnedAway(421, "This server has another name.")
    if headers.get("origin", settings.PUBLIC_URL) != settings.PUBLIC_URL:
        raise TurnedAway(403, "This origin is not allowed.")
    if not access.is_granted(headers.get("authorization", "")):
        raise TurnedAway(401, "The secret is missing or wrong.", headers=(("www-authenticate", "Bearer"),))
    if method != "POST":
        raise TurnedAway(405, "Use POST.", headers=(("allow", "POST"),))


def _count(authorization: str, address: str) -> None:
    try:
        access.count(authorization, address)
    except limits.Refused as refused:
        headers = (("retry-after", str(refused.retry_after)),)
        raise TurnedAway(429, "Too many requests.", headers=headers) from refused
    except limits.LimiterDown as down:
        raise TurnedAway(503, "This is not possible at the moment.", headers=(("retry-after", "5"),)) from down


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise TurnedAway(400, "The request did not come to its end.")
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise TurnedAway(413, "The request is too long.")
        if not message.get("more_body"):
            return bytes(body)
