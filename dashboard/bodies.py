"""Read the small JSON bodies of the dashboard's actions, strictly; what PostgreSQL could not keep is replaced."""

from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

import strict_json

NOTES_LENGTH = 20_000
DISPOSITION_LENGTH = 40
STEER_LENGTH = 500
INSTRUCTION_LENGTH = 500


class BadBody(ValueError):
    """The body is not what this address takes; the message may be shown."""


def read(request: HttpRequest, *, most_bytes: int) -> dict[str, Any]:
    """The JSON object of the body; raises BadBody."""
    if request.content_type != "application/json":
        raise BadBody("Send a JSON object.")
    try:
        raw = request.body
    except RequestDataTooBig as error:
        raise BadBody("The body is too long.") from error
    if len(raw) > most_bytes:
        raise BadBody("The body is too long.")
    try:
        body = strict_json.decode((raw or b"{}").decode())
    except (UnicodeDecodeError, strict_json.Unreadable) as error:
        raise BadBody("Send a JSON object.") from error
    if not isinstance(body, dict):
        raise BadBody("Send a JSON object.")
    return body


def flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise BadBody(f"“{name}” must be true or false.")
    return value


def words(body: dict[str, Any], name: str, *, longest: int) -> str:
    """Text that says something."""
    value = text(body, name, longest=longest).strip()
    if not value:
        raise BadBody(f"“{name}” is empty.")
    return value


def number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        raise BadBody(f"“{name}” must be a number.")
    return value


def page(body: dict[str, Any]) -> UUID | None:
    """The name that an open page gave itself; None where it gave none."""
    value = body.get("page")
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadBody("“page” must be a UUID.") from error


def text(body: dict[str, Any], name: str, *, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise BadBody(f"“{name}” must be text of at most {longest} characters.")
    return value
