"""The rows that say about which session Telnyx is asked next; each is held by one worker at a time."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from handoff.models import Inquiry
from sessions_app.models import VoiceSession
from telephony.client import TelnyxError

# Whoever dies while it looks leaves its session to another after this.
LEASE = timedelta(seconds=40)
# Before the first look: most facts come by themselves.
FIRST = timedelta(seconds=6)
PAUSE_WHEN_UNREACHABLE = timedelta(seconds=5)
AT_ONCE = 200


def begin(*, now: datetime) -> None:
    """Write a row for every visit that has none yet."""
    fresh = VoiceSession.objects.filter(ended_at=None, inquiry=None).values_list("pk", flat=True)[:AT_ONCE]
    rows = [Inquiry(session_id=key, next_at=now + FIRST) for key in fresh]
    if rows:
        Inquiry.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def claim(*, now: datetime) -> Inquiry | None:
    """The row that has been due for longest, held until it is settled or its lease is over."""
    due = Inquiry.objects.select_for_update(skip_locked=True, of=("self",), no_key=True).filter(next_at__lte=now)
    inquiry = due.order_by("next_at").first()
    if inquiry is not None:
        Inquiry.objects.filter(pk=inquiry.pk).update(next_at=now + LEASE)
    return inquiry


def settle(inquiry: Inquiry, *, found: int, next_at: datetime | None, has_asked: bool) -> None:
    looks = 0 if found else min(inquiry.looks + 1, 100) if has_asked else inquiry.looks
    Inquiry.objects.filter(pk=inquiry.pk).update(next_at=next_at, looks=looks, found=F("found") + found)


def put_off(inquiry: Inquiry, error: TelnyxError, *, now: datetime) -> None:
    """Telnyx does not answer, or wants a pause: that holds for every session, not for this one alone."""
    pause = timedelta(seconds=error.retry_after) if error.retry_after else PAUSE_WHEN_UNREACHABLE
    again = now + pause
    Inquiry.objects.filter(next_at__lte=again).update(next_at=again)
    Inquiry.objects.filter(pk=inquiry.pk).update(next_at=again)
