"""A change of the team tells each page of those whom it changed: in a large team as little as in a small one."""

import gc
import json
import weakref
from typing import Any

import pytest
from django.utils import timezone

from dashboard.render import roster
from dashboard.render.roster import State
from handoff import actions
from handoff.models import Closer
from sessions_app.models import Team
from tests.dashboard.page_model import PageModel
from tests.people import make_ready, person

pytestmark = pytest.mark.django_db


def state(team: Team) -> State:
    return roster.read(team, timezone.now())


def frame(now: State, closer: Closer, told: State | None) -> Any:
    text = now.frame(closer.pk, told)
    return json.loads(text) if text else None


def targets(now: State, closer: Closer, told: State | None) -> list[str]:
    told_frame = frame(now, closer, told)
    return [piece["target"] for piece in told_frame["fragments"]] if told_frame else []


def leave(closer: Closer) -> None:
    actions.set_available(closer, False, now=timezone.now())


def test_a_page_that_opens_is_told_of_everybody(sales: Team, alice: Closer, carol: Closer) -> None:
    now = state(sales)

    assert targets(now, alice, None) == ["roster", "promises", "me"]
    assert targets(now, carol, None) == ["roster", "promises", "assign-people", "me"]


def test_a_page_is_told_of_the_one_who_changed(sales: Team, alice: Closer, ben: Closer, carol: Closer) -> None:
    told = state(sales)
    leave(alice)

    now = state(sales)

    assert targets(now, ben, told) == [f"person-{alice.pk}"]
    assert targets(now, alice, told) == [f"person-{alice.pk}", "me"]
    assert targets(now, carol, told) == [f"person-{alice.pk}", f"assign-{alice.pk}"]


def test_when_nothing_changed_nothing_is_told(sales: Team, alice: Closer, carol: Closer) -> None:
    told = state(sales)

    assert [state(sales).frame(closer.pk, told) for closer in (alice, carol)] == ["", ""]


@pytest.mark.parametrize("name", ["Abe", "Zoe"])
def test_whoever_joins_stands_at_their_place(sales: Team, alice: Closer, name: str) -> None:
    told = state(sales)
    person(name, sales)

    assert targets(state(sales), alice, told)[0] == "roster"


def test_the_page_before_and_what_is_told_is_the_page_after(
    sales: Team, alice: Closer, ben: Closer, carol: Closer
) -> None:
    told = state(sales)
    page = PageModel(frame(told, carol, None))
    leave(alice)
    Closer.objects.filter(pk=ben.pk).update(missed_at=timezone.now(), sound_unlocked=False)

    now = state(sales)
    page.apply(frame(now, carol, told))

    assert page.lines() == PageModel(frame(now, carol, None)).lines()
    opened = PageModel({"fragments": [{"html": html} for html in now.page(carol.pk).values()]})
    assert sorted(opened.lines()) == sorted(page.lines())


def test_a_change_is_as_long_in_a_large_team_and_rendered_once(
    sales: Team, alice: Closer, carol: Closer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths, rendered, differences = [], [], []
    render, differ = roster.render_to_string, State._differ
    monkeypatch.setattr(roster, "render_to_string", lambda *given: rendered.append(given[0]) or render(*given))
    monkeypatch.setattr(State, "_differ", lambda *given, **named: differences.append(1) or differ(*given, **named))
    for size in (2, 40):
        for number in range(size):
            make_ready(person(f"Closer{size}-{number}", sales), idle_seconds=60)
        make_ready(alice, idle_seconds=60)
        told = state(sales)
        leave(alice)
        rendered.clear()
        differences.clear()

        now = state(sales)
        frames = [now.frame(pk, told) for pk in now.people]

        lengths.append(max(map(len, frames)))
        assert len(rendered) <= 3
        assert len(differences) == 2
    assert lengths[0] == lengths[1]


def test_a_state_does_not_keep_those_before_it(sales: Team, alice: Closer) -> None:
    first = state(sales)
    leave(alice)
    second = state(sales)
    second.frame(alice.pk, first)
    gone = weakref.ref(first)

    del first
    gc.collect()

    assert gone() is None
