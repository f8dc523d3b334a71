"""Work through what is stored: find each delivery's session, fold it in; park what has no session yet."""

import logging
import traceback
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from psycopg.errors import LockNotAvailable

from sessions_app.inbox import binding, fold, hooks, store
from sessions_app.inbox.binding import Nobodys
from sessions_app.inbox.situation import Situation
from sessions_app.inbox.store import Incoming
from sessions_app.models import CallLeg, VoiceSession, WebhookDelivery
from sessions_app.visits import capacity, credentials
from telephony import inbound
from telephony.events import CallHangup, Event, GatherPartialResults, MessageHistoryUpdated, UnknownEvent

logger = logging.getLogger(__name__)

Status = WebhookDelivery.Status

MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=2)
HELD_FOR = timedelta(seconds=1)
PARKED_FOR = timedelta(minutes=10)
# A page proves its call with the call itself; what may come later comes within seconds. Its visitor hears it ring.
STRANGER_PATIENCE = timedelta(seconds=15)
# Of strangers that stand at once; to any further one the patience does not apply, so that a flood is ended as it comes.
MOST_WAITED_FOR = 10

UNDONE = (Status.STORED, Status.PARKED, Status.FAILED, Status.DEAD)

# What is written of a delivery that is done; and by what those of one call are known.
_OUTCOME = ("status", "next_attempt_at", "error", "reason", "attempts", "session_id", "holds_line", "hang_up_at")
_CALL = ("call_session_id", "call_control_id", "conversation_id")

# Whoever holds a session does so for milliseconds. One that is held for longer must not hold up the others: who
# waited once in vain only looks from then on.
LOCK_PATIENCE, AGAIN_PATIENCE = "250ms", "20ms"
_CLAIM = """
    WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', %s, true))
    SELECT delivery.* FROM sessions_app_webhookdelivery AS delivery, patience
    WHERE delivery.id = ANY(%s) AND delivery.status = 'stored'
    ORDER BY delivery.occurred_at, delivery.id
    FOR NO KEY UPDATE OF delivery SKIP LOCKED
"""
# After these the session is known to be as it was read, but for what they themselves have changed in it.
_WORDS = (GatherPartialResults, MessageHistoryUpdated, UnknownEvent)

Sessions = dict[UUID, VoiceSession]


class Held(Exception):
    """Somebody else holds the session: its deliveries are to be tried again soon."""


def take(event: Event, *, body: bytes, content_type: str, door: str, now: datetime) -> WebhookDelivery:
    """Store a delivery and work through it before returning; a repetition is counted, and nothing else."""
    stored = store.insert(Incoming(event, body, content_type, door, now))
    if stored.waits:
        with suppress(Held):  # The sweep takes it.
            work_through({stored.pk: event}, now=now)
    return WebhookDelivery.objects.get(pk=stored.pk)


def work_through(events: Mapping[int, Event | None], *, now: datetime, patience: str = LOCK_PATIENCE) -> None:
    """Fold stored deliveries, given by their keys, in one transaction; an event spares reading the body again.

    What cannot be folded is written on its row, retried by the sweep, and keeps no other from being folded.
    Raises Held.
    """
    try:
        parked = _work_together(events, now, patience)
    except Held:
        raise
    except Exception as error:  # Whatever went wrong with one, it stays stored and visible, and the others are folded.
        if _is_held(error):
            raise Held from error
        if len(events) == 1:
            logger.exception("Could not process a delivery")
            _fail_stored(next(iter(events)), error, now)
            return
        for pk, event in events.items():
            work_through({pk: event}, now=now, patience=patience)
        return
    for delivery, event in parked:
        if binding.peek(event) is not None:
            # Its session became known between our look and our commit, and whoever made it known could not see it.
            _retry_at_once(WebhookDelivery.objects.filter(pk=delivery.pk), now=now)


@transaction.atomic
def _work_together(
    events: Mapping[int, Event | None], now: datetime, patience: str
) -> list[tuple[WebhookDelivery, Event]]:
    """Returns what had to be parked."""
    sessions: Sessions = {}
    settled, parked = [], []
    for delivery in WebhookDelivery.objects.raw(_CLAIM, [patience, list(events)]):
        event = events[delivery.pk] or _reread(delivery)
        if _process(delivery, event, sessions, now=now):
            settled.append(delivery)
        elif delivery.status == Status.PARKED:
            parked.append((delivery, event))
        if not isinstance(event, _WORDS):
            sessions.clear()
    _write(settled)
    return parked


