"""The prospect asks for a person while the assistant speaks."""

from datetime import datetime

from handoff import actions
from sessions_app.http import limits
from sessions_app.models import VoiceSession
from sessions_app.rules import hours

REASON = "requested"
# Asked again, it changes nothing; this only keeps a page that asks without end away from the session's row.
MOST_PER_MINUTE = 10


class Refused(Exception):
    """Nobody is called; `code` is for the page, the message for people."""

    def __init__(self, message: str, code: str, *, status: int = 409, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code, self.status, self.retry_after = code, status, retry_after


def for_person(session: VoiceSession, *, now: datetime) -> None:
    """Have closers rung while the assistant goes on; asking again changes nothing. Raises Refused."""
    try:
        limits.spend_on(f"request:{session.pk}", most=MOST_PER_MINUTE, seconds=60)
    except limits.Refused as refused:
        message = "You have asked many times already."
        raise Refused(message, "too_many", status=429, retry_after=refused.retry_after) from refused
    except limits.LimiterDown as down:
        raise Refused("This is not possible at the moment.", "unavailable", status=503, retry_after=10) from down
    if not session.is_assistant_running:
        raise Refused("The assistant is not on the line now.", "not_now")
    widget = session.widget
    if not hours.is_open(widget.business_hours, widget.time_zone, now):
        raise Refused("Nobody is here at this hour.", "closed")
    actions.request_handoff(session.pk, reason=REASON, now=now)
