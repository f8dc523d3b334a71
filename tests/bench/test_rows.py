"""The statements that read and end hand-overs behind the models' back fit the tables."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from bench.rows import CLOSE_EVERYTHING, HANDOFFS
from handoff.models import Attempt, Closer
from sessions_app.models import WidgetConfig
from sessions_app.visits import visits
from tests import handoffs
from tests.people import alice, clock, sales, widget

__all__ = ["alice", "clock", "sales", "widget"]

pytestmark = pytest.mark.django_db


def rows() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(HANDOFFS)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_hand_over_is_read_with_its_newest_attempt_and_ended(widget: WidgetConfig, alice: Closer) -> None:
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    told = {"closer": alice, "accepted_at": now, "dead_air_ms": 300, "over_at": now}
    made = handoffs.create(
        session=session, state="connected", method="bridge", triggered_at=now, deadline_at=now, **told
    )
    made.attempt = Attempt.objects.create(handoff=made, number=2, closer=alice, seated_at=now)
    made.save(update_fields=["attempt"])

    (row,) = rows()
    assert (row["id"], row["state"], row["attempt"], row["closer_id"]) == (made.pk, "connected", 2, alice.pk)
    assert (row["attempt_id"], row["seated_at"], row["dead_air_ms"]) == (made.attempt.pk, now, None)

    with connection.cursor() as cursor:
        for statement in CLOSE_EVERYTHING:
            cursor.execute(statement)
    assert rows()[0]["state"] == "completed"
    assert not Attempt.objects.filter(over_at=None).exists()
