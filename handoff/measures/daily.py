"""How a team's hand-overs went, by day and by closer: counts and percentiles, each table in one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, Func, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from handoff.machine import SETTLED_STATES, Fact, State
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import Team, VoiceSession
from sessions_app.visits import capacity

DAYS = 14
_TALKING = frozenset({State.CONNECTED})
_OVER = SETTLED_STATES | _TALKING


class Percentile(Aggregate):
    """The value that a share of all others does not exceed, interpolated as PostgreSQL does."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, *, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)


class Milliseconds(Func):
    template = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000)"
    output_field = FloatField()


@dataclass(frozen=True)
class Spread:
    """Milliseconds of the middle one and of the one that 95 of 100 do not exceed; None where nothing was measured."""

    p50: int | None
    p95: int | None


@dataclass(frozen=True)
class Line:
    """A day's hand-overs, or a closer's rings."""

    count: int = 0
    answered: int = 0
    unanswered: int = 0
    abandoned: int = 0
    accept: Spread = Spread(None, None)
    media: Spread = Spread(None, None)
    dead_air: Spread = Spread(None, None)


@dataclass(frozen=True)
class Day:
    date: date
    line: Line


@dataclass(frozen=True)
class Person:
    closer: Closer
    line: Line


@dataclass(frozen=True)
class Now:
    """Who is on the line at this moment."""

    with_assistant: int
    waiting: int
    waiting_since: datetime | None
    talking: int


@dataclass(frozen=True)
class Busy:
    """Visitors who were not let in, and hand-overs that were not made, because every line was busy."""

    visitors: int
    handovers: int


def now(team: Team) -> Now:
    handed_over = Handoff.objects.filter(session__team=team, session__ended_at=None)
    waits = Q(prospect_free_at__isnull=False) & ~Q(state__in=_OVER)
    counted = handed_over.aggregate(
        waiting=Count("pk", filter=waits),
        since=Min("prospect_free_at", filter=waits),
        talking=Count("pk", filter=Q(state__in=_TALKING)),
    )
    running = VoiceSession.objects.filter(team=team, ended_at=None, assistant_ended_at=None)
    with_assistant = running.exclude(run_number=0, assistant_started_at=None).count()
    return Now(with_assistant, counted["waiting"], counted["since"], counted["talking"])


def busy(team: Team, *, at: datetime) -> Busy:
    """What came to nothing today for want of a line."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    handed_over = Handoff.objects.filter(session__team=team, outcome=Fact.LINES_BUSY, triggered_at__gte=midnight)
    return Busy(capacity.turned_away(team.pk, since=midnight), handed_over.count())


def days(team: Team, *, at: datetime) -> list[Day]:
    """The last days, today first; also those on which nobody called."""
    today = timezone.localdate(at)
    grouped = _recent(team, today).annotate(day=TruncDate("triggered_at")).values("day").order_by()
    lines = _lines(grouped.annotate(**_outcomes(), **_spreads(_FIRST_RING)), "day")
    wanted = [today - timedelta(days=number) for number in range(DAYS)]
    return [Day(day, _line(lines.get(day, {}))) for day in wanted]


def people(team: Team, *, at: datetime) -> list[Person]:
    """Every closer of the team over the same days: their rings, and the hand-overs that they took."""
    today = timezone.localdate(at)
    rings = Offer.objects.filter(handoff__in=_recent(team, today)).values("closer").order_by()
    rung = _lines(rings.annotate(**_ring_outcomes()), "closer")
    taken = _recent(team, today).values("attempt__closer").order_by().annotate(**_talk_outcomes(), **_spreads(None))
    took = _lines(taken, "attempt__closer")
    return [
        Person(closer, _line(took.get(closer.pk, {}) | rung.get(closer.pk, {})))
        for closer in Closer.objects.filter(team=team, user__is_active=True)
    ]


def _recent(team: Team, today: date) -> QuerySet[Handoff]:
    first = datetime.combine(today - timedelta(days=DAYS - 1), time.min, timezone.get_current_timezone())
    return Handoff.objects.filter(session__team=team, triggered_at__gte=first)


def _outcomes() -> dict[str, Count]:
    return {
        "count": Count("pk"),
        "answered": Count("pk", filter=Q(connected_at__isnull=False)),
        "unanswered": Count("pk", filter=Q(state=State.UNANSWERED)),
        "abandoned": Count("pk", filter=Q(state=State.ABANDONED)),
    }


def _ring_outcomes() -> dict[str, Aggregate]:
    took = Q(state=Offer.State.ACCEPTED, answered_at__gt=F("offered_at"))
    return {
        "count": Count("pk"),
        "unanswered": Count("pk", filter=Q(state=Offer.State.EXPIRED)),
        **_percentiles("accept", Milliseconds(F("answered_at") - F("offered_at")), took),
    }


def _talk_outcomes() -> dict[str, Count]:
    return {
        "answered": Count("pk", filter=Q(connected_at__isnull=False)),
        "abandoned": Count("pk", filter=Q(state=State.ABANDONED)),
    }


_FIRST_RING = ("accept", "offered_at", "attempt__accepted_at")
_SOUND = ("media", "attempt__accepted_at", "attempt__measures__media_up_at")
_SILENCE = "attempt__measures__dead_air_ms"


def _spreads(first: tuple[str, str, str] | None) -> dict[str, Aggregate]:
    found: dict[str, Aggregate] = {}
    for name, start, end in (first, _SOUND) if first else (_SOUND,):
        in_order = Q(**{f"{end}__gte": F(start)})
        found |= _percentiles(name, Milliseconds(F(end) - F(start)), in_order)
    return found | _percentiles("dead_air", F(_SILENCE), Q(**{f"{_SILENCE}__isnull": False}))


def _percentiles(name: str, value: Any, which: Q) -> dict[str, Aggregate]:
    return {f"{name}_p{share}": Percentile(value, share=share / 100, filter=which) for share in (50, 95)}


def _lines(rows: Iterable[Any], key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def _line(row: dict[str, Any]) -> Line:
    return Line(
        **{name: row.get(name, 0) for name in ("count", "answered", "unanswered", "abandoned")},
        accept=_spread(row, "accept"),
        media=_spread(row, "media"),
        dead_air=_spread(row, "dead_air"),
    )


def _spread(row: dict[str, Any], name: str) -> Spread:
    return Spread(_whole(row.get(f"{name}_p50")), _whole(row.get(f"{name}_p95")))


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
