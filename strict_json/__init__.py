"""JSON from outside, be it Telnyx or a browser: strict about encoding, lenient about the shape of each field."""

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

MAX_DEPTH = 64
MAX_ID_CHARS = 255

# PostgreSQL stores neither NUL nor a lone surrogate in text or jsonb.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# How JSON may spell them. Every surrogate counts, also of a pair: most texts have none, and are looked through once.
_SPELT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class Unreadable(ValueError):
    """The text is not JSON that we can store: syntax, depth, or a number without a value."""


def decode(text: str) -> Any:
    """Parse JSON and clean every string in it. Raises Unreadable, whatever the text."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except Unreadable:
        raise
    except RecursionError as error:
        raise Unreadable("nested too deep") from error
    except ValueError as error:  # syntax, or an integer past Python's digit limit
        raise Unreadable("not JSON") from error
    if _SPELT.search(text) or (not text.isascii() and _UNSTORABLE.search(text)):
        return cleaned(value)
    _refuse_depth(value)
    return value


def _refuse_depth(value: Any) -> None:
    """Raise Unreadable as `cleaned` does, which looks into every string beside."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        inner = (item for one in level for item in (one.values() if type(one) is dict else one))
        level = [item for item in inner if type(item) is dict or type(item) is list]
    if level:
        raise Unreadable("nested too deep")


def _refuse(constant: str) -> NoReturn:
    raise Unreadable(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Unreadable("number out of range")
    return number


def cleaned(value: Any, *, depth: int = MAX_DEPTH) -> Any:
    """Return a copy in which every string, keys too, can be stored. Raises Unreadable past `depth` levels."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == 0:
        raise Unreadable("nested too deep")
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item, depth=depth - 1) for key, item in value.items()}
    return [cleaned(item, depth=depth - 1) for item in value]


def embedded(value: Any) -> Any:
    """Decode an object or array that arrived as a JSON string; anything else stays as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return decode(value)
    except Unreadable:
        return value  # plain prose may begin with a bracket


def text(value: Any) -> str:
    """Return a string or number as text, anything else as an empty string."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def identifier(value: Any) -> str | None:
    """Return an id as text; None when it is absent, empty, or too long to be an id."""
    found = text(value)
    return found if 0 < len(found) <= MAX_ID_CHARS else None


def whole(value: Any) -> int | None:
    """Return a count or a number of seconds, also when it arrived as text; None past a 32-bit column."""
    try:
        number = int(float(text(value)))
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 2**31 else None


def instant(value: Any) -> datetime | None:
    """Return a moment in UTC from ISO 8601 or RFC 2822; a moment without a zone is UTC."""
    found = text(value).strip()
    if not found:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(found)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def mapping(value: Any) -> dict[str, Any]:
    """Return an object, decoded when it arrived as a JSON string; anything else as an empty one."""
    found = embedded(value)
    return found if isinstance(found, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an array; anything else is left out."""
    found = embedded(value)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
