"""Keep each session's words for the search: marked where they change, written anew a moment later."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, connection, transaction

from sessions_app.kinds import Kind
from sessions_app.models import CapturedField, SearchDocument, TranscriptTurn, VoiceSession
from sessions_app.search import words

logger = logging.getLogger(__name__)

# A sentence changes a session every few seconds; its words are written once for several of them.
PAUSE = timedelta(seconds=3)
AT_ONCE = 50
# PostgreSQL keeps at most 1 MiB of words of one session; this much text never comes to that.
LONGEST_TEXT = 120_000

_KINDS = ("transcript.", "field.", "tool.", Kind.CALLBACK_PROMISED, Kind.CALLBACK_BOOKED)

# Part of the statement that numbers an entry, whose session's row it reads from `numbered`: so that row is held first.
# Nothing is written where the mark stands already, and the transaction that marks holds the row until it commits:
# whoever writes the words passes it over till then.
MARK = """
    INSERT INTO sessions_app_searchdocument (session_id, team_id, began_at, stale_since)
    SELECT id, team_id, created_at, %(recorded_at)s FROM numbered WHERE %(changes_words)s
    ON CONFLICT (session_id) DO UPDATE SET stale_since = EXCLUDED.stale_since
    WHERE sessions_app_searchdocument.stale_since IS NULL
"""
# In one statement: a row that a transaction changes twice has its foreign keys checked again at the commit, which waits
# for whoever holds the session, and they may wait for this row.
WRITE = """
    UPDATE sessions_app_searchdocument
    SET words = array_to_tsvector(%s::text[]) || to_tsvector('english', %s), stale_since = NULL
    WHERE session_id = %s
"""


def changes_words(kind: Kind) -> bool:
    """Whether such an entry of a session's history says that its words may be others."""
    return kind.startswith(_KINDS)


def refresh(*, now: datetime, pause: timedelta = PAUSE) -> int:
    """Write the words of sessions that changed; returns of how many. Several may run at once."""
    written = 0
    while written < AT_ONCE and _refresh_next(now - pause):
        written += 1
    return written


@transaction.atomic
def _refresh_next(before: datetime) -> bool:
    rows = SearchDocument.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    document = rows.filter(stale_since__lte=before).order_by("stale_since").first()
    if document is None:
        return False
    # What changes from here on marks it anew: it waits for the row that we hold.
    write(VoiceSession.objects.select_related("prospect").get(pk=document.pk))
    return True


def write(session: VoiceSession) -> None:
    """Write one session's words now."""
    prospect, answers = session.prospect, _answers(session)
    addresses = [prospect.email, prospect.phone] if prospect else []
    who = words.identities(name=prospect.name if prospect else "", texts=[*addresses, *answers])
    text = "\n".join([prospect.name if prospect else "", *answers, *_turns(session)])[:LONGEST_TEXT]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITE, [who, text, session.pk])
    except DataError:
        # Whatever was said, the other sessions' words are written; this one keeps those it had.
        logger.exception("Could not write the words of a session")
        SearchDocument.objects.filter(pk=session.pk).update(stale_since=None)


def _answers(session: VoiceSession) -> list[str]:
    values = CapturedField.objects.filter(session=session).order_by("pk").values_list("value", flat=True)
    return [text for value in values for text in _texts(value)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def _turns(session: VoiceSession) -> list[str]:
    return list(TranscriptTurn.objects.filter(session=session).order_by("position").values_list("text", flat=True))
