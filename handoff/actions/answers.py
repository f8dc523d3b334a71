"""What a closer does with the answers of a visit: edit one, take what was heard, leave it aside, unlock it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from handoff.actions.calls import team_session
from handoff.errors import ActionRefused
from handoff.models import Closer
from sessions_app.answers import editing
from sessions_app.rules.answer_values import Unfit

MAX_ANSWER = 2_000


@transaction.atomic
def edit_answer(session_id: UUID, name: str, *, closer: Closer, text: str, seen: str, now: datetime) -> None:
    """Write an answer down as the closer knows it; from then on the assistant only suggests others.

    `seen` is the digest of the answer that the closer looked at. Raises ActionRefused.
    """
    if len(text) > MAX_ANSWER:
        raise ActionRefused(f"Write at most {MAX_ANSWER} characters.", "too_long")
    session = team_session(session_id, closer)
    with _refusing():
        editing.edit(session, name, text, seen=seen, by=closer.display_name, now=now)


@transaction.atomic
def use_answer(session_id: UUID, name: str, *, closer: Closer, heard: str, seen: str, now: datetime) -> None:
    """Take what was heard later as the answer. Raises ActionRefused."""
    session = team_session(session_id, closer)
    with _refusing():
        editing.use(session, name, heard, seen=seen, by=closer.display_name, now=now)


@transaction.atomic
def dismiss_answer(session_id: UUID, name: str, *, closer: Closer, heard: str, now: datetime) -> None:
    """Leave what was heard later aside. Raises ActionRefused."""
    session = team_session(session_id, closer)
    with _refusing():
        editing.dismiss(session, name, heard, by=closer.display_name, now=now)


@transaction.atomic
def unlock_answer(session_id: UUID, name: str, *, closer: Closer, now: datetime) -> None:
    """Let what was heard since the edit hold again. Raises ActionRefused."""
    session = team_session(session_id, closer)
    with _refusing():
        editing.unlock(session, name, by=closer.display_name, now=now)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except editing.Unknown as error:
        raise ActionRefused("There is no such answer.", "unknown") from error
    except Unfit as error:
        raise ActionRefused(str(error), "unfit") from error
    except editing.Stale as error:
        raise ActionRefused(
            "It was changed meanwhile. Save again to replace it.", "stale", {"value": error.value, "seen": error.digest}
        ) from error