def _is_held(error: Exception) -> bool:
    return isinstance(error, OperationalError) and isinstance(error.__cause__, LockNotAvailable)


@transaction.atomic
def _fail_stored(pk: int, error: Exception, now: datetime) -> None:
    rows = WebhookDelivery.objects.select_for_update(skip_locked=True, no_key=True)
    delivery = rows.filter(pk=pk, status=Status.STORED).first()
    if delivery is not None:
        _fail(delivery, error, now)


def process(delivery: WebhookDelivery, event: Event, *, now: datetime) -> None:
    """Fold a delivery in that waited; a failure is written on the row and retried by the sweep. Raises Held."""
    try:
        with transaction.atomic():
            if _process(delivery, event, {}, now=now):
                _write([delivery])
    except Held:
        raise
    except Exception as error:  # Whatever went wrong, the delivery must stay stored, visible and retried.
        if _is_held(error):
            raise Held from error
        logger.exception("Could not process a delivery")
        _fail(delivery, error, now)


def _be_patient(patience: str) -> None:
    """For locks, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])


@transaction.atomic
def process_again(pk: int, *, now: datetime) -> WebhookDelivery | None:
    """Process a delivery that was not processed yet, due or not; None when it was, or is being processed."""
    _be_patient(LOCK_PATIENCE)
    rows = WebhookDelivery.objects.select_for_update(skip_locked=True, no_key=True)
    delivery = rows.filter(pk=pk, status__in=UNDONE).first()
    if delivery is None:
        return None
    try:
        process(delivery, _reread(delivery), now=now)
    except Held:
        return None
    return delivery


def retry_due(*, now: datetime, limit: int = 50) -> int:
    """Process what is due: parked, failed, or left by whoever stored it; returns how many were taken."""
    due = WebhookDelivery.objects.filter(next_attempt_at__lte=now).order_by("occurred_at")
    calls: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for pk, status, *ids in list(due.values_list("pk", "status", *_CALL)[:limit]):
        calls[next(filter(None, ids), str(pk))].append((pk, status))
    return sum(_retry_call(rows, now=now) for rows in calls.values())


def _retry_call(rows: Sequence[tuple[int, str]], *, now: datetime) -> int:
    """The rest waits where one finds its session held: each would wait for it in its turn."""
    left = {pk: None for pk, status in rows if status == Status.STORED}
    try:
        if left:
            work_through(left, now=now, patience=AGAIN_PATIENCE)
        return len(left) + sum(_retry(pk, now=now) for pk, _ in rows if pk not in left)
    except Held:
        due = WebhookDelivery.objects.filter(pk__in=[pk for pk, _ in rows], next_attempt_at__lte=now)
        due.update(next_attempt_at=now + HELD_FOR)
        return 0


def retry_parked(call_control_id: str, *, now: datetime) -> None:
    """Process at once what waits for a call that has just become known."""
    _retry_at_once(WebhookDelivery.objects.filter(call_control_id=call_control_id), now=now)


def _retry_at_once(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> None:
    parked = deliveries.filter(status=Status.PARKED)
    parked.update(next_attempt_at=now)
    with suppress(Held):  # They stay due.
        for pk in list(parked.order_by("occurred_at", "pk").values_list("pk", flat=True)):
            _retry(pk, now=now)


@transaction.atomic
def _retry(pk: int, *, now: datetime) -> bool:
    _be_patient(AGAIN_PATIENCE)
    rows = WebhookDelivery.objects.select_for_update(skip_locked=True, no_key=True)
    delivery = rows.filter(pk=pk, next_attempt_at__lte=now).first()
    if delivery is None:
        return False
    process(delivery, _reread(delivery), now=now)
    return True


def release_parked(session: VoiceSession, *, now: datetime) -> None:
    """Process what came before its session was known; what was being parked meanwhile is seen after the commit."""
    known = CallLeg.objects.filter(session=session)
    mine = Q(call_control_id__in=list(known.values_list("call_control_id", flat=True)))
    mine |= Q(call_session_id__in=[leg for leg in known.values_list("call_session_id", flat=True) if leg])
    mine |= Q(conversation_id__in=[one for one in session.runs.values_list("conversation_id", flat=True) if one])
    parked = WebhookDelivery.objects.select_for_update(skip_locked=True, no_key=True)
    for delivery in parked.filter(mine, status=Status.PARKED).order_by("occurred_at", "pk"):
        with suppress(Held):  # What waits is another session's, and stays due.
            process(delivery, _reread(delivery), now=now)
    late = WebhookDelivery.objects.filter(mine)
    transaction.on_commit(lambda: _retry_at_once(late, now=now), robust=True)


def set_aside(pks: list[int]) -> int:
    """Leave deliveries for good that belong to nobody's visit and were understood; returns how many still waited."""
    waiting = WebhookDelivery.objects.filter(pk__in=pks, status__in=[Status.PARKED, Status.DEAD], session=None)
    return waiting.update(
        status=Status.IGNORED, next_attempt_at=None, holds_line=False, error="", reason=binding.OF_PROBE
    )


