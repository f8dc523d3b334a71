"""One request to Telnyx through its SDK: parameters out, a checked answer or a TelnyxError back."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec
from uuid import UUID

import httpx
import telnyx

from strict_json import cleaned, decode, mapping, objects, text, whole
from telephony.reason_codes import API_CODES, LIMIT_API_CODES

P = ParamSpec("P")
Request = Callable[P, telnyx.APIResponse[Any]]
CommandId = str | UUID

MAX_PAGES = 50

# A repeat may succeed: timeout, conflict, too early, rate limit. Every other 4xx stays what it is.
_PASSING_STATUSES = frozenset({408, 409, 425, 429})
# These say that the sender of the answer does not know what became of the request.
_UNKNOWING_STATUSES = frozenset({408, 502, 504})
_PAUSING_STATUSES = frozenset({429, 503})
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_PLACE = re.compile(r"[0-9A-Za-z_./-]{1,80}")
_CODE = re.compile(r"[0-9A-Za-z._-]{1,20}")
# “You have exceeded the number of dials per hour allowed for your account.”, with HTTP 429 and a code that nobody has
# written down: seen live by third parties (2026).
_HOURLY = re.compile(r"\bdials per (second|minute|hour|day)\b", re.IGNORECASE)


class TelnyxError(Exception):
    """A Telnyx request failed. `permanent` means that a retry cannot help.

    `outcome_unknown`: the request may have been carried out; observe the call before repeating it later than 60 s
    (https://developers.telnyx.com/docs/voice/programmable-voice/receiving-webhooks).
    `status` is the HTTP status, None without an answer. `code` is Telnyx's own, e.g. "90018" for a call that has ended.
    `retry_after` is in seconds, set when Telnyx asked for a pause. `is_limit`: a limit of the account keeps a new leg
    from coming about; the same may be asked again later. The message holds none of the request's content, but
    names the parameter that was refused.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        code: str | None = None,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
        is_limit: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.code = code
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.is_limit = is_limit


def given(**parameters: Any) -> dict[str, Any]:
    """Leave out what is None, and clean the rest: the SDK cannot encode a lone surrogate."""
    return {name: cleaned(value) for name, value in parameters.items() if value is not None}


def command(command_id: CommandId, client_state: str | None = None) -> dict[str, Any]:
    """Return what every command carries."""
    return given(command_id=str(command_id), client_state=client_state)


def send(request: Request[P], /, *arguments: P.args, **parameters: P.kwargs) -> httpx.Response:
    """Make one SDK request and return its HTTP answer. Raises TelnyxError."""
    name = getattr(request, "__name__", "request")
    try:
        return request(*arguments, **parameters).http_response
    except telnyx.APIStatusError as error:
        failure = _refused(name, error)
    except telnyx.APIConnectionError as error:
        cause = error.__cause__
        failure = TelnyxError(
            f"{name}: no answer from Telnyx ({type(cause or error).__name__})",
            outcome_unknown=not isinstance(cause, _NEVER_SENT),
        )
    # Raised outside the handlers: the SDK's errors carry the request, whose headers and body hold secrets and numbers.
    raise failure


def ask(request: Request[P], /, *arguments: P.args, **parameters: P.kwargs) -> dict[str, Any]:
    """Make one SDK request and return the JSON object that answers it. Raises TelnyxError."""
    body = _json(send(request, *arguments, **parameters))
    if not isinstance(body, dict):
        raise unreadable(getattr(request, "__name__", "request"))
    return body


def rows(request: Request[P], /, *arguments: P.args, **parameters: P.kwargs) -> list[dict[str, Any]]:
    """Return the rows of one answer, which is an array or holds it in `data`. Raises TelnyxError."""
    body = _json(send(request, *arguments, **parameters))
    if not isinstance(body, dict | list):
        raise unreadable(getattr(request, "__name__", "request"))
    return objects(body if isinstance(body, list) else body.get("data"))


def pages(request: Request[...], /, *arguments: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of every page. Raises TelnyxError."""
    found: list[dict[str, Any]] = []
    for number in range(1, MAX_PAGES + 1):
        answer = ask(request, *arguments, page_number=number, **parameters)
        page = objects(answer.get("data"))
        found += page
        total = whole(mapping(answer.get("meta")).get("total_pages"))
        if not page or total is None or number >= total:
            break
    return found


def bare_pages(request: Request[...], /, *, page_size: int) -> list[dict[str, Any]]:
    """Return the rows of every page of a list that does not count its pages. Raises TelnyxError."""
    found: list[dict[str, Any]] = []
    for number in range(1, MAX_PAGES + 1):
        page = rows(request, page_number=number, page_size=page_size)
        found += page
        if len(page) < page_size:
            break
    return found


def _json(answer: httpx.Response) -> Any:
    try:
        return decode(answer.content.decode())
    except ValueError:
        return None


def unreadable(name: str) -> TelnyxError:
    """Return the error for a 2xx answer without what it must hold; the request may well have been carried out."""
    return TelnyxError(f"{name}: the answer of Telnyx is unreadable", outcome_unknown=True)


def _refused(name: str, error: telnyx.APIStatusError) -> TelnyxError:
    status, code, parameter = error.status_code, _code(error.body), _parameter(error.body)
    meaning = API_CODES.get(code or "", "")
    return TelnyxError(
        f"{name}: refused with HTTP {status}"
        + (f", code {code}" if code else "")
        + (f": {meaning}" if meaning else "")
        + (f" (at {parameter})" if parameter else ""),
        permanent=status < 500 and status not in _PASSING_STATUSES,
        status=status,
        code=code,
        outcome_unknown=status in _UNKNOWING_STATUSES,
        retry_after=_pause(error.response.headers) if status in _PAUSING_STATUSES else None,
        is_limit=code in LIMIT_API_CODES or _is_hourly(error.body),
    )


def _code(body: object) -> str | None:
    found = next((text(item.get("code")) for item in objects(mapping(body).get("errors"))), "")
    return found if _CODE.fullmatch(found) else None


def _is_hourly(body: object) -> bool:
    told = (text(item.get(name)) for item in objects(mapping(body).get("errors")) for name in ("title", "detail"))
    return any(_HOURLY.search(part[:500]) for part in told)


def _parameter(body: object) -> str:
    """Say where in the request the mistake is; Telnyx's AI addresses report mistakes in another shape."""
    sources = (mapping(item.get("source")) for item in objects(mapping(body).get("errors")))
    places = (item.get("loc") for item in objects(mapping(body).get("detail")))
    found = [text(source.get("pointer")) for source in sources]
    found += [".".join(map(text, place)) for place in places if isinstance(place, list)]
    return next((place for place in found if _PLACE.fullmatch(place)), "")


def _pause(headers: Mapping[str, str]) -> float | None:
    for name in ("retry-after", "x-ratelimit-reset"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None
