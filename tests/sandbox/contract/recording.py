"""Writes down what the sandbox answers: to the official SDK with the model that it reads it as, and to everybody."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web
from telnyx import AsyncTelnyx

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Answer:
    """A good answer, and the model as which the SDK reads it."""

    method: str
    path: str
    model: Any
    body: Any


@dataclass(frozen=True)
class Refusal:
    method: str
    path: str
    status: int
    body: Any


@dataclass
class Record:
    answers: list[Answer] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def client(self, *, base_url: str, api_key: str) -> AsyncTelnyx:
        """An SDK whose good answers are written down."""
        answers = self.answers

        class Recording(AsyncTelnyx):
            async def _process_response(self, *, cast_to: Any, options: Any, response: Any, **rest: Any) -> Any:
                assert isinstance(response, httpx.Response)
                is_json = "json" in response.headers.get("content-type", "")
                body = json.loads(response.content) if is_json else response.text
                # As the SDK does with lists that come without an envelope.
                body = {"items": body} if isinstance(body, list) else body
                answers.append(Answer(options.method.upper(), response.url.path, cast_to, body))
                return await super()._process_response(cast_to=cast_to, options=options, response=response, **rest)

        return Recording(api_key=api_key, base_url=base_url, timeout=5.0, max_retries=0)

    @property
    def middleware(self) -> Any:
        """Writes down every refusal, whoever asked."""

        @web.middleware
        async def write_down(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            if request.path.startswith("/v2/") and response.status >= 400 and isinstance(response, web.Response):
                body = json.loads(response.text or "null")
                self.refusals.append(Refusal(request.method, request.path, response.status, body))
            return response

        return write_down


def unanswered(app: web.Application, answers: list[Answer]) -> set[tuple[str, str]]:
    """Return the REST routes of the sandbox of which the SDK has read no good answer."""
    found = set()
    for route in app.router.routes():
        info = route.resource.get_info() if route.resource else {}
        pattern = info.get("pattern") or re.compile(re.escape(str(info.get("path"))))
        place = str(info.get("formatter") or info.get("path"))
        is_rest = place.startswith("/v2/") and route.method != "HEAD"
        if is_rest and not any(one.method == route.method and pattern.fullmatch(one.path) for one in answers):
            found.add((route.method, place))
    return found
