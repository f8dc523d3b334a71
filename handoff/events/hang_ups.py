"""A hang-up is wished until its leg is known to be over, however long Telnyx puts it off."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.events.reconciliation import intaking
from handoff.machine import LONGEST_TALK
from handoff.models import Command
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.visits import capacity
from telephony import observing
from telephony.client import TelnyxError
from telephony.events import CallIds

logger = logging.getLogger(__name__)

UNKNOWN_CALL, ENDED_ALREADY = 404, "90018"
# Doubled with every try. A leg that was hung up tells of its end within a second or two; without word of it the
# same is asked once more, and the answer says whether it is over.
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=5)


def carried_out(command: Command, session: VoiceSession, *, now: datetime) -> None:
    _once_more(command, session, tries=Q(state=Command.State.CONFIRMED), now=now)


def failed(command: Command, session: VoiceSession, error: TelnyxError | None, *, now: datetime) -> None:
    """`error` is None where nobody could send it in time."""
    leg = _living(command)
    if leg is None:
        return
    is_ours = leg.connection_id in {settings.TELNYX_CONNECTION_ID, settings.TELNYX_CALL_CONTROL_APP_ID}
    if error is not None and (error.code == ENDED_ALREADY or (error.status == UNKNOWN_CALL and is_ours)):
        ids = CallIds(leg.call_control_id, leg.call_leg_id or None, leg.call_session_id or None, leg.connection_id)
        intaking.take(observing.hangup(ids, at=now), now=now)
    elif error is not None and error.permanent and not is_ours:
        logger.info("leg %s takes no command: it ends by itself", leg.pk)  # An assistant's own.
    else:
        pause = timedelta(seconds=(error.retry_after or 0) if error else 0)
        _once_more(command, session, tries=~Q(state=Command.State.CONFIRMED), pause=pause, now=now)


def _once_more(
    command: Command, session: VoiceSession, *, tries: Q, pause: timedelta = timedelta(), now: datetime
) -> None:
    """Ask again when those that `tries` counts have been waited for, and not before `pause` is over."""
    leg = _living(command)
    if leg is None:
        return
    wishes = Command.objects.filter(session=session, kind=CommandKind.HANG_UP, call_control_id=command.call_control_id)
    if now - wishes.earliest("created_at").created_at > LONGEST_TALK:
        logger.error("leg %s could not be hung up", leg.pk)  # No talk is longer: Telnyx itself has ended it.
        return
    pause = max(pause, min(PAUSE * 2 ** min(wishes.filter(tries).count() - 1, 10), LONGEST_PAUSE))
    # Under an id of its own: Telnyx ignores one that it has seen.
    intent = Intent(CommandKind.HANG_UP, keys.hang_up(leg.pk, wishes.count()), leg.call_control_id, delay=pause)
    ledger.enqueue(session, intent, now=now, handoff=command.handoff)
    capacity.stands_on(leg, until=now + pause)


def _living(command: Command) -> CallLeg | None:
    return CallLeg.objects.filter(call_control_id=command.call_control_id, ended_at=None).first()
