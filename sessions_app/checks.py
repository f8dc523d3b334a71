"""System checks: production does not start without its secrets or against a sandbox."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from sessions_app.rules import phone_numbers
from telephony import inbound

_NEEDED = {
    "TELNYX_API_KEY": "E001",
    "TELNYX_CONNECTION_ID": "E002",
    "TELNYX_CALL_CONTROL_APP_ID": "E003",
    "TELNYX_CALLER_NUMBER": "E004",
}
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_DIALLED = re.compile(r"[0-9]{2,15}")


@register()
def telnyx_is_configured(**_: Any) -> Sequence[CheckMessage]:
    missing = [
        Error(
            f"{name} is empty",
            hint="Copy it from Mission Control; docs/settings.md lists them.",
            id=f"sessions_app.{number}",
        )
        for name, number in _NEEDED.items()
        if not getattr(settings, name)
    ]
    return [*missing, *_keys(), *_of_pages()]


def _of_pages() -> list[CheckMessage]:
    """What the visitors' pages place their calls with, and where else webhooks may go."""
    dialled, caller, spare = (
        getattr(settings, name)
        for name in ("TELNYX_PAGE_DESTINATION", "TELNYX_PAGE_CALLER_NUMBER", "WEBHOOK_FAILOVER_URL")
    )
    found: list[CheckMessage] = []
    if not _DIALLED.fullmatch(dialled):
        hint = "Two to fifteen digits; empty takes those of TELNYX_CALLER_NUMBER."
        found.append(Error("TELNYX_PAGE_DESTINATION is nothing to dial", hint=hint, id="sessions_app.E009"))
    if caller and not phone_numbers.is_e164(caller):
        found.append(Error("TELNYX_PAGE_CALLER_NUMBER is no number in +E.164", id="sessions_app.E010"))
    if spare and urlsplit(spare).scheme not in {"http", "https"}:
        found.append(Error("WEBHOOK_FAILOVER_URL is no address", id="sessions_app.E011"))
    return found


def _keys() -> list[CheckMessage]:
    if not settings.TELNYX_PUBLIC_KEYS:
        return [Error("TELNYX_PUBLIC_KEYS is empty", hint="Copy the key from Mission Control.", id="sessions_app.E005")]
    return [
        Error(f"Key {number} of TELNYX_PUBLIC_KEYS is not base64 of 32 bytes", id="sessions_app.E006")
        for number, key in enumerate(settings.TELNYX_PUBLIC_KEYS, start=1)
        if not inbound.usable_key(key)
    ]


@register(deploy=True)
def nothing_points_at_a_sandbox(**_: Any) -> Sequence[CheckMessage]:
    """Run by `check --deploy`: a public server must not speak with a local stand-in."""
    found: list[CheckMessage] = [
        Error(f"{name} points at this machine", id="sessions_app.E007")
        for name in ("TELNYX_API_BASE", "TELNYX_SIGNALLING_HOST")
        if urlsplit(getattr(settings, name)).hostname in _LOCAL
    ]
    if settings.DEBUG_FAULTS:
        found.append(Error("DEBUG_FAULTS is on: processes may end on purpose", id="sessions_app.E008"))
    if settings.TELNYX_TARGETS_VARIABLE == "targets":
        message = "TELNYX_TARGETS_VARIABLE can be guessed: a visitor could have the assistant transfer anywhere"
        found.append(checks.Warning(message, id="sessions_app.W002"))
    if not settings.IS_HTTPS:
        found.append(checks.Warning("PUBLIC_URL is not https: browsers refuse the microphone", id="sessions_app.W001"))
    return found
