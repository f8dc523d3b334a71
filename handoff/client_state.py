"""Our mark on what we asked for: the `client_state` that Telnyx hands back with its events."""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

from django.core import signing

_SALT = "agileadapt.leg"

# The leg that calls a prospect back.
PROSPECT = "prospect"
# The sentence that announces the closer.
TAKEOVER = "takeover"


@dataclass(frozen=True)
class Mark:
    """What we asked for: of one attempt a closer's leg (“leg:2”) or the one that listens in (“ear:2”), a prospect's leg
    (“prospect”), a sentence (“say:…”).
    """

    handoff_id: UUID
    subject: str

    @property
    def is_leg(self) -> bool:
        return self.subject.startswith("leg:")

    @property
    def is_ear(self) -> bool:
        return self.subject.startswith("ear:")

    @property
    def is_takeover(self) -> bool:
        return self.subject.startswith(f"say:{TAKEOVER}:")


def leg(attempt: int) -> str:
    return f"leg:{attempt}"


def ear(attempt: int) -> str:
    return f"ear:{attempt}"


def sentence(name: str) -> str:
    return f"say:{name}"


def write(handoff_id: UUID, subject: str) -> str:
    """Base64, as Telnyx demands of `client_state`."""
    signed = signing.Signer(salt=_SALT).sign(f"{handoff_id}.{subject}")
    return base64.b64encode(signed.encode()).decode()


def read(client_state: str | None) -> Mark | None:
    """None unless it is ours: Telnyx puts states of its own on assistant legs."""
    if not client_state:
        return None
    try:
        signed = base64.b64decode(client_state, validate=True).decode()
        handoff_id, _, subject = signing.Signer(salt=_SALT).unsign(signed).partition(".")
        return Mark(UUID(handoff_id), subject)
    except (binascii.Error, UnicodeDecodeError, signing.BadSignature, ValueError):
        return None
