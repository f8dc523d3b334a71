"""Percentiles of what was measured. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil


@dataclass(frozen=True)
class Summary:
    """Of one kind of measurement; percentiles by nearest rank, so each is a value that did occur."""

    count: int
    least: float
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Summary | None":
        if not values:
            return None
        ranked = sorted(values)
        p50, p95, p99 = (nearest_rank(ranked, percent) for percent in (50, 95, 99))
        return cls(len(ranked), ranked[0], p50, p95, p99, ranked[-1])

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 2) for name, value in asdict(self).items()}


def nearest_rank(ranked: Sequence[float], percent: float) -> float:
    """The smallest of the sorted values that at least `percent` of them do not exceed."""
    return ranked[max(1, ceil(len(ranked) * percent / 100)) - 1]


def difference_ms(earlier: float | None, later: float | None) -> float | None:
    """Milliseconds between two moments in seconds, when both were observed."""
    return None if earlier is None or later is None else (later - earlier) * 1000
