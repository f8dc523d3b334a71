"""Promises to call back: owed, booked for a time, kept."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from handoff import policies
from handoff.callbacks import slots
from handoff.callbacks.slots import Diary, Slot
from handoff.closers import roster
from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import Team, VoiceSession
from sessions_app.models.people import WidgetConfig

# What `Handoff.trigger` says of a call that keeps a promise.
TRIGGER = "callback"


def diary(widget: WidgetConfig, *, people: int | None = None) -> Diary:
    """When the people behind a widget can call back, and how many at once; they are counted where that is not given."""
    if people is None:
        people = Closer.objects.filter(team_id=widget.team_id, user__is_active=True).count()
    length = timedelta(minutes=widget.slot_minutes)
    return Diary(widget.business_hours, widget.time_zone, length, people)


def taken(team_id: int, *, apart_from: CallbackPromise | None = None) -> list[datetime]:
    """The times at which somebody of the team is to call already."""
    others = CallbackPromise.objects.filter(team_id=team_id, kept_at=None)
    if apart_from is not None:
        others = others.exclude(pk=apart_from.pk)
    return list(others.values_list("due_at", flat=True))


def free_slots(session: VoiceSession, when: Diary, *, own: CallbackPromise | None = None, now: datetime) -> list[Slot]:
    """What may be promised to this prospect; their own promise, looked up where it is not given, blocks nothing."""
    own = own or CallbackPromise.objects.filter(session=session).first()
    return slots.free(when, taken=taken(session.team_id, apart_from=own), now=now)


def owe(session: VoiceSession, *, reason: str, now: datetime) -> CallbackPromise:
    """Promise a call to the prospect of a locked session by the team's own rule; a promise that stands is kept."""
    promise = CallbackPromise.objects.filter(session=session).first() or CallbackPromise(
        session=session, team_id=session.team_id, kept_at=now
    )
    promise.session = session
    if promise.kept_at is None:
        return promise
    prospect = session.prospect
    policy_time = now + timedelta(minutes=policies.of(session).callback_minutes)
    promise.reason, promise.promised_at = reason, now
    # How many can call at once is of no matter to what nobody booked.
    promise.due_at = slots.due(diary(session.widget, people=0), policy_time)
    promise.owner = _owner(promise, promise.due_at, promise.due_at)
    promise.name = (prospect.name if prospect else "") or promise.name
    promise.phone = (prospect.phone if prospect else "") or promise.phone
    promise.kept_at = promise.missed_at = None
    promise.is_booked, promise.attempts = False, 0
    promise.save()
    _tell_page(session, promise.due_at)
    return promise


def book(promise: CallbackPromise, wanted: datetime, *, now: datetime) -> bool:
    """Give the prospect of a locked session the time they chose; False when that cannot be had.

    The promise then falls on the next free time, so that it never stands without one.
    """
    when = diary(promise.session.widget)
    # Two prospects may want the last place of a time at once.
    Team.objects.select_for_update(no_key=True).get(pk=promise.team_id)
    busy = taken(promise.team_id, apart_from=promise)
    slot = slots.holding(when, wanted, taken=busy)
    is_booked = slot is not None and slot.is_free and wanted > now
    if not is_booked:
        later = (one for one in slots.free(when, taken=busy, now=now) if one.start >= wanted)
        slot = next(later, None)
    due_at = wanted if is_booked or slot is None else slot.start
    if (due_at, is_booked) != (promise.due_at, promise.is_booked):
        if slot is not None:
            promise.owner = _owner(promise, slot.start, slot.end)
        promise.due_at, promise.is_booked, promise.missed_at = due_at, is_booked, None
        promise.save(update_fields=["due_at", "is_booked", "missed_at", "owner"])
        _tell_page(promise.session, due_at)
        timeline.append(promise.session, Kind.CALLBACK_BOOKED, {"due_at": due_at.isoformat()}, occurred_at=now)
    return is_booked


def _tell_page(session: VoiceSession, due_at: datetime) -> None:
    session.callback_due_at = due_at
    session.save(update_fields=["callback_due_at"])


@transaction.atomic
def move(promise: CallbackPromise, *, now: datetime) -> None:
    """Take over the time that an administrator gave; the caller saves the promise."""
    promise.missed_at = None
    _tell_page(promise.session, promise.due_at)
    timeline.append(promise.session, Kind.CALLBACK_BOOKED, {"due_at": promise.due_at.isoformat()}, occurred_at=now)


def keep(promise: CallbackPromise, *, closer: Closer, now: datetime) -> bool:
    """Count a promise as kept, once."""
    is_open = CallbackPromise.objects.filter(pk=promise.pk, kept_at=None)
    if not is_open.update(kept_at=now, owner=closer):
        return False
    what = {"closer": closer.pk, "closer_name": closer.display_name}
    timeline.append(promise.session, Kind.CALLBACK_KEPT, what, occurred_at=now)
    roster.changed(promise.team_id)
    return True


def connected(handoff: Handoff, now: datetime) -> None:
    """Two people talk: whatever was promised in this visit, or in the one that it calls back, is kept."""
    if handoff.closer is None:
        return
    visits = [handoff.session_id]
    if handoff.trigger == TRIGGER and handoff.session.previous_id:
        visits.append(handoff.session.previous_id)
    for promise in CallbackPromise.objects.select_related("session").filter(session_id__in=visits, kept_at=None):
        keep(promise, closer=handoff.closer, now=now)


def _owner(promise: CallbackPromise, start: datetime, end: datetime) -> Closer | None:
    """Somebody of the team who has promised nothing else for that time, else anybody of it."""
    others = CallbackPromise.objects.filter(
        team_id=promise.team_id, kept_at=None, due_at__gte=start, due_at__lt=end, owner=OuterRef("pk")
    ).exclude(pk=promise.pk)
    team = Closer.objects.filter(team_id=promise.team_id, user__is_active=True)
    return team.order_by(Exists(others), "-is_supervisor", "pk").first()