def _process(delivery: WebhookDelivery, event: Event, sessions: Sessions, *, now: datetime) -> bool:
    """Whether it is done, which is still to be written; everything else that becomes of a delivery is written here."""
    if isinstance(event, CallHangup):
        _is_over(delivery)
    lent = hooks.registered()
    may_wait = not _has_waited(delivery, now)
    match = binding.find(event, introduce=lent.introduce, now=now, may_wait=may_wait, sessions=sessions)
    if isinstance(match, Nobodys):
        _dismiss(delivery, match, now)
        return False
    if match is None:
        _park(delivery, now)
        return False
    session = match.session
    binding.learn(event, session)
    situation = Situation(event, session)
    fold.fold(event, situation)
    follow = lent.react if match.has_place else lent.turn_away
    follow(event, situation, now)
    delivery.session, delivery.holds_line, delivery.hang_up_at = session, False, None
    _settle(delivery, Status.IGNORED if isinstance(event, UnknownEvent) else Status.PROCESSED)
    if match.is_new:
        release_parked(session, now=now)
    return True


def _reread(delivery: WebhookDelivery) -> Event:
    """What was verified when it was stored."""
    return inbound.reread(bytes(delivery.body), content_type=delivery.content_type, received_at=delivery.received_at)


def _settle(delivery: WebhookDelivery, status: str, *, reason: str = "") -> None:
    delivery.status, delivery.next_attempt_at, delivery.error, delivery.reason = status, None, "", reason
    delivery.attempts += 1


