"""One answer: how it is kept, whether it fits its question, and how a closer's words become one. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry

from sessions_app.rules import phone_numbers

# Of a longer value the beginning is kept; the whole stays in the webhook that brought it.
MAX_CHARS = 4_000
# No sum, year or telephone number is longer; browsers, too, count exactly no further.
LARGEST = 10**15

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0"})
_WRONG_TYPE = {
    "integer": "Not a whole number.",
    "number": "Not a number.",
    "boolean": "Neither yes nor no.",
    "string": "Not a text.",
}
_WRONG_FORMAT = {
    "email": "Not an e-mail address.",
    "date": "Not a date such as 2026-03-31.",
}


class Unfit(ValueError):
    """A closer's words are no answer to the question; the message may be shown."""


@dataclass(frozen=True)
class Kept:
    value: Any
    digest: str
    length: int


def is_one(value: Any) -> bool:
    """Whether a value says anything; spaces and what cannot be seen say nothing."""
    if isinstance(value, str):
        return any(character.isprintable() and not character.isspace() for character in value)
    return value not in (None, [], {})


def kept(value: Any) -> Kept:
    written = json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = value if isinstance(value, str) else written
    is_short = len(text) <= MAX_CHARS
    digest = sha256(written.encode()).hexdigest()[:16]
    return Kept(value if is_short else text[:MAX_CHARS], digest, len(text))


def problem(rule: Any, value: Any, *, country: str = "", length: int = 0) -> str:
    """Why a value does not fit its question, in words for a closer; "" when it does. Never raises.

    A telephone number that names no country is one of `country` (ISO 3166).
    """
    if length > MAX_CHARS:
        return f"Too long: of {length:,} characters the first {MAX_CHARS:,} are kept."
    if not isinstance(rule, Mapping) or not is_one(value):
        return ""
    if isinstance(value, int | float) and abs(value) > LARGEST:
        return "Too large a number."
    validator = Draft202012Validator(rule, registry=Registry(), format_checker=_formats(country))
    try:
        error = best_match(validator.iter_errors(value))
    # A rule may point nowhere or at itself, or reckon with a number that is past reckoning.
    except Exception:  # noqa: BLE001
        return "The question's own rule cannot be read."
    return _words(error) if error is not None else ""


def typed(rule: Any, text: str, *, country: str = "") -> Any:
    """What a closer's words mean as an answer; "" says that it is not known. Raises Unfit."""
    told = text.strip()
    kind = rule.get("type") if isinstance(rule, Mapping) else None
    value = _READERS.get(str(kind), str)(told) if told else ""
    reason = problem(rule, value, country=country)
    if reason:
        raise Unfit(reason)
    return value


def _words(error: ValidationError) -> str:
    if error.absolute_path:
        return "Does not fit the question."
    if error.validator == "enum" and isinstance(error.validator_value, list):
        choices = ", ".join(str(choice) for choice in error.validator_value)
        return f"Not one of the choices: {choices}."[:300]
    if isinstance(error.cause, phone_numbers.NotANumber):
        return str(error.cause)
    named = {"type": _WRONG_TYPE, "format": _WRONG_FORMAT}.get(str(error.validator), {})
    return named.get(str(error.validator_value), "Does not fit the question.")


def read_whole(text: str) -> Any:
    try:
        return int(_digits(text))
    except ValueError:
        return text


def read_number(text: str) -> Any:
    found = read_whole(text)
    if found != text:
        return found
    try:
        return float(_digits(text)) if re.fullmatch(r"[+-]?[\d,\s]*\.?\d+", text) else text
    except ValueError:
        return text


def read_truth(text: str) -> Any:
    lower = text.lower()
    return True if lower in _YES else False if lower in _NO else text


def _digits(text: str) -> str:
    return re.sub(r"[,\s]", "", text)[:40]


_READERS = {"integer": read_whole, "number": read_number, "boolean": read_truth}


@cache
def _formats(country: str) -> FormatChecker:
    formats = FormatChecker(formats=())
    formats.checks("email")(is_email)
    formats.checks("date", raises=ValueError)(is_date)

    @formats.checks("phone", raises=phone_numbers.NotANumber)
    def is_phone(value: object) -> bool:
        return not isinstance(value, str) or bool(phone_numbers.parse(value, country=country))

    return formats


def is_email(value: object) -> bool:
    return not isinstance(value, str) or (len(value) <= 254 and _EMAIL.fullmatch(value.strip()) is not None)


def is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))
