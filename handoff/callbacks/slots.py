"""The times at which a prospect may be called back: which are free, which are offered, how they read. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sessions_app.rules import hours
from sessions_app.rules.hours import Hours

# Nobody is booked for a moment that has passed before the booking is read.
NOTICE = timedelta(minutes=10)
HORIZON = timedelta(days=14)
# As many as a voice can read out and a listener can keep apart.
MOST_OFFERED = 6
# A second time on the same day is another choice only if it lies so far from the first.
APART = timedelta(hours=2)
# On the days to come these two are asked for first, also by a team that works through the night.
MORNING, AFTERNOON = time(9), time(14)


@dataclass(frozen=True)
class Diary:
    """When a team calls back, how long a call is given, and how many people call at once."""

    hours: Hours
    time_zone: str
    length: timedelta
    capacity: int

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.time_zone))


@dataclass(frozen=True)
class Slot:
    start: datetime
    end: datetime
    taken: int
    capacity: int

    @property
    def is_free(self) -> bool:
        return self.taken < self.capacity


def of_day(diary: Diary, day: date, *, taken: Sequence[datetime]) -> list[Slot]:
    """All slots of one local day, free or not; `taken` are the times promised already."""
    return [
        Slot(start, end, sum(start <= at < end for at in taken), diary.capacity) for start, end in _spans(diary, day)
    ]


def free(diary: Diary, *, taken: Sequence[datetime], now: datetime, horizon: timedelta = HORIZON) -> list[Slot]:
    """The slots that may still be promised, soonest first."""
    first, last = diary.local(now).date(), diary.local(now + horizon).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    slots = (slot for day in days for slot in of_day(diary, day, taken=taken))
    return [slot for slot in slots if slot.is_free and now + NOTICE <= slot.start <= now + horizon]


def holding(diary: Diary, moment: datetime, *, taken: Sequence[datetime]) -> Slot | None:
    """The slot into which a moment falls; None outside of the hours and in what remains at their end."""
    day = diary.local(moment).date()
    return next((slot for slot in of_day(diary, day, taken=taken) if slot.start <= moment < slot.end), None)


def offer(diary: Diary, slots: Sequence[Slot], *, now: datetime, most: int = MOST_OFFERED) -> list[Slot]:
    """A choice to read out: two of this day, then one of each morning and afternoon, in order."""
    today = diary.local(now).date()
    chosen: list[Slot] = []
    for day in sorted({diary.local(slot.start).date() for slot in slots}):
        of_this = [slot for slot in slots if diary.local(slot.start).date() == day]
        chosen += _two(of_this) if day == today else _morning_and_afternoon(diary, of_this)
        if len(chosen) >= most:
            break
    return chosen[:most]


def label(diary: Diary, moment: datetime) -> str:
    """“Monday 24 November at 9:30 am”; in the hour that the clocks repeat, with the name of the zone."""
    local = diary.local(moment)
    half = "am" if local.hour < 12 else "pm"
    text = f"{local:%A} {local.day} {local:%B} at {local.hour % 12 or 12}:{local:%M} {half}"
    is_repeated = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{text} {local.tzname()}" if is_repeated else text


def meant(answer: object, offered: Iterable[tuple[str, datetime]]) -> datetime | None:
    """Which of the offered times an answer names; None when it names none of them."""
    if not isinstance(answer, str):
        return None
    return next((at for text, at in offered if _plain(text) == _plain(answer)), None)


def due(diary: Diary, moment: datetime) -> datetime:
    """When a call that nobody booked is owed: at `moment`, or as soon as the team works again."""
    return hours.next_open(diary.hours, diary.time_zone, moment) or moment


def _spans(diary: Diary, day: date) -> Iterator[tuple[datetime, datetime]]:
    for opening, closing in hours.opened(diary.hours, diary.time_zone, day):
        start = opening
        while start + diary.length <= closing:
            yield start, start + diary.length
            start += diary.length


def _two(slots: Sequence[Slot]) -> list[Slot]:
    later = [slot for slot in slots if slot.start >= slots[0].start + APART]
    return [slots[0], *later[:1]]


def _morning_and_afternoon(diary: Diary, slots: Sequence[Slot]) -> list[Slot]:
    wanted = (_first(diary, slots, MORNING, AFTERNOON), _first(diary, slots, AFTERNOON, time.max))
    return [slot for slot in wanted if slot] or [slots[0]]


def _first(diary: Diary, slots: Sequence[Slot], start: time, end: time) -> Slot | None:
    return next((slot for slot in slots if start <= diary.local(slot.start).time() < end), None)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
