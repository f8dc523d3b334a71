"""The times of a hand-over, from its timestamps alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.measures import steps
from handoff.models import Attempt, Handoff, Measures

OF_HANDOFF = ("prospect_free_at", "offered_at", "released_at", "connected_at")
MEASURED = ("media_up_at", "first_word_at")
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def handoff(**moments: int) -> Handoff:
    stamps: dict[str, Any] = {f"{name}_at": at(value) for name, value in moments.items()}
    mine = {name: stamps[name] for name in OF_HANDOFF if name in stamps}
    measured = {name: stamps.pop(name) for name in MEASURED if name in stamps}
    attempt = Attempt(**{name: at for name, at in stamps.items() if name not in OF_HANDOFF or name == "connected_at"})
    Measures(attempt=attempt, **measured)
    return Handoff(**{"triggered_at": START, **mine, "attempt": attempt})


COLD = {
    "prospect_free": 0,
    "offered": 40,
    "accepted": 5_040,
    "command_sent": 5_100,
    "seated": 5_300,
    "connected": 5_500,
    "media_up": 5_600,
    "first_word": 5_900,
    "released": 65_500,
}
WARM = COLD | {"prospect_free": 20_000, "command_sent": 20_070, "connected": 20_150, "released": 80_150}


def test_a_cold_hand_over_is_measured_from_its_acceptance() -> None:
    measured = steps.of(handoff(**COLD))

    assert measured.trigger_to_offer_ms == 40
    assert measured.offer_to_accept_ms == 5_000
    assert measured.accept_to_command_ms == 60
    assert measured.free_to_command_ms is None
    assert measured.command_to_connected_ms == 400
    assert measured.accept_to_media_ms == 560
    assert measured.accept_to_first_word_ms == 860
    assert measured.talk_ms == 60_000


def test_a_warm_one_is_measured_from_the_assistant_s_end() -> None:
    measured = steps.of(handoff(**WARM))

    assert measured.free_to_command_ms == 70
    assert measured.accept_to_command_ms is None
    assert measured.accept_to_seated_ms == 260
    assert measured.command_to_connected_ms == 80


def test_what_was_not_measured_stays_empty() -> None:
    measured = steps.of(handoff(offered=40))

    assert measured.trigger_to_offer_ms == 40
    assert {value for name, value in vars(measured).items() if name != "trigger_to_offer_ms"} == {None}


def test_moments_in_the_wrong_order_are_no_duration() -> None:
    """After a broken line the second closer's acceptance is newer than what the first one's page measured."""
    measured = steps.of(handoff(**(COLD | {"accepted": 9_000})))

    assert (measured.accept_to_media_ms, measured.accept_to_first_word_ms) == (None, None)


@pytest.mark.parametrize(
    ("moments", "sent", "expected"),
    [
        ({"accepted": 100, "prospect_free": 0}, 150, True),
        ({"accepted": 100, "prospect_free": 0}, 50, False),
        # The dial of a closer who takes a seat joins nobody yet.
        ({"accepted": 100}, 150, False),
        ({"accepted": 100, "prospect_free": 900}, 950, True),
        # Of a dial and a bridge the first one counts.
        ({"accepted": 100, "prospect_free": 0, "command_sent": 150}, 300, False),
        ({}, 50, False),
    ],
)
def test_the_command_that_counts_is_the_first_that_can_join(moments: dict[str, int], sent: int, expected: bool) -> None:
    assert steps.brings_together(handoff(**moments), at(sent)) is expected
