"""A closer as the routing sees them. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Candidate:
    """A closer as the routing sees them. `missing` names what keeps them from being ready."""

    closer_id: int
    is_available: bool
    is_alive: bool
    is_busy: bool
    missing: tuple[str, ...]
    idle_since: datetime | None
    skills: frozenset[str] = frozenset()
    has_missed: bool = False
    has_spoken: bool = False

    @property
    def is_there(self) -> bool:
        """Somebody worth waiting for: they may become free, or repair what is missing."""
        return self.is_available and self.is_alive and not self.has_missed

    @property
    def is_ready(self) -> bool:
        return self.is_there and not self.is_busy and not self.missing
