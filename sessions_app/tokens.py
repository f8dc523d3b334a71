"""The signed session token that a prospect's page holds."""

from datetime import timedelta
from uuid import UUID

from django.core import signing

_SALT = "agileadapt.session"
LIFETIME = timedelta(hours=4)


def issue(session_id: UUID) -> str:
    return signing.TimestampSigner(salt=_SALT).sign(session_id.hex)


def read(token: str) -> UUID | None:
    """The session that the token names; None when it is forged, expired or no token at all."""
    try:
        return UUID(hex=signing.TimestampSigner(salt=_SALT).unsign(token, max_age=LIFETIME))
    except (signing.BadSignature, ValueError):
        return None
