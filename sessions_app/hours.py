"""The hours in which a widget's team takes calls. Pure.

`{"mon": [["09:00", "12:00"], ["13:00", "17:30"]], …}` in the widget's own time zone; an empty object is always open.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

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
    """When a weekday (0 is Monday) is open, as local times."""
    if not hours:
        return [(time.min, time.max)]
    return [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in hours.get(DAYS[weekday], [])]


def is_open(hours: Hours, time_zone: str, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(time_zone))
    return any(start <= local.time() < end for start, end in spans(hours, local.weekday()))
