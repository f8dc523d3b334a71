"""The signed address of the tool that a gather is given: it proves that its user was told it by this probe."""

from datetime import timedelta
from uuid import UUID

from django.core import signing

_SALT = "agileadapt.probe.tool"
LIFETIME = timedelta(minutes=30)


def issue(probe_id: UUID) -> str:
    return signing.TimestampSigner(salt=_SALT).sign(probe_id.hex)


def read(ticket: str) -> UUID | None:
    """The probe that the ticket names; None when it is forged, old or no ticket at all."""
    try:
        return UUID(hex=signing.TimestampSigner(salt=_SALT).unsign(ticket, max_age=LIFETIME))
    except (signing.BadSignature, ValueError):
        return None
