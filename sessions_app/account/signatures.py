"""What a webhook gets whose signature fits no key of ours: a refusal, or the request to come again.

Telnyx repeats 408, 429 and 5xx only, so that with one wrong key of ours a 401 would lose every event for ever. Unless
the account said within the last minute that its key is ours, such a webhook may be genuine and gets 503; it is believed
in neither case. Which key the account has, a row tells: it is renewed every hour, and soon after such a webhook, so
that no webhook waits for Telnyx.
Source: voice-api-webhooks in https://github.com/team-telnyx/knowledge-base (read 2026-11)
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import F, Q
from django.http import HttpResponse
from django.utils import timezone

from sessions_app.models import AccountKey
from telephony.client import Telnyx, TelnyxError
from telephony.inbound import SignatureRefused

logger = logging.getLogger(__name__)

COMPARED_EVERY = timedelta(hours=1)
ASKED_AGAIN_AFTER = timedelta(minutes=5)
# Whoever sends unknown signatures has the account asked this often at most, and gets 401 for as long after its answer.
ASKED_IN_DOUBT_EVERY = timedelta(minutes=1)
# Where a question was on its way already when the doubt came, the next one is a minute off.
ANSWERED_WITHIN = timedelta(seconds=90)
# Several workers start at the same time.
ASKED_AT_START_AFTER = timedelta(seconds=30)
# Two comparisons may fail before the last one that did not is too old to rely on.
HOLDS_FOR = timedelta(hours=3)
# Strangers can send unknown signatures as often as they like: that costs neither a row nor a line each.
LOOKED_UP_EVERY_SECONDS = 5.0


@dataclass
class _Process:
    """What this process knows by itself. Losing it is harmless."""

    verified_at: datetime | None = None
    doubted_at: datetime | None = None
    is_in_doubt: bool = True
    is_being_told: bool = False
    looked_up: float = float("-inf")
    noted: float = float("-inf")


_process = _Process()


def verified() -> None:
    """A key of ours has fitted: where the account does not tell its own, what fitted none before is a forgery."""
    _process.verified_at = timezone.now()


def status(refused: SignatureRefused) -> int:
    """What a webhook that was not verified is answered with; nothing of it is kept."""
    if not refused.is_unknown or not _is_in_doubt():
        return 401
    _note()
    return 503


def refuse(refused: SignatureRefused) -> HttpResponse:
    """The same as an answer of Django's."""
    response = HttpResponse(status=status(refused))
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log every 503 as an error.
    return response


def _differs(row: AccountKey | None) -> bool:
    """Whether the account is known to sign with a key that is not among ours."""
    return row is not None and row.public != "" and row.public not in settings.TELNYX_PUBLIC_KEYS


def _is_in_doubt() -> bool:
    if time.monotonic() - _process.looked_up >= LOOKED_UP_EVERY_SECONDS:
        _process.looked_up = time.monotonic()
        try:
            _process.is_in_doubt = _look_up(timezone.now())
        except DatabaseError:
            _process.is_in_doubt = True  # Nothing could be stored now either; the next look is soon.
    return _process.is_in_doubt


def _is_being_told(row: AccountKey | None, now: datetime) -> bool:
    """Whether the account tells its key as a rule, so that one question more will show whether it is ours."""
    if row is None or row.error or _differs(row):
        return False
    return row.told_at is not None and now - row.told_at <= HOLDS_FOR


def _look_up(now: datetime) -> bool:
    row = AccountKey.objects.first()
    _process.is_being_told = _is_being_told(row, now)
    if _differs(row):
        return True
    if row is not None and row.told_at is not None and now - row.told_at < ASKED_IN_DOUBT_EVERY:
        return False
    if _process.doubted_at is None or now - _process.doubted_at >= ASKED_IN_DOUBT_EVERY:
        _process.doubted_at = now
    if _process.is_being_told:
        return True
    # One that came before says nothing: the key may have been changed since.
    return _process.verified_at is None or _process.verified_at < _process.doubted_at


def _note() -> None:
    """Write down that a signature was doubted, which has the account asked for its key."""
    if time.monotonic() - _process.noted < ASKED_IN_DOUBT_EVERY.total_seconds():
        return
    _process.noted = time.monotonic()
    # Strangers must not wake anybody up; if the key turns out to be another, `compare` does.
    level = logging.WARNING if _process.is_being_told else logging.ERROR
    logger.log(level, "A webhook's signature fits no key of TELNYX_PUBLIC_KEYS: it is to come again")
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
    due |= Q(doubted_at__gte=F("asked_at"), asked_at__lte=now - ASKED_IN_DOUBT_EVERY)
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
    if row is None or row.doubted_at is None or row.doubted_at < now - recently:
        return ""
    if row.told_at is not None and row.told_at >= row.doubted_at:
        return ""  # Asked about it, the account said that its key is ours.
    if _is_being_told(row, now) and now - row.doubted_at < ANSWERED_WITHIN:
        return ""
    why = f" ({row.error})" if row.error else ""
    return f"a webhook's signature fits no key, and Telnyx did not say which key the account has{why}: it got 503"
