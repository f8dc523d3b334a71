"""The hours in which a widget's team takes calls. Pure.

`{"mon": [["09:00", "12:00"], ["13:00", "17:30"]], …}` in the widget's own time zone; an empty object is always open.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A team that opens on no day of two weeks does not open at all.
SEARCH_DAYS = 15

Hours = Mapping[str, Any]


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("Not a time zone such as Australia/Sydney.")


def validate_hours(value: Any) -> None:
    """Refuse what `spans` could not read; raises ValidationError."""
    if not isinstance(value, dict) or not set(value) <= set(DAYS):
        raise ValidationError(f"Name days as {', '.join(DAYS)}.")
    for day in value:
        try:
            opened = spans(value, DAYS.index(day))
        except (TypeError, ValueError) as error:
            raise ValidationError(f'{day}: write spans such as [["09:00", "17:30"]].') from error
        if any(start >= end for start, end in opened):
            raise ValidationError(f"{day}: a span must end after it starts.")


def spans(hours: Hours, weekday: int) -> list[tuple[time, time]]:
    """When a weekday (0 is Monday) is open, as local times; `time.max` stands for midnight."""
    if not hours:
        return [(time.min, time.max)]
    return [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in hours.get(DAYS[weekday], [])]


def opened(hours: Hours, time_zone: str, day: date) -> list[tuple[datetime, datetime]]:
    """When one local day is open, as moments in UTC: where the clocks change, an hour more or less."""
    zone = ZoneInfo(time_zone)
    found = [(_moment(day, start, zone), _moment(day, end, zone)) for start, end in spans(hours, day.weekday())]
    return sorted((start, end) for start, end in found if start < end)


def is_open(hours: Hours, time_zone: str, at: datetime) -> bool:
    day = at.astimezone(ZoneInfo(time_zone)).date()
    return any(start <= at < end for start, end in opened(hours, time_zone, day))


def next_open(hours: Hours, time_zone: str, at: datetime) -> datetime | None:
    """`at` itself while the team works, else the moment at which it opens next; None when it never does."""
    if is_open(hours, time_zone, at):
        return at
    first = at.astimezone(ZoneInfo(time_zone)).date()
    days = (first + timedelta(days=number) for number in range(SEARCH_DAYS))
    starts = (start for day in days for start, _ in opened(hours, time_zone, day))
    return next((start for start in starts if start > at), None)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    if at == time.max:
        day, at = day + timedelta(days=1), time.min
    return datetime.combine(day, at, zone).astimezone(UTC)
