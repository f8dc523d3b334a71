"""Webhooks as Telnyx would send them, signed with the sandbox's key."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from nacl.signing import SigningKey

PATH = "/webhooks/telnyx/call-control"
# Long enough for a sentence, as a real history has; the values differ from one delivery to the next.
SENTENCE = "We would like to begin in about {} days, and the budget is still open."


@dataclass(frozen=True)
class Delivery:
    event_id: str
    body: bytes
    headers: Mapping[str, str]


class Sender:
    """Writes deliveries about calls that the application knows."""

    def __init__(self, signing_seed: str) -> None:
        self.key = SigningKey(base64.b64decode(signing_seed))

    def partial_results(self, leg: Mapping[str, Any], number: int, *, earlier: int = 0) -> Delivery:
        """The assistant has understood something new: a captured field and a turn of the transcript change.

        The history holds so many turns of `earlier`, which are the same in every delivery of a call.
        """
        said = SENTENCE.format(number)
        before = [
            {"role": "user" if turn % 2 else "assistant", "content": SENTENCE.format(turn)} for turn in range(earlier)
        ]
        payload = {
            **{name: leg[name] for name in ("call_control_id", "call_leg_id", "call_session_id", "connection_id")},
            "partial_results": {"timeline": said},
            "message_history": [
                *before,
                {"role": "assistant", "content": "When?"},
                {"role": "user", "content": said},
            ],
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
