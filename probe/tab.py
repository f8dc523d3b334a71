"""The page's side of a probe, as rows: what it is asked to do, and what it tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from probe.models import Order, Probe, Told
from strict_json import text, whole

# The page asks four times a second.
GONE_AFTER = timedelta(seconds=12)
# A row may be committed after one that has a higher number: so many back it is looked for once more.
LATE_ROWS = 100


class TabGone(Exception):
    """The page has not asked for a while: it was closed, or its computer sleeps."""


@dataclass(frozen=True)
class News:
    """Something that the page saw, or a use of the tool, with the moment at which it happened."""

    source: str
    at: datetime
    data: dict[str, Any]

    @property
    def what(self) -> str:
        return text(self.data.get("what"))

    @property
    def line(self) -> str:
        return text(self.data.get("line"))


class Tab:
    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._seen: set[int] = set()
        self._number = 0

    def order(self, kind: str, **arguments: Any) -> None:
        self._number += 1
        Order.objects.create(probe=self._probe, number=self._number, kind=kind, arguments=arguments)

    def news(self) -> Iterator[News]:
        """Return what was told since the last look. Raises TabGone."""
        now = timezone.now()
        Probe.objects.filter(pk=self._probe.pk).update(seen_at=now)
        newest = max(self._seen, default=0)
        self._seen = {pk for pk in self._seen if pk > newest - LATE_ROWS}
        rows = Told.objects.filter(probe=self._probe, pk__gt=newest - LATE_ROWS).exclude(pk__in=self._seen)
        for row in rows.order_by("pk"):
            self._seen.add(row.pk)
            age = min(whole(row.data.get("age_ms")) or 0, 600_000)
            yield News(row.source, row.at - timedelta(milliseconds=max(0, age)), row.data)
        self._probe.refresh_from_db(fields=["tab_seen_at"])
        if self._probe.tab_seen_at is not None and self._probe.tab_seen_at < now - GONE_AFTER:
            raise TabGone

    @property
    def is_open(self) -> bool:
        self._probe.refresh_from_db(fields=["tab_seen_at"])
        return self._probe.tab_seen_at is not None


@transaction.atomic
def begin(*, now: datetime) -> Probe:
    """Write a probe down, and forget those that were never ended."""
    Probe.objects.filter(seen_at__lt=now - timedelta(hours=1)).delete()
    return Probe.objects.create(started_at=now, seen_at=now)


def end(probe: Probe, *, now: datetime) -> None:
    """Forget what was asked and told; the page is told that it is over."""
    Probe.objects.filter(pk=probe.pk).update(ended_at=now)
    Order.objects.filter(probe=probe).delete()
    Told.objects.filter(probe=probe).delete()
