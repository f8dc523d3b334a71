"""Our mark on a leg that we asked for: the `client_state` that Telnyx hands back with its events."""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

from django.core import signing

_SALT = "agileadapt.leg"


@dataclass(frozen=True)
class Mark:
    handoff_id: UUID
    attempt: int


def write(handoff_id: UUID, attempt: int) -> str:
    """Base64, as Telnyx demands of `client_state`."""
    signed = signing.Signer(salt=_SALT).sign(f"{handoff_id}.{attempt}")
    return base64.b64encode(signed.encode()).decode()


def read(client_state: str | None) -> Mark | None:
    """None unless it is ours: Telnyx puts states of its own on assistant legs."""
    if not client_state:
        return None
    try:
        signed = base64.b64decode(client_state, validate=True).decode()
        handoff_id, attempt = signing.Signer(salt=_SALT).unsign(signed).split(".")
        return Mark(UUID(handoff_id), int(attempt))
    except (binascii.Error, UnicodeDecodeError, signing.BadSignature, ValueError):
        return None
