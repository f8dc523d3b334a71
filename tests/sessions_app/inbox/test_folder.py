"""Whose turn it is: calls one by one, what moves a call before what only says more, and no thread lost."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from queue import Queue
from threading import Event as Signal
from typing import Any

import pytest

from sessions_app.inbox import folder, intake
from sessions_app.inbox.folder import Folder, Item
from telephony.events import CallAnswered, CallIds, Event, UnknownEvent

AT = datetime(2026, 11, 28, tzinfo=UTC)
SECONDS = 5.0

Work = Callable[[set[int]], None]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], Queue[set[int]]]:
    """What is worked through, batch by batch, in the place of the database's work."""

    def with_work(work: Work) -> Queue[set[int]]:
        done: Queue[set[int]] = Queue()

        def work_through(events: Mapping[int, Event], **_: Any) -> None:
            work(set(events))
            done.put(set(events))

        monkeypatch.setattr(intake, "work_through", work_through)
        return done

    return with_work


def item(pk: int, call: str, *, moves: bool = False) -> Item:
    ids = CallIds(call_session_id=call)
    kind = CallAnswered if moves else UnknownEvent
    return Item(pk, kind(str(pk), "call.answered", AT, ids, None, {}))


def first_held(gate: Signal, begun: Signal) -> Work:
    def work(pks: set[int]) -> None:
        if 1 in pks:
            begun.set()
            gate.wait(SECONDS)

    return work


def test_what_waits_of_a_call_is_taken_together_and_what_moves_one_overtakes(works: Any) -> None:
    gate, begun = Signal(), Signal()
    done = works(first_held(gate, begun))
    one = Folder(1)
    one.put(item(1, "a"))
    assert begun.wait(SECONDS)
    for told in (item(2, "b"), item(3, "a"), item(4, "a"), item(5, "c", moves=True)):
        one.put(told)
    gate.set()

    assert [done.get(timeout=SECONDS) for _ in range(4)] == [{1}, {5}, {2}, {3, 4}]


def test_a_failure_ends_no_thread_and_keeps_no_call(works: Any) -> None:
    failing = Signal()

    def fail_once(pks: set[int]) -> None:
        if pks == {1}:
            failing.set()
            raise OSError

    done = works(fail_once)
    one = Folder(1)
    one.put(item(1, "a"))
    assert failing.wait(SECONDS)
    one.put(item(2, "a"))

    assert 2 in done.get(timeout=SECONDS)


def test_a_held_session_is_looked_at_again_and_keeps_no_other_waiting(
    works: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "HELD_SECONDS", 0.05)
    looks: list[set[int]] = []

    def held_twice(pks: set[int]) -> None:
        looks.append(pks)
        if 1 in pks and looks.count({1}) <= 2:
            raise intake.Held

    done = works(held_twice)
    one = Folder(1)
    one.put(item(1, "a"))
    one.put(item(2, "b"))

    assert [done.get(timeout=SECONDS) for _ in range(2)] == [{2}, {1}]


def test_in_a_rush_what_is_ordinary_gives_way_and_comes_all_the_same(
    works: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "GIVES_WAY_SECONDS", 0.2)
    done = works(lambda pks: None)
    one = Folder(2, is_rushed=lambda: True)
    one.put(item(1, "a"))
    one.put(item(2, "b", moves=True))

    assert [done.get(timeout=SECONDS) for _ in range(2)] == [{2}, {1}]


def test_what_waits_in_memory_is_bounded(works: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_WAITING", 2)
    gate = Signal()
    done = works(first_held(gate, Signal()))
    one = Folder(1)

    assert [one.put(item(number, "a")) for number in (1, 2, 3)] == [True, True, False]
    gate.set()
    taken = done.get(timeout=SECONDS)
    while 2 not in taken:
        taken |= done.get(timeout=SECONDS)
    assert taken == {1, 2}
