"""Take one delivery: keep it once, find its session, fold it in; park what has no session yet."""

import logging
import traceback
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from sessions_app import faults
from sessions_app.faults import Point
from sessions_app.inbox import binding, fold, hooks
from sessions_app.inbox.binding import Nobodys
from sessions_app.inbox.situation import Situation
from sessions_app.models import CallLeg, VoiceSession, WebhookDelivery
from sessions_app.visits import capacity, credentials
from telephony import inbound
from telephony.events import CallHangup, Event, UnknownEvent

logger = logging.getLogger(__name__)

Status = WebhookDelivery.Status

MAX_ID = 120
MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=2)
PARKED_FOR = timedelta(minutes=10)
# A page proves its call with the call itself; what may come later comes within seconds. Its visitor hears it ring.
STRANGER_PATIENCE = timedelta(seconds=15)
# Of strangers that stand at once; to any further one the patience does not apply, so that a flood is ended as it comes.
MOST_WAITED_FOR = 10


def take(event: Event, *, body: bytes, content_type: str, door: str, now: datetime) -> WebhookDelivery:
    """Store the delivery and process it, in one transaction: a return means that it is durable.

    A repetition is counted and not processed; it returns the row of the first.
    """
    with transaction.atomic():
        delivery = _store(event, body=body, content_type=content_type, door=door, now=now)
        if delivery is None:
            return WebhookDelivery.objects.get(event_id=event.id[:MAX_ID])
        faults.reach(Point.DELIVERY_STORED)
        if isinstance(event, CallHangup):
            _is_over(delivery)
        process(delivery, event, now=now)
    if delivery.status == Status.PARKED and binding.peek(event) is not None:
        # Its session became known between our look and our commit, and whoever made it known could not see this row.
        _retry_at_once(WebhookDelivery.objects.filter(pk=delivery.pk), now=now)
        delivery.refresh_from_db(fields=["status", "session"])
    return delivery


def process(delivery: WebhookDelivery, event: Event, *, now: datetime) -> None:
    """Fold a stored delivery in; a failure is written on the row and retried by the sweep."""
    try:
        with transaction.atomic():
            _process(delivery, event, now=now)
    except Exception as error:  # Whatever went wrong, the delivery must stay stored, visible and retried.
        logger.exception("Could not process a delivery")
        _fail(delivery, error, now)


@transaction.atomic
def process_again(pk: int, *, now: datetime) -> WebhookDelivery | None:
    """Process a delivery that was not processed yet, due or not; None when it was, or is being processed."""
    rows = WebhookDelivery.objects.select_for_update(skip_locked=True, no_key=True)
    delivery = rows.filter(pk=pk, status__in=[Status.PARKED, Status.FAILED, Status.DEAD]).first()
    if delivery is not None:
        process(delivery, _reread(delivery), now=now)
    return delivery


def retry_due(*, now: datetime, limit: int = 50) -> int:
    """Process again what is parked or failed and due; returns how many were taken."""
    due = WebhookDelivery.objects.filter(next_attempt_at__lte=now).order_by("occurred_at").values_list("pk", flat=True)
    return sum(_retry(pk, now=now) for pk in list(due[:limit]))


def retry_parked(call_control_id: str, *, now: datetime) -> None:
    """Process at once what waits for a call that has just become known."""
    _retry_at_once(WebhookDelivery.objects.filter(call_control_id=call_control_id), now=now)


def _retry_at_once(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> None:
    parked = deliveries.filter(status=Status.PARKED)
    parked.update(next_attempt_at=now)
    for pk in list(parked.order_by("occurred_at", "pk").values_list("pk", flat=True)):
        _retry(pk, now=now)


@transaction.atomic
def _retry(pk: int, *, now: datetime) -> bool:
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
        process(delivery, _reread(delivery), now=now)
    late = WebhookDelivery.objects.filter(mine)
    transaction.on_commit(lambda: _retry_at_once(late, now=now), robust=True)


def set_aside(pks: list[int]) -> int:
    """Leave deliveries for good that belong to nobody's visit and were understood; returns how many still waited."""
    waiting = WebhookDelivery.objects.filter(pk__in=pks, status__in=[Status.PARKED, Status.DEAD], session=None)
    return waiting.update(
        status=Status.IGNORED, next_attempt_at=None, holds_line=False, error="", reason=binding.OF_PROBE
    )


def _store(event: Event, *, body: bytes, content_type: str, door: str, now: datetime) -> WebhookDelivery | None:
    """None when this event id was stored before."""
    ids = event.ids
    try:
        with transaction.atomic():
            return WebhookDelivery.objects.create(
                event_id=event.id[:MAX_ID],
                event_type=event.type[:100],
                door=door,
                occurred_at=event.occurred_at,
                received_at=now,
                body=body,
                content_type=content_type[:80],
                status=Status.FAILED,
                call_control_id=(ids.call_control_id or "")[:200],
                call_leg_id=(ids.call_leg_id or "")[:100],
                call_session_id=(ids.call_session_id or "")[:100],
                conversation_id=(ids.conversation_id or "")[:100],
            )
    except IntegrityError:
        WebhookDelivery.objects.filter(event_id=event.id[:MAX_ID]).update(duplicates=F("duplicates") + 1)
        return None


def _process(delivery: WebhookDelivery, event: Event, *, now: datetime) -> None:
    lent = hooks.registered()
    match = binding.find(event, introduce=lent.introduce, now=now, may_wait=not _has_waited(delivery, now))
    if isinstance(match, Nobodys):
        _dismiss(delivery, match, now)
        return
    if match is None:
        _park(delivery, now)
        return
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


def _reread(delivery: WebhookDelivery) -> Event:
    """What was verified when it was stored."""
    return inbound.reread(bytes(delivery.body), content_type=delivery.content_type, received_at=delivery.received_at)


def _settle(delivery: WebhookDelivery, status: str, *, reason: str = "") -> None:
    delivery.status, delivery.next_attempt_at, delivery.error, delivery.reason = status, None, "", reason
    delivery.attempts += 1
    written = ["status", "next_attempt_at", "error", "reason", "attempts", "session", "holds_line", "hang_up_at"]
    delivery.save(update_fields=written)


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
