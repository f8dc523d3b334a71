"""The door of the REST interface: who may enter, what is remembered, what goes wrong on purpose."""

import asyncio
import base64
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from sandbox.model.faults import Fault, Faults
from sandbox.rest.budget import Budget
from sandbox.rest.journal import Answer, CommandMemory, Entry, Journal

logger = logging.getLogger(__name__)

PREFIX = "/v2/"
ERROR_PAGES = "https://developers.telnyx.com/docs/overview/errors/"
MAX_BODY_BYTES = 1_000_000
HANG_SECONDS = 300.0
HANG_POLL_SECONDS = 0.2
NO_CONTENT = 204

# What the platform says with these, when a fault does not name a code.
STATUS_CODES = {
    401: ("10009", "Authentication failed"),
    403: ("10010", "Authorization failed"),
    404: ("10005", "Resource not found"),
    422: ("10015", "Invalid parameter"),
}

Body = dict[str, Any]
BODY = web.RequestKey("body", object)
Action = Callable[[web.Request], Awaitable[Any]]


class ApiError(Exception):
    """A refusal in the platform's own words; `parameter` is the field, or part of the query, that is meant, if any."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        parameter: str | None = None,
        is_query: bool = False,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.body = error_body(code, title, detail or title, parameter=parameter, is_query=is_query)


def error_body(code: str, title: str, detail: str, *, parameter: str | None = None, is_query: bool = False) -> Body:
    """Source: https://developers.telnyx.com/api-reference/call-commands/dial, the examples of its 422 (2026-11)."""
    error: Body = {"code": code, "title": title, "detail": detail, "meta": {"url": ERROR_PAGES + code}}
    if parameter is not None:
        error["source"] = {"parameter": parameter} if is_query else {"pointer": "/" + parameter.replace(".", "/")}
    return {"errors": [error]}


def not_found(what: str = "Resource") -> ApiError:
    return ApiError(404, "10005", "Resource not found", f"{what} could not be found.", parameter="")


def invalid(detail: str, *, parameter: str | None = None, is_query: bool = False) -> ApiError:
    return ApiError(422, "10015", "Invalid parameter", detail, parameter=parameter, is_query=is_query)


def missing(name: str, *, is_query: bool = False) -> ApiError:
    detail = f"The '{name}' parameter is required."
    return ApiError(422, "10004", "Missing required parameter", detail, parameter=name, is_query=is_query)


def not_one_of(choices: Sequence[str], *, parameter: str) -> ApiError:
    detail = f"The value must be one of: {', '.join(choices)}."
    return ApiError(422, "10032", "Invalid enumerated value", detail, parameter=parameter)


def body_of(request: web.Request) -> Body:
    """Return the decoded JSON object; the door has made sure that it is one."""
    body = request[BODY]
    return body if isinstance(body, dict) else {}


def text_of(body: Body, name: str) -> str:
    """Return a required text field of the body."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise missing(name)
    return value


def optional_text(body: Body, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def seconds_of(body: Body, name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"'{name}' must be a number.", parameter=name)
    return float(value)


def state_of(body: Body, name: str = "client_state") -> str | None:
    """Return a state that is to come back with later events; what is no base64 is refused.

    Source: https://developers.telnyx.com/docs/overview/errors/90017
    """
    value = body.get(name)
    if value is None:
        return None
    try:
        base64.b64decode(str(value), validate=True)
    except ValueError:
        detail = f"The '{name}' parameter must be a valid base64 string."
        raise ApiError(422, "90017", f"Invalid value for {name}", detail, parameter=name) from None
    return str(value)


def action(handler: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Adapt a handler that returns what is to be printed as JSON."""

    async def adapted(request: web.Request) -> web.StreamResponse:
        result = await handler(request)
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response(result)

    return adapted


