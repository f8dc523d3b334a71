"""The webhook tool that a gather is given: its description for Telnyx, and what a use of it proves. No Django here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from telephony import inbound
from telephony.inbound import InboundError

# The tool waits for a second, and is answered after three.
TIMEOUT_MS = 1_000
ANSWER_AFTER_SECONDS = 3.0


def description(address: str) -> dict[str, Any]:
    """The tool in the shape that a gather takes. Source: telnyx 4.189.0, types/ai/webhook_tool_param.py."""
    return {
        "type": "webhook",
        # Beside `type`: inside `webhook` it is not applied.
        "timeout_ms": TIMEOUT_MS,
        "webhook": {
            "name": "save_prospect_details",
            "description": "Save each answer of the caller as soon as it is heard. Always call this before going on.",
            "url": address,
            "method": "POST",
            "body_parameters": {
                "type": "object",
                "properties": {"colour": {"type": "string"}, "animal": {"type": "string"}},
                "required": [],
            },
        },
    }


def read(body: bytes, headers: Mapping[str, str], *, keys: Sequence[str], now: datetime) -> dict[str, Any]:
    """What of a use says that it is Telnyx's; `body` and `signature` only as digests, to know a repetition by."""
    named = {name.lower(): value for name, value in headers.items()}
    try:
        inbound.receive_tool(body, headers, keys=keys, now=now)
        is_signed = True
    except InboundError:
        is_signed = False
    return {
        "signed": is_signed,
        "names_call": bool(named.get(inbound.TOOL_CALL_HEADER)),
        "bearer": named.get("authorization", "").lower().startswith("bearer "),
        "body": sha256(body).hexdigest(),
        "signature": sha256(named.get("telnyx-signature-ed25519", "").encode()).hexdigest(),
    }