def _write(deliveries: Iterable[WebhookDelivery]) -> None:
    """Those of which the same became in one statement."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for delivery in deliveries:
        alike[tuple(getattr(delivery, name) for name in _OUTCOME)].append(delivery.pk)
    for values, pks in alike.items():
        WebhookDelivery.objects.filter(pk__in=pks).update(**dict(zip(_OUTCOME, values, strict=True)))


def _is_over(told: WebhookDelivery) -> None:
    """A stranger's call has ended by itself: it takes no line any more.

    Whoever stores its beginning in the same moment does not see this, and looks again when its patience is over.
    """
    standing = WebhookDelivery.objects.filter(call_control_id=told.call_control_id, holds_line=True)
    standing.filter(status=Status.DEAD).update(status=Status.IGNORED, error="")
    standing.update(holds_line=False, hang_up_at=None)


def _dismiss(delivery: WebhookDelivery, found: Nobodys, now: datetime) -> None:
    """Leave alone what is nobody's, and all that waits of the same leg; a stranger's is ended after its patience."""
    same_leg = WebhookDelivery.objects.filter(call_control_id=delivery.call_control_id).exclude(pk=delivery.pk)
    delivery.holds_line = found.is_stranger and not same_leg.filter(event_type="call.hangup").exists()
    proof_by = delivery.received_at + STRANGER_PATIENCE
    if found.is_stranger and (_may_be_proven(proof_by, now) or credentials.is_probing(now=now)):
        # A probe of the account places calls of its own, which it also ends, and which nothing need name. Somebody
        # else's, who calls meanwhile, is ended after it.
        delivery.next_attempt_at = proof_by if now < proof_by else now + STRANGER_PATIENCE
        delivery.status, delivery.reason = Status.PARKED, found.reason
        delivery.save(update_fields=["status", "reason", "next_attempt_at", "holds_line"])
        return
    delivery.hang_up_at = now if delivery.holds_line else None
    _settle(delivery, Status.IGNORED, reason=found.reason)
    _write([delivery])
    if delivery.call_control_id:
        same_leg.filter(status=Status.PARKED).update(
            status=Status.IGNORED, reason=found.reason, next_attempt_at=None, attempts=F("attempts") + 1
        )


def _may_be_proven(proof_by: datetime, now: datetime) -> bool:
    return now < proof_by and capacity.strangers() < MOST_WAITED_FOR


def claim_stranger(*, now: datetime, until: datetime) -> WebhookDelivery | None:
    """Take a call that is to be ended, which nobody else takes before `until`; the one that has waited longest."""
    due = WebhookDelivery.objects.filter(hang_up_at__lte=now).order_by("hang_up_at").values_list("pk", flat=True)
    for pk in list(due[:5]):
        if WebhookDelivery.objects.filter(pk=pk, hang_up_at__lte=now).update(hang_up_at=until):
            return WebhookDelivery.objects.defer("body").get(pk=pk)
    return None


def put_stranger_off(delivery: WebhookDelivery, *, until: datetime, trouble: str = "") -> None:
    """Ask for its end later, unless it was told meanwhile; `trouble` is what a person has to put right."""
    waiting = WebhookDelivery.objects.filter(pk=delivery.pk, hang_up_at__isnull=False)
    status = Status.DEAD if trouble else Status.IGNORED
    waiting.update(hang_up_at=until, status=status, error=trouble[:300], attempts=F("attempts") + 1)


def stranger_ended(delivery: WebhookDelivery, *, outcome: str, is_ended: bool = True) -> None:
    """Write down what became of a call that was to be ended; a person has to look at one that could not be."""
    status, error = (Status.IGNORED, "") if is_ended else (Status.DEAD, outcome)
    reason = f"{delivery.reason}: {outcome}" if is_ended else delivery.reason
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        hang_up_at=None, holds_line=False, status=status, error=error[:300], reason=reason[:160]
    )


def _park(delivery: WebhookDelivery, now: datetime) -> None:
    """An event may come before the one that creates its call; it waits for it, but not for ever.

    Source: https://developers.telnyx.com/docs/voice/programmable-voice/receiving-webhooks
    """
    is_over = _has_waited(delivery, now)
    delivery.status = Status.DEAD if is_over else Status.PARKED
    delivery.next_attempt_at = None if is_over else now + _patience(now - delivery.received_at)
    delivery.error = "no session has these ids" if is_over else ""
    delivery.save(update_fields=["status", "next_attempt_at", "error"])
    logger.log(logging.WARNING if is_over else logging.INFO, "delivery %s: %s", delivery.pk, delivery.status)


def _has_waited(delivery: WebhookDelivery, now: datetime) -> bool:
    return now - delivery.received_at >= PARKED_FOR


def _patience(waited: timedelta) -> timedelta:
    """As long again as it has waited, because what is missing comes soon or late."""
    return min(max(waited, timedelta(seconds=1)), timedelta(seconds=15))


def _fail(delivery: WebhookDelivery, error: Exception, now: datetime) -> None:
    delivery.attempts += 1
    is_over = delivery.attempts >= MAX_ATTEMPTS
    delivery.status = Status.DEAD if is_over else Status.FAILED
    delivery.next_attempt_at = None if is_over else now + FIRST_RETRY * 2 ** (delivery.attempts - 1)
    place = traceback.extract_tb(error.__traceback__)[-1]
    # The place and the type only: the message of an exception may quote what a prospect said.
    delivery.error = f"{type(error).__name__} at {place.name}:{place.lineno}"[:300]
    delivery.session, delivery.holds_line = None, False
    delivery.save(update_fields=["attempts", "status", "next_attempt_at", "error", "session", "holds_line"])
