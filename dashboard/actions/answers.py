"""What a closer may do with one answer of a visit."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from dashboard import bodies
from dashboard.actions.calls import action
from handoff import actions
from handoff.selectors import Closer

ANSWER_LENGTH = 2_000
DIGEST_LENGTH = 16
# Four bytes for a character, and as many again for escapes.
MAX_BYTES = 8 * ANSWER_LENGTH


@action
def edit(request: HttpRequest, closer: Closer, session_id: UUID, name: str) -> None:
    body = bodies.read(request, most_bytes=MAX_BYTES)
    text = bodies.text(body, "value", longest=ANSWER_LENGTH)
    actions.edit_answer(session_id, name, closer=closer, text=text, seen=_digest(body, "seen"), now=timezone.now())


@action
def use(request: HttpRequest, closer: Closer, session_id: UUID, name: str) -> None:
    body = bodies.read(request, most_bytes=MAX_BYTES)
    heard, seen = _digest(body, "heard"), _digest(body, "seen")
    actions.use_answer(session_id, name, closer=closer, heard=heard, seen=seen, now=timezone.now())


@action
def dismiss(request: HttpRequest, closer: Closer, session_id: UUID, name: str) -> None:
    heard = _digest(bodies.read(request, most_bytes=MAX_BYTES), "heard")
    actions.dismiss_answer(session_id, name, closer=closer, heard=heard, now=timezone.now())


@action
def unlock(request: HttpRequest, closer: Closer, session_id: UUID, name: str) -> None:
    actions.unlock_answer(session_id, name, closer=closer, now=timezone.now())


def _digest(body: dict[str, Any], name: str) -> str:
    """Which value is meant, as the page was told; "" for none."""
    return bodies.text(body, name, longest=DIGEST_LENGTH)
