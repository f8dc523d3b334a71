"""Calls on our connection that nobody proved to be theirs: each is ended when its patience is over.

Left parked they would hold lines of the account, and whoever placed them would hear it ring for ever. They are rows of
the inbox, so none is forgotten; and they never share a worker with the commands of calls, so that a flood of them
holds nobody up.
"""

import logging
from datetime import timedelta
from threading import BoundedSemaphore
from uuid import UUID, uuid5

from django.utils import timezone

from handoff.events.hang_ups import ENDED_ALREADY, LONGEST_PAUSE, PAUSE, UNKNOWN_CALL
from handoff.machine import LONGEST_TALK
from sessions_app.inbox import intake
from sessions_app.models import WebhookDelivery
from telephony.client import Telnyx, TelnyxError

logger = logging.getLogger(__name__)

# With a pass every two seconds: five requests a second at most, whatever comes in.
MOST_AT_ONCE = 10
# Longer than the client waits for an answer; then another worker asks again, under the same id.
ANSWER_WITHIN = timedelta(seconds=6.5)

# The command id is made of the leg's own and of how often its end was put off: whoever makes a dead worker good has
# the same one, and what was refused is asked for under another, because Telnyx ignores an id that it has seen.
_IDS = UUID("5f2d9a52-3f0c-4c5e-8a27-6a4f4f1f6d0e")

_one_at_a_time = BoundedSemaphore(1)


def end_due(client: Telnyx) -> int:
    """Returns how many were asked for; stops where Telnyx does not answer."""
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        asked = 0
        while asked < MOST_AT_ONCE and _end_next(client):
            asked += 1
        return asked
    finally:
        _one_at_a_time.release()


def _end_next(client: Telnyx) -> bool:
    now = timezone.now()
    delivery = intake.claim_stranger(now=now, until=now + ANSWER_WITHIN)
    if delivery is None:
        return False
    command_id = uuid5(_IDS, f"{delivery.call_control_id}:{delivery.attempts}")
    try:
        client.hang_up(delivery.call_control_id, command_id=command_id)
    except TelnyxError as error:
        return _not_ended(delivery, error)
    logger.warning("delivery %s: %s; hung up", delivery.pk, delivery.reason)
    intake.stranger_ended(delivery, outcome="hung up")
    return True


def _not_ended(delivery: WebhookDelivery, error: TelnyxError) -> bool:
    """Put it off, as any other hang-up, until the call is known to be over; meanwhile it takes a line."""
    now, failed = timezone.now(), f"not hung up: status {error.status} code {error.code}"
    if error.status == UNKNOWN_CALL or error.code == ENDED_ALREADY:
        intake.stranger_ended(delivery, outcome="had ended by itself")
        return True
    wished_for = now - delivery.received_at - intake.STRANGER_PATIENCE
    if error.permanent or wished_for > LONGEST_TALK:
        logger.error("delivery %s: %s", delivery.pk, failed)
    if wished_for > LONGEST_TALK:
        intake.stranger_ended(delivery, outcome=failed, is_ended=False)
        return error.permanent
    # As long again as it has been wished for, which doubles; what a person has to put right takes its time.
    pause = LONGEST_PAUSE if error.permanent else min(max(wished_for, PAUSE), LONGEST_PAUSE)
    pause = max(pause, timedelta(seconds=error.retry_after or 0))
    intake.put_stranger_off(delivery, until=now + pause, trouble=failed if error.permanent else "")
    return error.permanent
