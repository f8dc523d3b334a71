"""A callback that the assistant arranges while it talks: which times there are, and the one that was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime

from handoff.callbacks import booking, promises, slots
from handoff.callbacks.slots import Diary, Slot
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.models import CallbackPromise
from sessions_app.answers import captured
from sessions_app.models import Team, VoiceSession
from sessions_app.models.learnt import Source
from sessions_app.models.people import WidgetConfig
from sessions_app.rules import hours, phone_numbers

ASKED_FOR = "asked_for"


@dataclass(frozen=True)
class Time:
    """A time that may be promised, and how it is read out."""

    label: str
    at: datetime


@dataclass(frozen=True)
class Arranged:
    """What was booked, as it is read out."""

    label: str
    number: str


def times(session: VoiceSession, *, now: datetime) -> list[Time]:
    """A choice of free times, few enough to be read out."""
    diary = promises.diary(session.widget)
    free = slots.offer(diary, promises.free_slots(session, diary, now=now), now=now)
    return [Time(slots.label(diary, slot.start), slot.start) for slot in free]


def opens(widget: WidgetConfig, *, now: datetime) -> str:
    """When the team works next, as it is read out; empty when it never does."""
    at = hours.next_open(widget.business_hours, widget.time_zone, now)
    return slots.label(promises.diary(widget), at) if at else ""


@transaction.atomic
def book_callback(session_id: UUID, *, when: str, phone: str, name: str, now: datetime) -> Arranged:
    """Book the time that `when` names, on the number given or known before. Raises ActionRefused."""
    session = transitions.lock(session_id)
    number = _number(session, phone)
    # Two prospects may want the last place of a time at once.
    Team.objects.select_for_update(no_key=True).get(pk=session.team_id)
    diary = promises.diary(session.widget)
    slot = _meant(diary, when, promises.free_slots(session, diary, now=now), now)
    promise = promises.owe(session, reason=ASKED_FOR, now=now)
    promise.phone, promise.name = number, name.strip() or promise.name
    promise.save(update_fields=["phone", "name"])
    promises.book(promise, slot.start, now=now)
    # The number given last counts, also for what is said of the prospect elsewhere.
    captured.record(session, {"phone": phone, "full_name": name.strip()}, source=Source.TOOL, at=now)
    booking.settled(session, session.current_run, now=now)
    return Arranged(slots.label(diary, slot.start), phone_numbers.grouped(number))


def _number(session: VoiceSession, given: str) -> str:
    known = CallbackPromise.objects.filter(session=session).values_list("phone", flat=True).first()
    text = given.strip() or known or (session.prospect.phone if session.prospect else "")
    if not text:
        raise ActionRefused("I need a phone number for that. On which number may we call?", "no_number")
    try:
        number = phone_numbers.parse(text, country=session.widget.country)
    except phone_numbers.HasExtension as refusal:
        message = "A number with an extension cannot be called from here. Please ask for a direct one."
        raise ActionRefused(message, "not_a_number") from refusal
    except phone_numbers.NotANumber as refusal:
        message = "That is not a complete phone number. Please ask for it once more."
        raise ActionRefused(message, "not_a_number") from refusal
    if not phone_numbers.may_be_dialled(number, prefixes=settings.TELNYX_ALLOWED_PREFIXES):
        raise ActionRefused("I am sorry, we cannot call that number. Is there another one?", "number_not_allowed")
    return number


def _meant(diary: Diary, when: str, free: Sequence[Slot], now: datetime) -> Slot:
    """The free slot that an answer names, by its label or as a moment of ISO 8601."""
    labels = [(slots.label(diary, slot.start), slot.start) for slot in slots.free(diary, taken=(), now=now)]
    moment = slots.meant(when, labels) or _moment(diary, when)
    if moment is None:
        raise ActionRefused("I did not understand that time. Please choose one of those that are free.", "which_time")
    found = next((slot for slot in free if slot.start <= moment < slot.end), None)
    if found is None:
        raise ActionRefused("That time is not free. Please choose another one.", "not_free")
    return found


def _moment(diary: Diary, when: str) -> datetime | None:
    try:
        found = parse_datetime(when.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=ZoneInfo(diary.time_zone)) if found and found.tzinfo is None else found
