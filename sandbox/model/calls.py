"""Every leg and conference by its id, as long as it is remembered."""

import time
from datetime import timedelta

from sandbox.model.legs import Conference, Leg

KEPT_AFTER_END = timedelta(minutes=10)


class Calls:
    """Every leg and conference that is alive or ended lately."""

    def __init__(self) -> None:
        self._legs: dict[str, Leg] = {}
        self._far_sides: dict[str, Leg] = {}
        self._conferences: dict[str, Conference] = {}
        self._ended: dict[str, float] = {}

    def add(self, leg: Leg) -> Leg:
        self._forget_old()
        self._legs[leg.call_control_id] = leg
        return leg

    def get(self, call_control_id: str) -> Leg | None:
        return self._legs.get(call_control_id) or self._far_sides.get(call_control_id)

    def add_far_side(self, leg: Leg) -> None:
        """Know it by its id; it is a second view of a leg, and no leg of its own among the others."""
        self._far_sides[leg.call_control_id] = leg

    def all(self) -> list[Leg]:
        return list(self._legs.values())

    def alive(self) -> list[Leg]:
        return [leg for leg in self._legs.values() if leg.is_alive]

    def ended(self, leg: Leg) -> None:
        self._ended[leg.call_control_id] = time.monotonic()

    def add_conference(self, conference: Conference) -> None:
        self._conferences[conference.id] = conference

    def conference(self, conference_id: str) -> Conference | None:
        return self._conferences.get(conference_id)

    def conferences(self) -> list[Conference]:
        return list(self._conferences.values())

    def clear(self) -> None:
        self._legs.clear()
        self._far_sides.clear()
        self._conferences.clear()
        self._ended.clear()

    def _forget_old(self) -> None:
        limit = time.monotonic() - KEPT_AFTER_END.total_seconds()
        for call_control_id in [key for key, at in self._ended.items() if at < limit]:
            forgotten = self._legs.pop(call_control_id, None)
            if forgotten and forgotten.far_side:
                self._far_sides.pop(forgotten.far_side.call_control_id, None)
            del self._ended[call_control_id]
