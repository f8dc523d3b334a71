"""Read the small JSON bodies of the dashboard's actions, strictly."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

NOTES_LENGTH = 20_000
DISPOSITION_LENGTH = 40


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
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadBody("Send a JSON object.") from error
    if not isinstance(body, dict):
        raise BadBody("Send a JSON object.")
    return body


def flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise BadBody(f"“{name}” must be true or false.")
    return value


def text(body: dict[str, Any], name: str, *, longest: int) -> str:
    """A string PostgreSQL can keep: NUL and lone surrogates are refused."""
    value = body.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise BadBody(f"“{name}” must be text of at most {longest} characters.")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadBody(f"“{name}” holds characters that cannot be kept.")
    return value
