"""Webhooks as Telnyx would send them, signed with the sandbox's key."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from nacl.signing import SigningKey

PATH = "/webhooks/telnyx/call-control"
# Long enough for a sentence, as a real history has; no two of a call are the same.
QUESTION = "And how is it with number {}, is there anything about it that we should know before we begin?"
ANSWER = "We would like to begin with number {} in about {} days, and the budget is still open."
FIELDS = ("timeline", "budget", "roof", "company", "decision", "number_of_panels", "power_bill", "address")
# So many exchanges later an answer that is not known yet was given, or another one than before.
EXCHANGES_TO_AN_ANSWER = 5


@dataclass(frozen=True)
class Delivery:
    event_id: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Talk:
    """A call that goes on: with each exchange its history is two turns longer, and now and then there is an answer."""

    leg: Mapping[str, Any]
    history: list[dict[str, str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    exchanges: int = 0

    @classmethod
    def with_turns(cls, leg: Mapping[str, Any], turns: int) -> "Talk":
        talk = cls(leg)
        for _ in range(turns // 2):
            talk.go_on()
        return talk

    def go_on(self) -> "Talk":
        self.exchanges += 1
        said = ANSWER.format(self.exchanges, self.exchanges + 7)
        self.history += [
            {"role": "assistant", "content": QUESTION.format(self.exchanges)},
            {"role": "user", "content": said},
        ]
        if self.exchanges % EXCHANGES_TO_AN_ANSWER == 0:
            number = self.exchanges // EXCHANGES_TO_AN_ANSWER
            self.answers[FIELDS[number % len(FIELDS)]] = said
        return self


class Sender:
    """Writes deliveries about calls that the application knows."""

    def __init__(self, signing_seed: str) -> None:
        self.key = SigningKey(base64.b64decode(signing_seed))

    def partial_results(self, talk: "Talk") -> Delivery:
        """What was said and understood in a call by now: all of it, as the platform repeats it each time."""
        payload = {
            **{name: talk.leg[name] for name in ("call_control_id", "call_leg_id", "call_session_id", "connection_id")},
            "partial_results": dict(talk.answers),
            "message_history": list(talk.history),
        }
        return self.delivery("call.ai_gather.partial_results", payload)

    def delivery(self, event_type: str, payload: Mapping[str, Any]) -> Delivery:
        event_id, at = str(uuid4()), datetime.now(UTC).isoformat().replace("+00:00", "Z")
        data = {"record_type": "event", "event_type": event_type, "id": event_id, "occurred_at": at, "payload": payload}
        body = json.dumps({"data": data, "meta": {"attempt": 1}}).encode()
        timestamp = str(int(time.time()))
        signature = self.key.sign(timestamp.encode() + b"|" + body).signature
        headers = {
            "content-type": "application/json",
            "telnyx-timestamp": timestamp,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
        }
        return Delivery(event_id, body, headers)
