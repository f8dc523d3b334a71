"""What a page costs does not grow with how many calls a team once had."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.render import snapshot
from sessions_app import selectors
from sessions_app.models import CapturedField, VoiceSession, WidgetConfig
from tests.dashboard.conftest import visit

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
