"""One pass of the reconciler: the sessions that are due, one after the other, as long as Telnyx answers."""

import logging
from threading import BoundedSemaphore

from django.utils import timezone

from handoff.events.reconciliation import inquiries, looking
from sessions_app.models import VoiceSession
from telephony.client import Telnyx, TelnyxError

logger = logging.getLogger(__name__)

# With a look of one or two requests and a pass every five seconds, this bounds what is asked of Telnyx.
MOST_LOOKS = 20

# Requests may hang for seconds each; the sweep needs the worker's other threads.
_one_at_a_time = BoundedSemaphore(1)


def run(client: Telnyx) -> int:
    """Returns how many sessions were looked at."""
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        inquiries.begin(now=timezone.now())
        looks = 0
        while looks < MOST_LOOKS and _look_at_next(client):
            looks += 1
        return looks
    finally:
        _one_at_a_time.release()


def _look_at_next(client: Telnyx) -> bool:
    """False when nobody is due, or when nobody else would fare better now."""
    inquiry = inquiries.claim(now=timezone.now())
    if inquiry is None:
        return False
    try:
        session = VoiceSession.objects.select_related("widget", "team").get(pk=inquiry.pk)
        seen = looking.look(session, client, looks=inquiry.looks, now=timezone.now())
        inquiries.settle(inquiry, found=seen.found, next_at=seen.next_at, has_asked=seen.has_asked)
    except TelnyxError as error:
        logger.warning("session %s not looked at: status %s code %s", inquiry.pk, error.status, error.code)
        inquiries.put_off(inquiry, error, now=timezone.now())
        return False
    except Exception:  # Its lease ends, and it is tried again; the other sessions are looked at meanwhile.
        logger.exception("Could not look at a session")
    return True
