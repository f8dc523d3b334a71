"""Bodies of requests are bounded while they arrive, in bytes and in time, whoever reads them."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

MAX_BYTES = 1_048_576
# What a page or Telnyx sends comes in one piece; whoever takes longer holds a connection, and nothing else.
ARRIVED_WITHIN_SECONDS = 10

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_DISCONNECT: Message = {"type": "http.disconnect"}


class Bounded:
    """An ASGI application that answers 413 or 408 in the place of `application`, before it has read such a body.

    The server must hand a body on while it arrives. Daphne keeps all of it first, at whatever length.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, send)
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if length.isdigit() and int(length) > MAX_BYTES:
            body.refused = 413
        else:
            await self.application(scope, body.receive, body.send)
        if body.refused and not body.is_answered:
            await respond(send, body.refused, closes=True)


class _Body:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._deadline = asyncio.get_running_loop().time() + ARRIVED_WITHIN_SECONDS
        self._size = 0
        self._is_complete = False
        self.refused = 0
        self.is_answered = False

    async def receive(self) -> Message:
        """To the application it looks as if the sender had gone away."""
        if self._is_complete or self.refused:
            return _DISCONNECT if self.refused else await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.refused = 408
            return _DISCONNECT
        self._size += len(message.get("body", b""))
        if self._size > MAX_BYTES:
            self.refused = 413
            return _DISCONNECT
        self._is_complete = not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        if self.refused:
            return  # What an application says to somebody who has gone.
        self.is_answered = True
        await self._send(message)


async def respond(send: Send, status: int, body: bytes = b"", *, closes: bool = False, allow: str = "") -> None:
    """A whole answer; one that `closes` ends the connection, for what is left of the body is not read."""
    headers = [(b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/json"))
    if allow:
        headers.append((b"allow", allow.encode()))
    if closes:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
