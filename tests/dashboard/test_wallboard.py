"""The wallboard: right figures, for supervisors of the team alone, in as many queries however much happened."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from handoff import selectors
from handoff.machine import State
from handoff.models import Attempt, Closer, Handoff, Offer
from sessions_app.models import Team, VoiceSession, WidgetConfig
from sessions_app.visits import capacity
from tests import handoffs
from tests.people import PASSWORD

URL = "/dashboard/wallboard/"


def handoff(widget: WidgetConfig, at: datetime, state: State, *, ended: bool = True, **fields: Any) -> Handoff:
    session = VoiceSession.objects.create(
        widget=widget,
        team=widget.team,
        connection_mode=widget.connection_mode,
        created_at=at,
        ended_at=at + timedelta(minutes=9) if ended else None,
        assistant_started_at=at,
        assistant_ended_at=at,
    )
    is_over = state in {State.COMPLETED, State.ABANDONED, State.UNANSWERED}
    deadline = None if is_over else at + timedelta(minutes=1)
    return handoffs.create(
        session=session,
        trigger="gather_complete",
        method="bridge",
        state=state,
        triggered_at=at,
        deadline_at=deadline,
        prospect_free_at=at,
        **fields,
    )


def talked(widget: WidgetConfig, closer: Closer, at: datetime, *, accept: float, media: float, dead_air: int) -> None:
    """Rung at once, accepted and heard after so many seconds."""
    accepted = at + timedelta(seconds=accept)
    heard = accepted + timedelta(seconds=media)
    times = {"offered_at": at, "accepted_at": accepted, "connected_at": heard, "media_up_at": heard}
    made = handoff(widget, at, State.COMPLETED, closer=closer, dead_air_ms=dead_air, **times)
    ring(made, closer, Offer.State.ACCEPTED, answered_at=accepted)


def ring(made: Handoff, closer: Closer, state: str, answered_at: datetime | None = None) -> None:
    at = made.triggered_at
    Offer.objects.create(
        handoff=made, closer=closer, state=state, reason="idle", offered_at=at, expires_at=at, answered_at=answered_at
    )


@pytest.fixture
def noon() -> datetime:
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def supervisor(carol: Closer) -> Client:
    return signed_in(carol)


def signed_in(closer: Closer) -> Client:
    client = Client()
    assert client.login(username=closer.user.get_username(), password=PASSWORD)
    return client


def test_the_percentiles_are_those_of_the_day(widget: WidgetConfig, alice: Closer, noon: datetime) -> None:
    for number in range(1, 101):
        talked(widget, alice, noon, accept=number / 10, media=number / 100, dead_air=number)

    today, yesterday = selectors.wallboard(widget.team, noon).days[:2]

    assert (today.line.count, today.line.answered, yesterday.line.count) == (100, 100, 0)
    # Interpolated between the two values in the middle, and 95.05 % of the way up.
    assert (today.line.accept.p50, today.line.accept.p95) == (5_050, 9_505)
    assert (today.line.media.p50, today.line.media.p95) == (505, 950)
    assert (today.line.dead_air.p50, today.line.dead_air.p95) == (50, 95)
    assert yesterday.line.accept.p50 is None


def test_every_outcome_counts_where_it_belongs(
    widget: WidgetConfig, alice: Closer, ben: Closer, noon: datetime
) -> None:
    talked(widget, alice, noon, accept=4, media=1, dead_air=300)
    nobody = handoff(widget, noon, State.UNANSWERED)
    ring(nobody, alice, Offer.State.EXPIRED)
    ring(nobody, ben, Offer.State.EXPIRED)
    handoff(widget, noon, State.ABANDONED, closer=ben, accepted_at=noon)
    handoff(widget, noon - timedelta(days=1), State.UNANSWERED)
    handoff(widget, noon - timedelta(days=14), State.UNANSWERED)

    board = selectors.wallboard(widget.team, noon)

    today, yesterday, *earlier = (day.line for day in board.days)
    assert (today.count, today.answered, today.unanswered, today.abandoned) == (3, 1, 1, 1)
    assert yesterday.unanswered == 1
    assert {line.count for line in earlier} == {0}
    lines = {person.closer.display_name: person.line for person in board.people}
    assert (lines["Alice"].count, lines["Alice"].answered, lines["Alice"].unanswered) == (2, 1, 1)
    assert (lines["Alice"].accept.p50, lines["Alice"].media.p95) == (4_000, 1_000)
    assert (lines["Ben"].count, lines["Ben"].unanswered, lines["Ben"].abandoned) == (1, 1, 1)
    assert lines["Ben"].accept.p50 is None


def test_a_measure_of_another_attempt_is_left_out(widget: WidgetConfig, alice: Closer, noon: datetime) -> None:
    """After a broken line nobody has measured the next attempt yet."""
    times = {"offered_at": noon, "accepted_at": noon, "media_up_at": noon + timedelta(seconds=2)}
    made = handoff(widget, noon, State.COMPLETED, closer=alice, dead_air_ms=300, **times)
    later = noon + timedelta(seconds=30)
    made.attempt = Attempt.objects.create(handoff=made, number=2, closer=alice, accepted_at=later)
    made.save(update_fields=["attempt"])

    today = selectors.wallboard(widget.team, noon).days[0].line

    assert (today.accept.p50, today.media.p50, today.dead_air.p50) == (30_000, None, None)


def test_what_found_no_line_is_counted_apart(
    supervisor: Client, widget: WidgetConfig, support: Team, noon: datetime
) -> None:
    for _ in range(3):
        capacity.refused(widget.team_id, capacity.OWN_CAP, now=noon)
    capacity.refused(widget.team_id, capacity.OWN_CAP, now=noon - timedelta(days=1))
    capacity.refused(widget.team_id, "D1", now=noon)
    capacity.refused(support.pk, capacity.OWN_CAP, now=noon)
    handoff(widget, noon, State.UNANSWERED, outcome="lines_busy")
    handoff(widget, noon, State.UNANSWERED, outcome="nobody_left")

    busy = selectors.wallboard(widget.team, noon).busy

    assert (busy.visitors, busy.handovers) == (3, 1)
    page = supervisor.get(URL).content.decode()
    assert "Lines busy today" in page
    assert "turned away, 1 not connected" in page


def test_who_waits_and_who_talks_now(widget: WidgetConfig, alice: Closer, noon: datetime) -> None:
    handoff(widget, noon - timedelta(seconds=50), State.RINGING, ended=False)
    handoff(widget, noon - timedelta(seconds=20), State.BRIDGING, ended=False)
    handoff(widget, noon, State.CONNECTED, ended=False, closer=alice)
    handoff(widget, noon, State.WRAP_UP, ended=False, closer=alice)
    VoiceSession.objects.create(
        widget=widget, team=widget.team, connection_mode="credential", created_at=noon, assistant_started_at=noon
    )

    now = selectors.wallboard(widget.team, noon).now

    assert (now.waiting, now.talking, now.with_assistant) == (2, 1, 1)
    assert now.waiting_since == noon - timedelta(seconds=50)


def test_another_team_s_calls_are_not_there(
    widget: WidgetConfig, support: Team, bob: Closer, alice: Closer, noon: datetime
) -> None:
    talked(widget, alice, noon, accept=4, media=1, dead_air=300)

    board = selectors.wallboard(support, noon)

    assert {day.line.count for day in board.days} == {0}
    assert [person.closer for person in board.people] == [bob]


def test_it_takes_as_many_queries_however_much_happened(
    supervisor: Client, widget: WidgetConfig, alice: Closer, ben: Closer, noon: datetime
) -> None:
    with CaptureQueriesContext(connection) as quiet:
        supervisor.get(URL)
    for number in range(12):
        talked(widget, alice if number % 2 else ben, noon - timedelta(days=number), accept=4, media=1, dead_air=300)

    with CaptureQueriesContext(connection) as busy:
        supervisor.get(URL)

    assert len(busy) == len(quiet)


def test_the_page_shows_the_figures(supervisor: Client, widget: WidgetConfig, alice: Closer, noon: datetime) -> None:
    talked(widget, alice, noon, accept=4, media=1, dead_air=300)

    page = supervisor.get(URL).content.decode()

    assert "Alice" in page
    assert "4.0 s" in page
    assert "300 ms" in page


def test_a_closer_who_is_no_supervisor_finds_nothing_there(alice: Closer) -> None:
    assert signed_in(alice).get(URL).status_code == 404


def test_a_visitor_is_asked_to_sign_in(db: None) -> None:
    answer = Client().get(URL)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_it_is_only_read(supervisor: Client) -> None:
    assert supervisor.post(URL).status_code == 405
