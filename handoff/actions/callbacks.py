"""What may be asked about callbacks: by the prospect's page, and by the closer who calls or has called."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from handoff.actions import calls
from handoff.callbacks import outbound, promises
from handoff.closers import readiness
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.machine import Fact
from handoff.models import CallbackPromise, Closer, Handoff, RoutingPolicy
from sessions_app import timeline
from sessions_app.answers import captured
from sessions_app.kinds import Kind
from sessions_app.models.learnt import Source
from sessions_app.rules import phone_numbers
from sessions_app.visits import capacity

LATEST_CALLBACK = timedelta(days=30)


@transaction.atomic
def promise_callback(
    session_id: UUID, *, name: str, phone: str, when: datetime | None, now: datetime
) -> CallbackPromise:
    """Write down where and when the prospect wants to be called; a wish out of reach falls back on the policy."""
    session = transitions.lock(session_id)
    promise = promises.owe(session, reason="asked_for", now=now)
    promise.session = session
    promise.name, promise.phone = name, phone_numbers.kept(phone, country=session.widget.country)
    promise.save(update_fields=["name", "phone"])
    captured.record(session, {"full_name": name, "phone": phone}, source=Source.PROSPECT, at=now)
    if when and now < when < now + LATEST_CALLBACK:
        promises.book(promise, when, now=now)
    timeline.append(session, Kind.CALLBACK_PROMISED, {"due_at": promise.due_at.isoformat()}, occurred_at=now)
    return promise


@transaction.atomic
def keep_promise(promise_id: int, *, closer: Closer, now: datetime) -> None:
    """Tick a callback off."""
    promise = _promise(promise_id, closer)
    if not promises.keep(promise, closer=closer, now=now):
        raise ActionRefused("This callback is done already.", "gone")


@transaction.atomic
def call_back(promise_id: int, *, closer: Closer, now: datetime) -> Handoff:
    """Call the prospect of a promise: the closer's own line first, then the prospect's page or number.

    One closer wins; asking twice changes nothing. Raises ActionRefused.
    """
    promise = _promise(promise_id, closer)
    if promise.kept_at is not None:
        raise ActionRefused("This callback is done already.", "gone")
    under_way = outbound.under_way(promise.session)
    if under_way is not None:
        if under_way.closer_id == closer.pk:
            return under_way
        who = under_way.closer.display_name if under_way.closer else "Somebody"
        raise ActionRefused(f"{who} is calling already.", "gone")
    if readiness.missing(closer):
        raise ActionRefused("Turn on your phone line, microphone and sound first.", "not_ready")
    outbound.refuse_unless_reachable(promise, now=now)
    try:
        capacity.require_room(promise.session.team, now=now)
    except capacity.Busy as busy:
        raise ActionRefused(calls.NO_LINE, str(Fact.LINES_BUSY)) from busy
    calls.require_free(closer, None)
    CallbackPromise.objects.filter(pk=promise.pk).update(attempts=F("attempts") + 1, owner=closer)
    return _begin(promise, closer, now)


def _promise(promise_id: int, closer: Closer) -> CallbackPromise:
    """A promise of the closer's team, with its session's row locked."""
    mine = CallbackPromise.objects.filter(pk=promise_id, team_id=closer.team_id)
    session_id = mine.values_list("session_id", flat=True).first()
    if session_id is None:
        raise ActionRefused("There is no such callback.", "unknown")
    session = transitions.lock(session_id)
    promise = CallbackPromise.objects.get(pk=promise_id)
    promise.session = session
    return promise


def _begin(promise: CallbackPromise, closer: Closer, now: datetime) -> Handoff:
    session = outbound.open_visit(promise.session, now=now)
    handoff = transitions.create(session, promises.TRIGGER, now=now)
    # There is nothing to transfer yet: the closer's line is up before the prospect is called.
    handoff.method = RoutingPolicy.Method.BRIDGE
    handoff.save(update_fields=["method"])
    what = {"closer": closer.pk, "closer_name": closer.display_name}
    timeline.append(promise.session, Kind.CALLBACK_CALLED, {**what, "session": str(session.pk)}, occurred_at=now)
    timeline.append(session, Kind.CALLBACK_CALLED, {**what, "previous": str(promise.session_id)}, occurred_at=now)
    calls.seize(handoff, closer, now=now)
    return handoff
