"""The account’s limits hold when many visitors and closers come in the same instant."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from nacl.signing import SigningKey
from pytest_django import Settings

from handoff import actions
from handoff.engine import visitor_left
from handoff.models import Closer, RoutingPolicy
from sessions_app.inbox import binding
from sessions_app.inbox.binding import add_leg
from sessions_app.models import CallLeg, LegRefusal, Team, VoiceSession, WidgetConfig
from sessions_app.visits import tokens
from tests.flows.lines import ask, held, open_one
from tests.people import make_ready, person
from tests.telnyx import DoorClient, Leg, Rest, Webhooks
from tests.visits import Visit

pytestmark = pytest.mark.usefixtures("open_door")


def at_once(number: int, run: Callable[[int], Any]) -> list[Any]:
    ready = Barrier(number)

    def one(index: int) -> Any:
        try:
            ready.wait(60)
            return run(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.mark.django_db(transaction=True)
def test_the_cap_is_exact_under_thirty_visitors_at_once(widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TELNYX_MAX_LEGS = 9

    outcomes = Counter(at_once(30, lambda index: ask(Client(), address=f"203.0.113.{index}").status_code))

    assert outcomes == {201: 4, 503: 26}
    assert (held(), len(rest.credentials)) == (8, 4)
    assert LegRefusal.objects.get().count == 26


@pytest.mark.django_db(transaction=True)
def test_two_teams_at_once_keep_to_their_own_parts_and_to_the_whole(
    widget: WidgetConfig, support: Team, rest: Rest, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS = 10
    Team.objects.update(max_legs=6)
    WidgetConfig.objects.create(team=support, name="Help", slug="help", assistant_id=widget.assistant_id)
    names = ("home", "help")

    for _ in range(3):
        at_once(20, lambda index: ask(Client(), widget=names[index % 2], address=f"203.0.113.{index}").status_code)
        assert held() == 10
        assert max(held(widget.team), held(support)) == 6
        for session_id in list(VoiceSession.objects.filter(ended_at=None).values_list("pk", flat=True)):
            visitor_left.leave(session_id, now=timezone.now())
        assert held() == 0


@pytest.mark.django_db(transaction=True)
def test_one_network_is_held_to_its_share_in_the_same_instant(
    widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS, settings.VISITS_PER_ADDRESS = 100, 3

    outcomes = Counter(at_once(20, lambda _: ask(Client()).status_code))

    assert outcomes == {201: 3, 429: 17}


@pytest.mark.django_db(transaction=True)
def test_more_is_never_dialled_than_there_is_when_everything_happens_at_once(
    widget: WidgetConfig, rest: Rest, settings: Settings, sales: Team
) -> None:
    """Visits whose first closer's leg still stands look for a second one, while others come in."""
    settings.TELNYX_MAX_LEGS = 40
    RoutingPolicy.objects.update(strategy="all_at_once")
    sessions = [_with_a_dying_leg(widget, number) for number in range(10)]
    for number in range(10):
        make_ready(person(f"Closer{number}", sales), idle_seconds=60)
    assert held() == 20
    settings.TELNYX_MAX_LEGS = 25

    def one(index: int) -> str:
        if index % 2:
            return str(ask(Client(), address=f"203.0.113.{index}").status_code)
        return _take(sessions[index // 2], index)

    outcomes = Counter(at_once(20, one))

    assert held() <= 25
    assert outcomes.keys() <= {"201", "503", "taken", "lines_busy"}
    assert 0 < outcomes["taken"] + outcomes["201"] * 2 <= 5


def _with_a_dying_leg(widget: WidgetConfig, number: int) -> UUID:
    session = open_one(widget)
    VoiceSession.objects.filter(pk=session.pk).update(
        page_leg_by=None, run_number=1, assistant_started_at=timezone.now(), call_control_id=f"v3:p{number}"
    )
    for role, name in (("prospect", "p"), ("closer", "c")):
        leg = CallLeg.objects.create(session=session, role=role, call_control_id=f"v3:{name}{number}")
        if role == "prospect":
            VoiceSession.objects.filter(pk=session.pk).update(current_leg=leg)
    return session.pk


def _take(session_id: UUID, index: int) -> str:
    closer = Closer.objects.get(display_name=f"Closer{index // 2}")
    try:
        actions.take(session_id, closer=closer, immediately=False, now=timezone.now())
    except actions.ActionRefused as refusal:
        return refusal.code
    return "taken"


@pytest.mark.django_db(transaction=True)
def test_nobody_is_let_in_while_a_page_that_calls_after_its_promise_is(
    left_to_its_page: Visit, signing_key: SigningKey, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = left_to_its_page
    settings.TELNYX_MAX_LEGS = 3
    is_counted, is_told = Event(), Event()

    def written_late(*given: Any, **more: Any) -> CallLeg | None:
        is_counted.set()
        is_told.wait(1)  # Whoever waits for the lock is told only after this.
        return add_leg(*given, **more)

    def one(index: int) -> Any:
        if not index:
            webhooks = Webhooks(DoorClient(), signing_key)
            return Leg(webhooks, visit.leg.connection_id).initiated(ticket=tokens.ticket(visit.session_id))
        is_counted.wait(10)
        answer = ask(Client(), address="203.0.113.9")
        is_told.set()
        return answer

    monkeypatch.setattr(binding, "add_leg", written_late)
    _, answer = at_once(2, one)

    assert (answer.status_code, visit.session.ended_at, held()) == (503, None, 2)
