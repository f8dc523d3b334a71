"""The custom headers that a widget sends along, and the names of what else its website may pass."""

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from sessions_app.rules import plain_values

_NAME = re.compile(r"X-[A-Za-z0-9-]{1,60}")
_VALUE = re.compile(rf"[\x20-\x7e]{{0,{plain_values.MAX_VALUE}}}")
MAX_HEADERS = 20


def validate_headers(headers: Any) -> None:
    """Accept a list of {"name": "X-…", "value": "…"}; other names would not reach the assistant."""
    if not isinstance(headers, list) or len(headers) > MAX_HEADERS:
        raise ValidationError(f"Write a list of at most {MAX_HEADERS} headers.")
    for header in headers:
        if not isinstance(header, dict) or set(header) != {"name", "value"}:
            raise ValidationError('Each header looks like {"name": "X-User-Tier", "value": "Enterprise"}.')
        if not _NAME.fullmatch(str(header["name"])) or not _VALUE.fullmatch(str(header["value"])):
            raise ValidationError("A header's name begins with X-, and its value is plain text of one line.")
        validate_value_name(str(header["name"]))


def validate_value_name(name: str) -> None:
    """Accept a name of a header or of a variable that the assistant does not know as something else."""
    variable = plain_values.variable_name(name)
    if not variable:
        raise ValidationError(f"“{name}” is no name: write letters, digits, hyphens or underscores.")
    if plain_values.is_ours(variable, reserved=[settings.TELNYX_TARGETS_VARIABLE]):
        raise ValidationError(f"“{name}” would be the assistant's {variable}, which means something else.")
