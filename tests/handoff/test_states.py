"""What hangs on a state is complete: a new one is told of everywhere, or these tests say where it is not."""

import pytest

from dashboard.render import entries, presenters
from handoff import machine
from handoff.machine import BUSY_STATES, STATES, TABLE, TALKING_STATES, OfPolicy, State
from handoff.models import Attempt, Handoff, RoutingPolicy
from sessions_app.models.visit import Phase

COLUMNS = {model: {field.name for field in model._meta.get_fields()} for model in (Handoff, Attempt)}


def test_every_state_is_described() -> None:
    assert set(STATES) == set(State)
    assert all(state in STATES for row in TABLE for state in (row[0], TABLE[row].state))


@pytest.mark.parametrize("state", list(State))
def test_what_hangs_on_a_state_exists(state: State) -> None:
    about = STATES[state]

    assert about.phase in {"", *Phase.values}
    assert about.stamp == "" or about.stamp in COLUMNS[Handoff]
    assert about.attempt_stamp == "" or about.attempt_stamp in COLUMNS[Attempt]
    assert {about.entry, about.search_entry} - {None} <= set(entries.TITLES)
    if isinstance(about.lasts, OfPolicy):
        RoutingPolicy._meta.get_field(about.lasts)


def test_the_phases_are_those_of_a_visit() -> None:
    assert {machine.HANDING_OVER, machine.HUMAN, machine.CALLBACK} <= set(Phase.values)


def test_every_arrival_is_told() -> None:
    arrived = {(state, move.state) for (state, _), move in TABLE.items() if state != move.state}
    # Each ring writes entries of its own, with the closer and the reason.
    silent = {(State.RINGING, State.RESERVED), *((state, State.RINGING) for state in State)}

    for before, state in arrived - silent:
        assert STATES[before].search_entry if state == State.RESERVED else STATES[state].entry, (before, state)


def test_whoever_has_a_call_is_told_so() -> None:
    assert set(presenters.TAKEN) == TALKING_STATES
    # A seat that waits for the assistant has words of its own.
    assert set(presenters.DESK_SAYS) == BUSY_STATES - {State.SEATED}
