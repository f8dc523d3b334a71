"""How the platform decides where its documents do not say what it does; a test chooses."""

from dataclasses import asdict, dataclass, fields
from typing import Any

ACCEPT, FORBID = "accept", "refuse"
CHOICES = {
    # Whether a dial may supervise a leg, and whether a supervisor may change roles.
    "supervision": (ACCEPT, FORBID),
    "role_switch": (ACCEPT, FORBID),
    # Whether the assistant's own legs take commands: they do, are unknown, or count as ended.
    "anonymous_legs": (ACCEPT, "404", "422"),
}


class PlatformError(ValueError):
    """A choice is unknown; the message says which."""


@dataclass
class Platform:
    supervision: str = ACCEPT
    role_switch: str = ACCEPT
    anonymous_legs: str = "422"

    def choose(self, data: Any) -> None:
        """Take over the named choices; the others return to what is usual."""
        if not isinstance(data, dict) or not data.keys() <= CHOICES.keys():
            raise PlatformError(f"choices are {', '.join(CHOICES)}")
        for name, value in data.items():
            if value not in CHOICES[name]:
                raise PlatformError(f"{name} is one of {', '.join(CHOICES[name])}")
        for known in fields(self):
            setattr(self, known.name, data.get(known.name, known.default))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
