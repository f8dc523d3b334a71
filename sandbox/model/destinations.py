"""What happens at telephone numbers and at the SIP addresses of other providers."""

import re
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from sandbox.model.orders import BUSY, REFUSED, UNKNOWN_NUMBER, Ending

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
GREETING = "Hello. You have reached the phone that you called."
ANSWER, NO_ANSWER, REFUSE = "answer", "no_answer", "refuse"
ENDINGS: dict[str, Ending] = {"busy": BUSY, "reject": REFUSED, "unallocated": UNKNOWN_NUMBER}
BEHAVIOURS = (ANSWER, NO_ANSWER, REFUSE, *ENDINGS)


class DestinationError(ValueError):
    """A destination is not understood; the message says why."""


@dataclass(frozen=True)
class Destination:
    """How one far end behaves.

    It answers, speaks its first sentence, and says the next one whenever somebody has spoken to it. `reason` is the
    platform's text when it refuses to dial at all; `sip` replaces the status with which the far end turns a call down.
    """

    behaviour: str = ANSWER
    after_seconds: float = 0.5
    sentences: tuple[str, ...] = (GREETING,)
    hangs_up_after_seconds: float | None = None
    sip: str | None = None
    reason: str = "Dialed number is not included in whitelisted countries D13"

    @classmethod
    def from_json(cls, data: Any) -> "Destination":
        if not isinstance(data, dict) or not data.keys() <= cls.__dataclass_fields__.keys():
            raise DestinationError(f"a destination is an object with {', '.join(cls.__dataclass_fields__)}")
        if data.get("behaviour", ANSWER) not in BEHAVIOURS:
            raise DestinationError(f"behaviour is one of {', '.join(BEHAVIOURS)}")
        sentences = data.get("sentences", [GREETING])
        seconds = (data.get("after_seconds", 0.0), data.get("hangs_up_after_seconds", 0.0))
        if not isinstance(sentences, list) or any(not isinstance(value, int | float) for value in seconds):
            raise DestinationError("sentences is a list; after_seconds and hangs_up_after_seconds are numbers")
        return cls(**{**data, "sentences": tuple(str(sentence) for sentence in sentences)})

    @property
    def ending(self) -> Ending | None:
        """How the call ends without an answer; None when it is answered, or rings until the caller gives up."""
        ending = ENDINGS.get(self.behaviour)
        return replace(ending, sip=self.sip) if ending and self.sip else ending


@dataclass
class Destinations:
    """The far ends by address; `*` in an address stands for any text, and the first match counts."""

    sip_domain: str
    _by_address: dict[str, Destination] = field(default_factory=dict)

    def replace(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise DestinationError("destinations are an object, by address")
        self._by_address = {str(address): Destination.from_json(item) for address, item in data.items()}

    def as_json(self) -> dict[str, Any]:
        return {address: asdict(known) for address, known in self._by_address.items()}

    def find(self, to: str) -> Destination | None:
        """Return the far end at an address; None for our own SIP domain, and for what is no address at all."""
        if not self._is_outside(to):
            return None
        plain = to.partition(";")[0]
        return next(
            (known for address, known in self._by_address.items() if fnmatchcase(plain, address)), Destination()
        )

    def _is_outside(self, to: str) -> bool:
        user, _, host = to.partition(";")[0].removeprefix("sip:").partition("@")
        if to.startswith("sip:"):
            return bool(user and host) and host != self.sip_domain
        return is_number(to)


def is_number(text: str) -> bool:
    return E164.fullmatch(text) is not None
