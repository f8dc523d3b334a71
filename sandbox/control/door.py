"""The guarded door of the test bench."""

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[Any]]


class ControlDoor:
    """Admits who has the control token, and answers a request without sense with 400 and the reason."""

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}".encode()

    def guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            offered = request.headers.get("Authorization", "").encode()
            if not secrets.compare_digest(offered, self._authorization):
                return web.json_response({"error": "the control token is missing or wrong"}, status=401)
            try:
                return web.json_response(await handler(request))
            except ValueError as error:
                return web.json_response({"error": str(error)}, status=400)

        return guarded


async def body_of(request: web.Request) -> Any:
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise ValueError("the body is not JSON") from error
