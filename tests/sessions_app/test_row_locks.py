"""Who holds a session's row keeps nobody from writing rows that point to it, and never waits in a circle for them."""

import ast
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from handoff.engine import transitions
from launcher.checkout import ROOT
from sessions_app import timeline
from sessions_app.models import CallLeg, Run, SearchDocument, TelephonyCredential, VoiceSession, WidgetConfig
from sessions_app.search import indexing
from sessions_app.visits import visits

APPS = ("agileadapt", "assistant_tools", "dashboard", "flight_recorder", "handoff", "probe", "sessions_app")


def session_of(widget: WidgetConfig) -> VoiceSession:
    return VoiceSession.objects.create(
        widget=widget, team=widget.team, connection_mode=widget.connection_mode, created_at=timezone.now()
    )


def side_by_side(*steps: Callable[[], Any]) -> None:
    def run(step: Callable[[], Any]) -> None:
        try:
            step()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        for done in [pool.submit(run, step) for step in steps]:
            done.result(timeout=60)


def test_every_row_lock_leaves_foreign_keys_alone() -> None:
    """`FOR UPDATE` makes each insert that points to the row wait at its commit, where nobody expects it."""
    locks = [
        (path, node)
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "select_for_update"
    ]

    assert len(locks) > 10
    assert [str(path) for path, call in locks if "no_key" not in {one.arg for one in call.keywords}] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lock", [transitions.lock, transitions.lock_unless_held, visits.lock])
def test_a_row_that_points_to_a_held_session_is_written_at_once(
    widget: WidgetConfig, lock: Callable[[UUID], VoiceSession | None]
) -> None:
    session, held, written = session_of(widget), Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            assert lock(session.pk) is not None
            held.set()
            assert written.wait(20), "the other one waited for the session"

    def write() -> None:
        assert held.wait(20)
        with transaction.atomic():
            now = timezone.now()
            TelephonyCredential.objects.create(session=session, name="x", created_at=now, expires_at=now, revoke_at=now)
        written.set()

    side_by_side(hold, write)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("had_one", [False, True])
def test_who_waited_for_a_session_sees_what_was_done_meanwhile(widget: WidgetConfig, had_one: bool) -> None:
    session, held, waits, seen = session_of(widget), Event(), Event(), []
    now = timezone.now()
    leg = CallLeg.objects.create(session=session, role="prospect", call_control_id="v3:one")
    run = Run.objects.create(session=session, number=1, requested_at=now)
    if had_one:
        VoiceSession.objects.filter(pk=session.pk).update(current_leg=leg, current_run=run)

    def change() -> None:
        with transaction.atomic():
            mine = visits.lock(session.pk)
            held.set()
            assert waits.wait(20)
            time.sleep(0.5)  # By then the other one stands at the row.
            CallLeg.objects.filter(pk=leg.pk).update(answered_at=now)
            Run.objects.filter(pk=run.pk).update(ended_at=now)
            mine.current_leg, mine.current_run = leg, run
            mine.save(update_fields=["current_leg", "current_run"])

    def look() -> None:
        assert held.wait(20)
        with transaction.atomic():
            waits.set()
            locked = visits.lock(session.pk)
            seen.extend([locked.current_leg, locked.current_run])

    side_by_side(change, look)

    found_leg, found_run = seen
    assert (found_leg.answered_at, found_run.ended_at) == (now, now)


@pytest.mark.django_db(transaction=True)
def test_the_words_are_written_while_a_fact_of_the_same_session_comes(widget: WidgetConfig) -> None:
    session, held, done = session_of(widget), Event(), Event()
    with transaction.atomic():
        timeline.append(session, "transcript.updated", {"positions": []})

    def tell() -> None:
        with transaction.atomic():
            transitions.lock(session.pk)
            held.set()
            assert done.wait(20)
            timeline.append(session, "field.captured", {"names": []})

    def write_words() -> None:
        assert held.wait(20)
        with transaction.atomic():
            assert indexing.refresh(now=timezone.now(), pause=-timedelta(minutes=1)) == 1
            # What must be checked at the commit is checked now, and the other one has come to this row by then.
            done.set()
            time.sleep(0.5)
            with connection.cursor() as cursor:
                cursor.execute("set constraints all immediate")

    side_by_side(tell, write_words)

    assert SearchDocument.objects.get(session=session).stale_since is not None, "what came meanwhile is to be written"
    assert session.timeline.count() == 2
