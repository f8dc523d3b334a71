"""The table of the hand-over: what each fact does in each state, and what no sequence of facts can do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.machine import TABLE, TERMINAL_STATES, Effect, Fact, Move, State, follow

SEARCH_AGAIN = Move(State.RESERVED, (Effect.DROP_CLOSER, Effect.TELL_AGAIN, Effect.OFFER))
FACTS = st.lists(st.sampled_from(Fact), max_size=60)


def run(facts: list[Fact], state: State = State.NONE) -> tuple[State, list[Effect]]:
    effects: list[Effect] = []
    for fact in facts:
        move = follow(state, fact)
        if move:
            state = move.state
            effects += move.effects
    return state, effects


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([Fact.TRIGGERED], State.RESERVED),
        ([Fact.TRIGGERED, Fact.OFFERED], State.RINGING),
        ([Fact.TRIGGERED, Fact.NOBODY_LEFT], State.UNANSWERED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.DECLINED], State.RESERVED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.DEADLINE], State.RESERVED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.ACCEPTED], State.ACCEPTED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.ACCEPTED, Fact.CLOSER_ANSWERED], State.SEATED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.ACCEPTED, Fact.JOINED], State.CONNECTED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.ACCEPTED, Fact.CLOSER_ANSWERED, Fact.JOINED], State.CONNECTED),
        ([Fact.TRIGGERED, Fact.OFFERED, Fact.ACCEPTED, Fact.JOINED, Fact.RELEASED, Fact.WRAPPED_UP], State.COMPLETED),
    ],
)
def test_a_story_ends_where_it_should(facts: list[Fact], state: State) -> None:
    assert run(facts)[0] == state


@pytest.mark.parametrize("state", [State.ACCEPTED, State.BRIDGING])
@pytest.mark.parametrize("fact", [Fact.COMMAND_FAILED, Fact.RELEASED, Fact.DEADLINE])
def test_a_closer_who_cannot_be_connected_is_replaced(state: State, fact: Fact) -> None:
    assert follow(state, fact) == SEARCH_AGAIN


def test_a_closer_lost_before_the_joining_is_replaced_and_after_its_command_rung_again() -> None:
    assert follow(State.ACCEPTED, Fact.CLOSER_LOST) == SEARCH_AGAIN
    # The end of the line may be told before the joining: they may have talked already.
    lost = follow(State.BRIDGING, Fact.CLOSER_LOST)
    assert lost is not None
    assert (lost.state, Effect.DROP_CLOSER in lost.effects) == (State.DROPPED, True)


def test_a_closer_whose_line_finds_none_free_keeps_the_call_until_one_is() -> None:
    taken = [Fact.TRIGGERED, Fact.OFFERED, Fact.ACCEPTED]
    busy = [*taken, Fact.LINES_BUSY]

    assert run(busy) == (State.QUEUED, [*run(taken)[1], Effect.TELL_BUSY])
    assert run([*busy, Fact.DEADLINE, Fact.DEADLINE])[0] == State.QUEUED
    assert run([*busy, Fact.DEADLINE, Fact.LINE_FREE, Fact.CLOSER_ANSWERED])[0] == State.SEATED
    assert run([*busy, Fact.LINE_FREE, Fact.LINES_BUSY])[0] == State.QUEUED


def test_a_line_that_never_becomes_free_is_nobody_s_fault() -> None:
    given_up = follow(State.QUEUED, Fact.NOBODY_LEFT)

    assert given_up == Move(State.UNANSWERED, (Effect.SPARE_CLOSER, Effect.PROMISE))
    for (_, fact), move in TABLE.items():
        if fact == Fact.LINES_BUSY:
            assert not {Effect.EXPIRE, Effect.TELL_AGAIN, Effect.OFFER} & set(move.effects)


def test_a_closer_who_lets_go_while_lines_are_busy_is_replaced() -> None:
    assert follow(State.QUEUED, Fact.RELEASED) == SEARCH_AGAIN


BEFORE_THE_TALK = [State.NONE, State.RESERVED, State.RINGING, State.ACCEPTED, State.QUEUED]


@pytest.mark.parametrize("state", BEFORE_THE_TALK)
def test_a_prospect_who_leaves_before_the_talk_abandons_it(state: State) -> None:
    move = follow(state, Fact.PROSPECT_LEFT)

    assert move is not None
    assert move.state == State.ABANDONED


def test_a_prospect_who_leaves_the_talk_lets_the_closer_finish_the_notes() -> None:
    assert follow(State.CONNECTED, Fact.PROSPECT_LEFT) == Move(State.WRAP_UP, (Effect.DROP_CLOSER,))
    assert follow(State.DROPPED, Fact.PROSPECT_LEFT) == Move(State.WRAP_UP)


def test_a_talk_whose_joining_is_told_after_its_end_was_a_talk() -> None:
    assert follow(State.BRIDGING, Fact.PROSPECT_LEFT) == Move(State.WRAP_UP, (Effect.DROP_CLOSER,))


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL_STATES))
def test_no_state_can_last_for_ever(state: State) -> None:
    assert follow(state, Fact.DEADLINE) is not None


@pytest.mark.parametrize("state", sorted(TERMINAL_STATES))
@pytest.mark.parametrize("fact", list(Fact))
def test_what_is_over_stays_over(state: State, fact: Fact) -> None:
    assert follow(state, fact) is None


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL_STATES))
def test_deadlines_and_departures_alone_always_lead_to_an_end(state: State) -> None:
    facts = [Fact.DEADLINE, Fact.NOBODY_LEFT, Fact.PROSPECT_LEFT, Fact.WRAPPED_UP] * 4

    assert run(facts, state)[0] in TERMINAL_STATES


@given(FACTS, FACTS)
def test_facts_after_the_end_change_nothing(before: list[Fact], after: list[Fact]) -> None:
    state, _ = run(before)

    if state in TERMINAL_STATES:
        assert run(after, state) == (state, [])


@given(FACTS)
def test_a_fact_without_a_move_changes_nothing(facts: list[Fact]) -> None:
    state, _ = run(facts)

    for fact in Fact:
        known = (state, fact) in TABLE
        assert (follow(state, fact) is not None) == known


@given(FACTS)
def test_nobody_is_connected_without_having_accepted(facts: list[Fact]) -> None:
    state, effects = run([fact for fact in facts if fact != Fact.ACCEPTED])

    assert state not in {State.ACCEPTED, State.BRIDGING, State.CONNECTED, State.WRAP_UP, State.COMPLETED}
    assert not {Effect.CONNECT, Effect.JOIN} & set(effects)


@given(FACTS)
def test_who_hears_an_apology_was_promised_a_callback_once(facts: list[Fact]) -> None:
    state, effects = run(facts)

    assert effects.count(Effect.PROMISE) == (1 if state == State.UNANSWERED else 0)
