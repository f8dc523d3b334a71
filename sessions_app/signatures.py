"""What a webhook gets whose signature fits no key of ours: a refusal, or the request to come again.

Telnyx repeats 408, 429 and 5xx only, so that with one wrong key of ours a 401 would lose every event for ever. While
the account is known to sign with a key that is not among ours, or nothing is known, such a webhook may be genuine and
gets 503; it is believed in neither case. Which key the account has, a row tells that is renewed every hour: no webhook
waits for Telnyx.
Source: voice-api-webhooks in https://github.com/team-telnyx/knowledge-base (read 2026-11)
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone

from sessions_app.models import AccountKey
from telephony.client import Telnyx, TelnyxError
from telephony.inbound import SignatureRefused

logger = logging.getLogger(__name__)

COMPARED_EVERY = timedelta(hours=1)
ASKED_AGAIN_AFTER = timedelta(minutes=5)
# Several workers start at the same time.
ASKED_AT_START_AFTER = timedelta(seconds=30)
# Two comparisons may fail before the last one that did not is too old to rely on.
HOLDS_FOR = timedelta(hours=3)
# Strangers can send unknown signatures as often as they like: that costs neither a row nor a line each.
LOOKED_UP_EVERY_SECONDS = 5.0
ALARM_EVERY_SECONDS = 60.0


@dataclass
class _Process:
    """What this process knows by itself. Losing it is harmless."""

    has_verified: bool = False
    is_in_doubt: bool = True
    looked_up: float = float("-inf")
    alarmed: float = float("-inf")


_process = _Process()


def verified() -> None:
    """A key of ours has fitted: so long as nothing else is known, what fits none is a forgery."""
    _process.has_verified = True


def refuse(refused: SignatureRefused) -> HttpResponse:
    """Answer a webhook that was not verified; nothing of it is kept."""
    if not refused.is_unknown or not _is_in_doubt():
        return HttpResponse(status=401)
    _alarm()
    response = HttpResponse(status=503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log every one of them as an error.
    return response


def _differs(row: AccountKey | None) -> bool:
    """Whether the account is known to sign with a key that is not among ours."""
    return row is not None and row.public != "" and row.public not in settings.TELNYX_PUBLIC_KEYS


def _is_told(row: AccountKey | None, now: datetime) -> bool:
    return row is not None and row.told_at is not None and now - row.told_at <= HOLDS_FOR


def _is_in_doubt() -> bool:
    if time.monotonic() - _process.looked_up >= LOOKED_UP_EVERY_SECONDS:
        _process.looked_up = time.monotonic()
        try:
            _process.is_in_doubt = _look_up(timezone.now())
        except DatabaseError:
            _process.is_in_doubt = True  # Nothing could be stored now either; the next look is soon.
    return _process.is_in_doubt


def _look_up(now: datetime) -> bool:
    row = AccountKey.objects.first()
    return _differs(row) or not (_is_told(row, now) or _process.has_verified)


def _alarm() -> None:
    if time.monotonic() - _process.alarmed < ALARM_EVERY_SECONDS:
        return
    _process.alarmed = time.monotonic()
    logger.error("A webhook's signature fits no key of TELNYX_PUBLIC_KEYS, which may be wrong: it is to come again")
    try:
        AccountKey.objects.update_or_create(pk=1, defaults={"doubted_at": timezone.now()})
    except DatabaseError:
        logger.exception("Could not write down that a signature was doubted")


# --- in the background


def compare(client: Telnyx, *, now: datetime, at_start: bool = False) -> bool:
    """Ask Telnyx for the account's key when that is due; returns whether it was asked."""
    AccountKey.objects.get_or_create(pk=1)
    due = Q(asked_at=None) | Q(asked_at__lte=now - COMPARED_EVERY)
    due |= ~Q(error="") & Q(asked_at__lte=now - ASKED_AGAIN_AFTER)
    if at_start:
        due |= Q(asked_at__lte=now - ASKED_AT_START_AFTER)
    if not AccountKey.objects.filter(due, pk=1).update(asked_at=now):
        return False
    try:
        public = client.public_key()
    except TelnyxError as error:
        told = f"status {error.status} code {error.code}"[:120]
        logger.warning("the account's public key was not told: %s", told)
        AccountKey.objects.filter(pk=1).update(error=told)
        return True
    AccountKey.objects.filter(pk=1).update(public=public, told_at=now, error="")
    if public not in settings.TELNYX_PUBLIC_KEYS:
        logger.error(
            "The account signs with a key that is not in TELNYX_PUBLIC_KEYS: its webhooks are told to come again"
        )
    return True


def trouble(now: datetime, *, recently: timedelta) -> str:
    """What an operator has to know of it; "" for nothing."""
    row = AccountKey.objects.first()
    if _differs(row):
        return "the account signs with a key that is not in TELNYX_PUBLIC_KEYS: its webhooks get 503 until it is"
    if row is None or row.doubted_at is None or row.doubted_at < now - recently or _is_told(row, now):
        return ""
    why = f" ({row.error})" if row.error else ""
    return f"a webhook's signature fits no key, and Telnyx did not say which key the account has{why}: it got 503"
