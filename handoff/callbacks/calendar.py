"""What is promised and what is free, as the dashboards show it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from handoff import machine
from handoff.callbacks import outbound, promises, slots
from handoff.callbacks.slots import Diary
from handoff.models import CallbackPromise, Handoff
from sessions_app.models import Team
from sessions_app.models.people import WidgetConfig
from sessions_app.rules import phone_numbers

MOST_SHOWN = 200


@dataclass(frozen=True)
class Owed:
    """One promise; `call` is the newest call that was made for it."""

    promise: CallbackPromise
    number: str
    is_dialled: bool
    call: Handoff | None

    def is_overdue(self, now: datetime) -> bool:
        return self.promise.kept_at is None and self.promise.due_at <= now

    @property
    def is_calling(self) -> bool:
        return self.call is not None and self.call.state not in machine.SETTLED_STATES


@dataclass(frozen=True)
class Block:
    """A stretch of a day: free for `free` calls at a time, or with the promises that fall into it."""

    start: datetime
    end: datetime
    free: int
    owed: tuple[Owed, ...] = ()


@dataclass(frozen=True)
class Day:
    date: date
    blocks: tuple[Block, ...]


def owed(team: Team, *, now: datetime) -> list[Owed]:
    """Callbacks still to be made, the most urgent first, then those of today that were."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = Q(kept_at=None) | Q(kept_at__gte=today)
    rows = CallbackPromise.objects.filter(wanted, team=team)
    rows = rows.select_related("session__widget", "session__prospect", "owner")
    owed = list(rows.order_by("due_at", "pk")[:MOST_SHOWN])
    return _owed(sorted(owed, key=lambda promise: promise.kept_at is not None))


def week(widget: WidgetConfig, first: date, *, now: datetime) -> list[Day]:
    """The seven days from `first` on: what is promised, and what may still be."""
    diary = promises.diary(widget)
    days = [first + timedelta(days=number) for number in range(7)]
    zone = ZoneInfo(diary.time_zone)
    start, end = (datetime.combine(day, time.min, zone) for day in (days[0], days[-1] + timedelta(days=1)))
    rows = CallbackPromise.objects.filter(team_id=widget.team_id, due_at__gte=start, due_at__lt=end)
    rows = rows.select_related("session__widget", "session__prospect", "owner").order_by("due_at", "pk")
    return [Day(day, tuple(_blocks(diary, day, _owed(list(rows)), now))) for day in days]


def _owed(rows: list[CallbackPromise]) -> list[Owed]:
    calls = Handoff.objects.select_related("attempt__closer", "session").filter(
        session__previous__in=[promise.session_id for promise in rows], trigger=promises.TRIGGER
    )
    newest = {call.session.previous_id: call for call in calls.order_by("triggered_at")}
    return [_one(promise, newest.get(promise.session_id)) for promise in rows]


def _one(promise: CallbackPromise, call: Handoff | None) -> Owed:
    number = outbound.number_of(promise)
    shown = phone_numbers.kept(promise.phone, country=promise.session.widget.country)
    return Owed(promise, phone_numbers.grouped(shown), number is not None, call)


def _blocks(diary: Diary, day: date, everything: list[Owed], now: datetime) -> list[Block]:
    """Slots without a promise that follow each other become one block."""
    here = [one for one in everything if diary.local(one.promise.due_at).date() == day]
    open_ones = [one.promise.due_at for one in here if one.promise.kept_at is None]
    blocks: list[Block] = []
    for slot in slots.of_day(diary, day, taken=open_ones):
        inside = tuple(one for one in here if slot.start <= one.promise.due_at < slot.end)
        if inside:
            blocks.append(Block(slot.start, slot.end, max(0, slot.capacity - slot.taken), inside))
        elif slot.start >= now and slot.is_free:
            last = blocks[-1] if blocks else None
            if last and not last.owed and last.end == slot.start and last.free == slot.capacity:
                blocks[-1] = Block(last.start, slot.end, last.free)
            else:
                blocks.append(Block(slot.start, slot.end, slot.capacity))
    placed = {one.promise.pk for block in blocks for one in block.owed}
    beside = [Block(one.promise.due_at, one.promise.due_at, 0, (one,)) for one in here if one.promise.pk not in placed]
    return sorted([*blocks, *beside], key=lambda block: block.start)