class Door:
    """The middleware of everything under /v2."""

    def __init__(
        self, *, api_key: str, faults: Faults, journal: Journal, memory: CommandMemory, budget: Budget
    ) -> None:
        self._authorization = f"Bearer {api_key}".encode()
        self._budget = budget
        self._faults = faults
        self._journal = journal
        self._memory = memory

    @property
    def middleware(self) -> Any:
        @web.middleware
        async def guard(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            if not request.path.startswith(PREFIX):
                return await handler(request)
            raw = await request.read()
            request[BODY] = _decoded(raw)
            entry = self._journal.open(request.method, request.path, request[BODY])
            is_within = self._budget.spend()
            response = await self._admit(request, handler, entry) if is_within else _error(TOO_MANY)
            for name, value in self._budget.headers().items():
                response.headers.setdefault(name, value)
            entry.status = response.status
            return response

        return guard

    async def _admit(self, request: web.Request, handler: Any, entry: Entry) -> web.StreamResponse:
        offered = request.headers.get("Authorization", "").encode()
        if not secrets.compare_digest(offered, self._authorization):
            return _error(ApiError(401, "10009", "Authentication failed", "The API key is missing or wrong."))
        if not isinstance(request[BODY], dict):
            return _error(ApiError(400, "10015", "Bad Request", "The body is not a JSON object."))
        fault = self._faults.for_request(entry.subject)
        entry.fault = fault.mode if fault else None
        instead = await _misbehave(request, fault) if fault else None
        if instead is not None:
            return instead
        response = await self._once(request, handler, entry)
        if fault and fault.mode == "lose_reply":
            _abort(request)
        elif fault and fault.mode == "execute_then_hang":
            await _until_gone(request)
        return response

    async def _once(self, request: web.Request, handler: Any, entry: Entry) -> web.StreamResponse:
        if entry.command_id is None:
            response = await _execute(request, handler)
            entry.executed(_answer(response))
            return response
        # A command id counts per call; a dial has no call yet and counts for all dials.
        key = (request.match_info.get("id", request.path), entry.command_id)
        known = self._memory.recall(key)
        if known:
            status, body = await asyncio.shield(known)
            return web.json_response(body, status=status)
        future = self._memory.begin(key)
        response = await _execute(request, handler)
        answer = _answer(response)
        future.set_result(answer)
        entry.executed(answer)
        if not entry.effective:
            self._memory.drop(key)
        return response


# https://developers.telnyx.com/development/api-fundamentals/reliability/rate-limiting
TOO_MANY = ApiError(429, "10011", "Too many requests", "You have exceeded the maximum number of allowed requests.")


async def _execute(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except ApiError as error:
        return _error(error)
    except web.HTTPNotFound:
        return _error(not_found())
    except web.HTTPMethodNotAllowed:
        return _error(ApiError(405, "10015", "Method not allowed"))


async def _misbehave(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """Return the answer that replaces the real one, or None when the request goes on."""
    if fault.mode == "slow":
        await asyncio.sleep(fault.seconds)
    elif fault.mode == "status":
        return _fault_status(fault)
    elif fault.mode == "ignore":
        return web.json_response({"data": {"result": "ok"}})
    elif fault.mode == "reset":
        _abort(request)
        return web.Response(status=499)
    elif fault.mode == "hang":
        await _until_gone(request)
        return web.Response(status=499)
    return None


def _fault_status(fault: Fault) -> web.Response:
    if fault.status == 429:
        headers = {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(fault.seconds))}
        return web.json_response(error_body("10011", "Too many requests", "Slow down."), status=429, headers=headers)
    code, title = STATUS_CODES.get(fault.status, ("10007", "Unexpected error"))
    return web.json_response(error_body(fault.code or code, title, "Injected."), status=fault.status)


async def _until_gone(request: web.Request) -> None:
    """Keep the connection open without a word until the client gives up."""
    waited = 0.0
    while request.transport and not request.transport.is_closing() and waited < HANG_SECONDS:
        await asyncio.sleep(HANG_POLL_SECONDS)
        waited += HANG_POLL_SECONDS


def _abort(request: web.Request) -> None:
    if isinstance(request.transport, asyncio.WriteTransport):
        request.transport.abort()


def _answer(response: web.StreamResponse) -> Answer:
    is_json = isinstance(response, web.Response) and response.content_type == "application/json"
    text = response.text if is_json and isinstance(response, web.Response) else None
    return response.status, json.loads(text or "{}")


def _error(error: ApiError) -> web.Response:
    return web.json_response(error.body, status=error.status)


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        return None
