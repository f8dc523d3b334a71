"""Web origins: what one looks like and which ones may start a call. Pure but for the error type."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError

_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")


def validate_origin(value: str) -> None:
    """An origin is scheme, host and port only, in lower case, as browsers send it."""
    if not _ORIGIN.fullmatch(value):
        raise ValidationError("An origin looks like https://www.example.com: no path, no trailing slash.")


def is_allowed(origin: str, allowed: Iterable[str]) -> bool:
    return bool(_ORIGIN.fullmatch(origin)) and origin in set(allowed)
