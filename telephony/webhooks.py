"""Where, and how persistently, Telnyx tells of a call: given with each command that begins a call or takes one over.

A leg at a browser belongs to a credential connection, for whose own address Telnyx documents five events and none of an
assistant. So the address is given anew with the call.
Source: the parameter types of answer, dial and transfer in telnyx 4.189.0; https://support.telnyx.com/en/articles/4351104
(read 2026-11)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_RETRIES = 5
LONGEST_MS = 60_000

# What is lost with these, nothing later says again; all of them are documented for the commands that take the map.
RETRIED = (
    "call.initiated",
    "call.answered",
    "call.bridged",
    "call.hangup",
    "call.speak.ended",
    "call.ai_gather.ended",
    "call.conversation.created",
    "call.conversation.ended",
    "call.conversation.start_failed",
    "call.conversation_insights.generated",
)


@dataclass(frozen=True, slots=True)
class CallWebhooks:
    """`retries_ms` are the pauses before each repetition: at most five, and a minute altogether."""

    url: str
    retries_ms: tuple[int, ...] = (1_000, 2_000, 5_000, 15_000, 30_000)

    def __post_init__(self) -> None:
        if (
            len(self.retries_ms) > MOST_RETRIES
            or sum(self.retries_ms) > LONGEST_MS
            or min(self.retries_ms, default=0) < 0
        ):
            raise ValueError(f"Telnyx takes at most {MOST_RETRIES} retries within {LONGEST_MS} ms")

    def parameters(self) -> Mapping[str, Any]:
        """What a command carries of it."""
        policy = {"retries_ms": list(self.retries_ms)}
        return {"webhook_url": self.url, "webhook_retries_policies": dict.fromkeys(RETRIED, policy)}
