"""Whatever happens, in whatever order: one winner, one joining per attempt, a deadline ahead, an end that lasts."""

import pytest

from tests.handoff.hand_over import LONG, QUICK, search
from tests.people import Clock


@pytest.mark.timeout(600)
def test_whatever_happens_the_rules_of_a_hand_over_hold(
    db: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(clock, monkeypatch, QUICK)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_longer_search_finds_nothing_either(db: None, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    search(clock, monkeypatch, LONG)
