"""The search for broken rules is only worth something if it finds them: each planted fault must be found."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import Phase, settings

from handoff import machine
from handoff.actions import rings
from handoff.closers import softphones
from handoff.commands import ledger
from handoff.commands.ledger import Intent
from handoff.engine import transitions
from handoff.legs import attempts
from handoff.machine import Effect, Fact, Move, State
from handoff.models import Handoff, Offer
from tests.handoff import anybody
from tests.handoff.hand_over import LONG, search
from tests.people import Clock

Plant = Callable[[pytest.MonkeyPatch], None]

# What is found need not be told in the shortest way.
FINDING = settings(LONG, phases=[Phase.generate], database=None, print_blob=False, report_multiple_bugs=False)


def what_is_done_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.TABLE, (State.COMPLETED, Fact.RELEASED), Move(State.WRAP_UP))


def a_joining_is_wished_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue = ledger.enqueue

    def with_a_new_key(session: Any, intent: Intent, **named: Any) -> Any:
        return enqueue(session, replace(intent, key=f"{intent.key}:{uuid.uuid4().hex}"), **named)

    monkeypatch.setattr(ledger, "enqueue", with_a_new_key)
    again = Move(State.BRIDGING, (Effect.JOIN,), restarts=True)
    monkeypatch.setitem(machine.TABLE, (State.BRIDGING, Fact.DEADLINE), again)


def a_seat_may_last_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = transitions._deadline

    def without_seats(handoff: Handoff, state: State, now: datetime) -> datetime | None:
        return None if state == State.SEATED else deadline(handoff, state, now)

    monkeypatch.setattr(transitions, "_deadline", without_seats)


def who_comes_late_takes_it_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(offer: Offer, state: str, now: datetime) -> None:
        Offer.objects.filter(pk=offer.pk).update(state=state, answered_at=now)

    monkeypatch.setattr(rings, "_claim", claim)
    for state in (State.ACCEPTED, State.SEATED, State.BRIDGING, State.CONNECTED):
        monkeypatch.setitem(machine.TABLE, (state, Fact.ACCEPTED), Move(state))


def a_command_is_repeated_after_it_was_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "SEND_WITHIN", timedelta(minutes=10))


def a_lost_closer_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in (State.ACCEPTED, State.SEATED, State.BRIDGING):
        monkeypatch.delitem(machine.TABLE, (state, Fact.CLOSER_LOST))
        monkeypatch.delitem(machine.TABLE, (state, Fact.DEADLINE))


def a_line_is_sought_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    unreached = softphones.unreached

    def as_if_for_the_first_time(handoff: Handoff, username: str, now: datetime) -> Fact:
        attempts.of(handoff).line_lost_at = attempts.of(handoff).line_back_at = None
        attempts.of(handoff).save(update_fields=["line_lost_at", "line_back_at"])
        return unreached(handoff, username, now)

    monkeypatch.setattr(softphones, "unreached", as_if_for_the_first_time)


# Each with the beginnings from which it can be come upon: what is tried is whether it is seen then.
PLANTS = [
    (what_is_done_goes_on, ["notes"]),
    (a_seat_may_last_for_ever, ["seated"]),
    (a_joining_is_wished_for_again, ["joined unheard"]),
    (who_comes_late_takes_it_all_the_same, ["ringing"]),
    (a_command_is_repeated_after_it_was_forgotten, ["joined unanswered"]),
    (a_lost_closer_is_not_noticed, ["ringing", "seated"]),
    (a_line_is_sought_without_end, ["sought"]),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("plant", "beginnings"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_fault_is_found(
    db: None, clock: Clock, monkeypatch: pytest.MonkeyPatch, plant: Plant, beginnings: list[str]
) -> None:
    monkeypatch.setattr(anybody, "BEGINNINGS", beginnings)
    plant(monkeypatch)

    with pytest.raises((AssertionError, IntegrityError)):
        search(clock, monkeypatch, FINDING)
