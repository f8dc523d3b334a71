"""Signed names: of a session the page's token and the ticket that its call carries, of a run the ticket of its tools.

Tickets travel through Telnyx; that of a call comes back in webhooks that are stored, so it must open nothing else.
"""

from datetime import timedelta
from uuid import UUID

from django.core import signing

_PAGE = "agileadapt.session"
_CALL = "agileadapt.call"
_TOOLS = "agileadapt.tools"
LIFETIME = timedelta(hours=4)


def issue(session_id: UUID) -> str:
    """What the page shows to us with everything that it asks."""
    return _sign(session_id, _PAGE)


def read(token: str) -> UUID | None:
    """The session that the token names; None when it is forged, expired or no token at all."""
    return _read(token, _PAGE)


def ticket(session_id: UUID) -> str:
    """What the page's call carries, so that we know whose call it is."""
    return _sign(session_id, _CALL)


def read_ticket(value: str) -> UUID | None:
    """The session that the ticket names; None when it is forged, expired or no ticket at all."""
    return _read(value, _CALL)


def tool_ticket(run: int, call_control_id: str) -> str:
    """What the addresses of a gather's tools carry: the key of its run, and the leg that it runs on."""
    return signing.dumps([run, call_control_id], salt=_TOOLS)


def read_tool_ticket(value: str) -> tuple[int, str] | None:
    """The run and the leg; None when the ticket is forged, expired or none at all."""
    try:
        run, call_control_id = signing.loads(value, salt=_TOOLS, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(run), str(call_control_id)


def _sign(session_id: UUID, salt: str) -> str:
    return signing.TimestampSigner(salt=salt).sign(session_id.hex)


def _read(value: str, salt: str) -> UUID | None:
    try:
        return UUID(hex=signing.TimestampSigner(salt=salt).unsign(value, max_age=LIFETIME))
    except (signing.BadSignature, ValueError):
        return None
