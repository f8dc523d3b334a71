"""Typed readers of environment variables that fail at start-up and name the variable."""

import json
import os
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set")
    return value


def boolean(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "1" if default else "0").strip().lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} is neither true nor false: {value!r}")
    return value in {"1", "true", "yes"}


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def prefixes(name: str, default: str) -> list[str]:
    """A list of beginnings of numbers, such as `+61,+64`."""
    found = words(name, default)
    if not found or not all(re.fullmatch(r"\+[1-9][0-9]{0,9}", prefix, re.ASCII) for prefix in found):
        raise ImproperlyConfigured(f"{name} must be beginnings of numbers such as +61, separated by commas")
    return found


def json_list(name: str) -> list[Any] | None:
    """A JSON array, or None when the variable is empty or unset."""
    value = text(name, "")
    if not value:
        return None
    try:
        parsed = json.loads(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not JSON: {error}") from error
    if not isinstance(parsed, list):
        raise ImproperlyConfigured(f"{name} must be a JSON array")
    return parsed


def choice(name: str, default: str, *, of: Sequence[str]) -> str:
    value = text(name, default)
    if value not in of:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(of)}, not {value!r}")
    return value


def database(name: str) -> dict[str, Any]:
    """A Django database from `postgres://user:password@host:port/name` or `…/name?host=/socket/folder`."""
    url = urlsplit(text(name))
    if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/database")
    query = {key: values[-1] for key, values in parse_qs(url.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.pop("host", "") or unquote(url.hostname or ""),
        "PORT": query.pop("port", "") or str(url.port or ""),
        "OPTIONS": query,
    }
