"""What a page costs does not grow with what was said before, nor with how many calls a team once had."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.render import fragments, snapshot
from sessions_app import selectors
from sessions_app.models import CapturedField, Team, TimelineEntry, TranscriptTurn, VoiceSession, WidgetConfig
from tests.dashboard.conftest import tell, visit

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def ended(widget: WidgetConfig, count: int, *, ago: timedelta) -> None:
    at = timezone.now() - ago
    VoiceSession.objects.bulk_create(
        VoiceSession(
            widget=widget,
            team=widget.team,
            connection_mode=widget.connection_mode,
            created_at=at - number * timedelta(minutes=1) - HOUR,
            ended_at=at - number * timedelta(minutes=1),
        )
        for number in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sessions_app_voicesession")


def read_rows(plan: dict[str, Any]) -> int:
    """How many rows of tables a plan read, those included that it threw away."""
    own = 0
    if plan["Node Type"].endswith("Scan"):
        own = plan["Actual Rows"] * plan["Actual Loops"] + plan.get("Rows Removed by Filter", 0)
    return int(own) + sum(read_rows(part) for part in plan.get("Plans", ()))


def test_the_board_does_not_read_the_past(widget: WidgetConfig, session: VoiceSession) -> None:
    ended(widget, 5_000, ago=9 * HOUR)
    with CaptureQueriesContext(connection) as captured:
        assert selectors.visible_sessions(widget.team) == [session]
        assert selectors.positions(widget.team) == {session.pk: 1}

    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            ((told,),) = cursor.fetchall()
        plan = json.loads(told) if isinstance(told, str) else told
        assert read_rows(plan[0]["Plan"]) <= 5 * selectors.MAX_VISIBLE


def test_those_on_the_line_are_never_left_out(widget: WidgetConfig, session: VoiceSession) -> None:
    VoiceSession.objects.filter(pk=session.pk).update(created_at=timezone.now() - 5 * HOUR)
    ended(widget, selectors.MAX_VISIBLE + 5, ago=timedelta(minutes=1))

    visible = selectors.visible_sessions(widget.team)

    assert visible[0] == session
    assert len(visible) == selectors.MAX_VISIBLE


@pytest.mark.parametrize("size", [2, 30])
def test_a_board_takes_few_queries_whatever_its_size(widget: WidgetConfig, size: int) -> None:
    for number in range(size):
        session = visit(widget)
        CapturedField.objects.create(
            session=session, name="full_name", value=f"N {number}", source="partial", captured_at=timezone.now()
        )

    selectors.epoch()
    with CaptureQueriesContext(connection) as captured:
        taken = snapshot.take(widget.team, None)

    assert len(captured) == 3
    assert taken.fragments[0]["html"].count("data-known") == size


@dataclass
class Cost:
    queries: int
    turns: int
    length: int


class Hydrated:
    """How many turns were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, read = 0, TranscriptTurn.from_db

        def counted(*arguments: Any) -> TranscriptTurn:
            self.count += 1
            return read(*arguments)

        monkeypatch.setattr(TranscriptTurn, "from_db", counted)


@pytest.fixture
def hydrated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hydrated]:
    with monkeypatch.context() as patch:
        yield Hydrated(patch)


def talk(session: VoiceSession, first: int, after: int) -> None:
    now = timezone.now()
    TranscriptTurn.objects.bulk_create(
        TranscriptTurn(
            session=session, position=position, speaker="prospect", text="a sentence", spoken_at=now, as_of=now
        )
        for position in range(first, after)
    )


def cost(team: Team, entry: TimelineEntry, hydrated: Hydrated) -> Cost:
    fragments.forget()
    hydrated.count = 0
    with CaptureQueriesContext(connection) as captured:
        frames = snapshot.event_frames(team, str(entry.session_id), entry.seq - 1, is_watched=True)
    return Cost(len(captured), hydrated.count, sum(len(text) for _, text in frames))


@pytest.mark.parametrize(
    ("kind", "most_turns"),
    [
        ("transcript.updated", 3),
        ("session.typed", 0),
        ("handoff.offered", 0),
        ("callback.promised", 0),
        ("command.sent", 0),
        ("call.answered", 0),
        ("assistant.ended", 2),
        ("field.captured", 2),
        ("a.kind.of.tomorrow", 2),
    ],
)
def test_an_entry_costs_the_same_however_long_the_call(
    widget: WidgetConfig, session: VoiceSession, hydrated: Hydrated, kind: str, most_turns: int
) -> None:
    costs = []
    for first, length in ((0, 10), (10, 500)):
        talk(session, first, length)
        costs.append(cost(widget.team, tell(session, kind, {"positions": [length - 1]}), hydrated))

    short, long = costs
    assert long.queries == short.queries
    assert long.turns == short.turns <= most_turns
    # Numbers have more digits, and what was typed is shown with the few lines before it.
    assert abs(long.length - short.length) < 200
