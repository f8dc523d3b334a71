"""Look at one session: ask Telnyx what its rows cannot know, and let the answers in. Nothing is commanded here."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from handoff.engine import call_record, transitions
from handoff.events.reconciliation import intaking
from handoff.machine import SETTLED_STATES, State
from handoff.models import Handoff
from sessions_app.models import CallLeg, Run, VoiceSession, WebhookDelivery
from telephony import observing
from telephony.client import Telnyx, TelnyxError
from telephony.events import CallIds
from telephony.observing import Observation

logger = logging.getLogger(__name__)

# How long a session may be silent before Telnyx is asked: a sentence comes every few seconds while the assistant
# speaks, a line is set up within a few, and two people may talk for an hour without any event.
SETTING_UP = timedelta(seconds=6)
ASSISTANT_SPEAKS = timedelta(seconds=10)
PEOPLE_TALK = timedelta(seconds=25)
LONGEST_PAUSE = timedelta(seconds=30)
AFTERWARDS = timedelta(seconds=15)
# Telnyx keeps what is asked for here no longer than it is of use.
GIVES_UP_AFTER = timedelta(minutes=15)
UNPLACED_FOR = timedelta(minutes=3)

_TALKING = frozenset({State.CONNECTED, State.WRAP_UP})


@dataclass(frozen=True)
class Look:
    """What came of it: facts that were news, and when to look again; never, when nothing can be missing."""

    found: int
    next_at: datetime | None
    has_asked: bool = True


def look(session: VoiceSession, client: Telnyx, *, looks: int, now: datetime) -> Look:
    """Raises TelnyxError where another session would fare no better."""
    if session.ended_at is not None:
        return _after_the_end(session, client, now)
    patience = _patience(session)
    heard_at = WebhookDelivery.objects.filter(session=session).aggregate(at=Max("received_at"))["at"]
    if heard_at is not None and now - heard_at < patience:
        return Look(0, heard_at + patience, has_asked=False)
    found = _missing(session, client, now)
    if found:
        logger.warning("session %s: %d facts had not been told", session.pk, found)
    pause = min(patience * 2 ** min(looks, 6), LONGEST_PAUSE)
    return Look(found, now + (patience if found else pause))


def _patience(session: VoiceSession) -> timedelta:
    handoff = Handoff.objects.filter(session=session).exclude(state__in=SETTLED_STATES).first()
    if handoff is not None and handoff.state in _TALKING:
        return PEOPLE_TALK
    if session.is_assistant_running and handoff is None:
        return ASSISTANT_SPEAKS
    return SETTING_UP


def _missing(session: VoiceSession, client: Telnyx, now: datetime) -> int:
    legs = list(CallLeg.objects.filter(session=session))
    if not legs:
        return _unplaced(session, client, now)
    return sum(_of_leg(leg, client, now) for leg in legs if leg.ended_at is None)


def _of_leg(leg: CallLeg, client: Telnyx, now: datetime) -> int:
    """What Telnyx recorded of a leg; and where its records do not say so, whether it lives."""
    found = intaking.take_news(_recorded(leg, client), leg=leg.call_leg_id, now=now)
    leg.refresh_from_db(fields=["ended_at"])
    if leg.ended_at is not None:
        return found
    status = client.call_status(leg.call_control_id)
    if status.is_alive or not (status.is_known or _is_ours(leg)):
        return found
    over = observing.hangup(_ids(leg), at=status.ended_at or now)
    return found + intaking.take_news([over], leg=leg.call_leg_id, now=now)


def _is_ours(leg: CallLeg) -> bool:
    """Whether Call Control has the leg: an assistant's own may be unknown to it while somebody speaks on it."""
    return leg.connection_id in {settings.TELNYX_CONNECTION_ID, settings.TELNYX_CALL_CONTROL_APP_ID}


def _recorded(leg: CallLeg, client: Telnyx) -> list[Observation]:
    if not leg.call_leg_id:
        return []
    try:
        return [observing.of_record(one, ids=_ids(leg)) for one in client.call_records(call_leg_id=leg.call_leg_id)]
    except TelnyxError as error:
        if not error.permanent:
            raise
        # An account may not offer its records; whether the leg lives is known all the same.
        logger.warning("leg %s: no records: status %s code %s", leg.pk, error.status, error.code)
        return []


def _ids(leg: CallLeg) -> CallIds:
    return CallIds(
        call_control_id=leg.call_control_id,
        call_leg_id=leg.call_leg_id or None,
        call_session_id=leg.call_session_id or None,
        connection_id=leg.connection_id or None,
    )


# --- a call that nobody told of


def _unplaced(session: VoiceSession, client: Telnyx, now: datetime) -> int:
    """Its page may have placed a call: on our connection that proves whose it is, in anonymous mode it was claimed."""
    if now - session.created_at > UNPLACED_FOR:
        return 0
    if session.is_anonymous:
        claimed = session.claimed_call_control_id
        return _conversations(CallIds(call_control_id=claimed), client, now) if claimed else 0
    records = client.call_records(connection_id=settings.TELNYX_CONNECTION_ID, since=session.created_at)
    begun = [one for one in records if one.name == "call.initiated" and _is_unknown(one.call_leg_id)]
    return sum(intaking.take_news([observing.of_record(one)], leg=one.call_leg_id or "", now=now) for one in begun)


def _is_unknown(call_leg_id: str | None) -> bool:
    return bool(call_leg_id) and not CallLeg.objects.filter(call_leg_id=call_leg_id or "").exists()


def _conversations(ids: CallIds, client: Telnyx, now: datetime) -> int:
    found = client.conversations_of_call(ids.call_control_id or "")
    told: Iterable[Observation] = [observing.conversation(one, ids, at=now) for one in found]
    return intaking.take_news(told, leg=ids.call_leg_id or "", now=now)


# --- after the end


def _after_the_end(session: VoiceSession, client: Telnyx, now: datetime) -> Look:
    """See that the record is asked for, also where nothing told that the conversation was over."""
    unread = list(Run.objects.filter(session=session, transcript=Run.Transcript.UNKNOWN))
    is_late = session.ended_at is not None and now - session.ended_at > GIVES_UP_AFTER
    if not unread or is_late:
        return Look(0, None, has_asked=False)
    found = 0
    if any(run.conversation_id is None for run in unread):
        legs = CallLeg.objects.filter(session=session, role=CallLeg.Role.PROSPECT)
        found = sum(_conversations(_ids(leg), client, now) for leg in legs)
    with transaction.atomic():
        locked = transitions.lock(session.pk)
        for run in Run.objects.filter(session=session, transcript=Run.Transcript.UNKNOWN):
            call_record.resume(locked, run, now=now)
    return Look(found, now + AFTERWARDS)
