"""What the account's level allows, as far as a test has not said otherwise.

Sources (2026-04): https://developers.telnyx.com/docs/account-setup/levels-and-capabilities/{trial,paid,verified} and
https://developers.telnyx.com/docs/voice/sip-trunking/configuration/concurrent-limits
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple, get_args

Level = Literal["2", "1", "trial"]


class Allowance(NamedTuple):
    """None is no limit. `prefixes_speech`: every machine sentence begins with the notice of abuse."""

    concurrent_calls: int
    calls_per_hour: int | None
    calls_per_day: int | None
    seconds_per_call: float | None
    prefixes_speech: bool


BY_LEVEL: dict[str, Allowance] = {
    "2": Allowance(10, None, None, None, prefixes_speech=False),
    "1": Allowance(5, 10, 100, None, prefixes_speech=True),
    "trial": Allowance(2, 10, 100, 600.0, prefixes_speech=True),
}


class LimitError(ValueError):
    """A limit is not understood; the message says which."""


@dataclass
class Limits:
    """`told_by` says how a call too many is refused: at once, or by the end of its leg."""

    level: Level = "2"
    # None is what the level allows.
    concurrent_calls: int | None = None
    calls_per_hour: int | None = None
    calls_per_day: int | None = None
    told_by: Literal["request", "leg"] = "request"
    verified_number: str = ""
    balance: str = "100.00"
    # How many REST requests within how many seconds.
    requests: int = 1000
    requests_seconds: int = 1
    # How long a login token lives, if its credential does.
    token_seconds: int = 86_400

    def choose(self, data: Any) -> None:
        """Take over the named limits; the others return to what is usual."""
        if not isinstance(data, dict) or not data.keys() <= {known.name for known in fields(self)}:
            raise LimitError(f"limits are {', '.join(known.name for known in fields(self))}")
        for name, value in data.items():
            if not _fits(name, value):
                raise LimitError(f"{name} cannot be {value!r}")
        for known in fields(self):
            setattr(self, known.name, data.get(known.name, known.default))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def allowance(self) -> Allowance:
        own = BY_LEVEL[self.level]
        return Allowance(
            own.concurrent_calls if self.concurrent_calls is None else self.concurrent_calls,
            own.calls_per_hour if self.calls_per_hour is None else self.calls_per_hour,
            own.calls_per_day if self.calls_per_day is None else self.calls_per_day,
            own.seconds_per_call,
            own.prefixes_speech,
        )


def _fits(name: str, value: Any) -> bool:
    if name == "level":
        return value in get_args(Level)
    if name == "told_by":
        return value in ("request", "leg")
    if name in ("verified_number", "balance"):
        return isinstance(value, str)
    may_be_missing = name in ("concurrent_calls", "calls_per_hour", "calls_per_day")
    return (value is None and may_be_missing) or (type(value) is int and value >= 0)
