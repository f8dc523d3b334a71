"""How an answer of a visit reads to a closer: where it came from, what stands beside it, how it is edited."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from dashboard.render.presenters import text
from sessions_app import selectors as sessions
from sessions_app.answers.precedence import Given
from sessions_app.models import VoiceSession
from sessions_app.selectors import FieldInFull

# Source: what is written beside an answer, its icon, and what it means to somebody who asks.
SOURCES = {
    "partial": ("Heard, not confirmed", "bot", "Heard while talking; the assistant confirms it at the end"),
    "final": ("Confirmed", "check", "The assistant’s result at the end of its questions"),
    "tool": ("Noted", "bot", "Noted by the assistant during the call"),
    "insight": ("Insight", "bot", "Concluded from the conversation after it ended"),
    "prospect": ("Typed by them", "person", "Typed by the prospect into the page"),
}
HEARD_BY = {
    "partial": "The assistant heard",
    "final": "The assistant confirmed",
    "tool": "The assistant noted",
    "insight": "The insight says",
    "prospect": "The prospect typed",
}
_INPUTS = {"email": "email", "phone": "tel", "date": "date", "integer": "number", "number": "number"}


@dataclass(frozen=True)
class Origin:
    """Who said something, in words, and when."""

    label: str
    icon: str
    meaning: str
    at: datetime


@dataclass(frozen=True)
class Heard:
    """A value other than the one that holds."""

    digest: str
    text: str
    intro: str
    origin: Origin


def panel(session: VoiceSession) -> list[dict[str, Any]]:
    """Every answer as the panel shows it."""
    return [_answer(one) for one in sessions.fields_with_provenance(session)]


def _answer(one: FieldInFull) -> dict[str, Any]:
    standing = one.standing
    current = standing.current if one.view.captured_at else None
    return {
        "view": one.view,
        "text": text(one.view.value),
        # A name may hold anything; an id may not.
        "key": sha256(one.view.name.encode()).hexdigest()[:10],
        "origin": _origin(standing.current, is_locked=standing.is_locked) if standing.current else None,
        "is_locked": standing.is_locked,
        "position": standing.position if current else None,
        "problem": one.problem,
        "seen": standing.current.digest if standing.current else "",
        "suggestions": [_heard(value) for value in standing.suggestions],
        "earlier": [_heard(value) for value in standing.earlier],
        "input": _input(one.rule),
        "choices": _choices(one.rule),
    }


def _origin(value: Given, *, is_locked: bool = False) -> Origin:
    if value.source == "closer":
        meaning = "Locked: later answers are only suggested" if is_locked else "Written by a closer"
        return Origin(value.given_by or "A closer", "lock" if is_locked else "person", meaning, value.first_at)
    label, icon, meaning = SOURCES[value.source]
    return Origin(label, icon, meaning, value.first_at)


def _heard(value: Given) -> Heard:
    intro = HEARD_BY.get(value.source, "")
    return Heard(value.digest, text(value.value) or "Not known", intro, _origin(value))


def _input(rule: Any) -> str:
    """The kind of input in which an answer is written."""
    told = rule if isinstance(rule, dict) else {}
    return _INPUTS.get(str(told.get("format")), _INPUTS.get(str(told.get("type")), "text"))


def _choices(rule: Any) -> str:
    """What there is to choose from, as JSON; "" when anything may be written."""
    told = rule if isinstance(rule, dict) else {}
    listed = ["Yes", "No"] if told.get("type") == "boolean" else told.get("enum")
    return json.dumps([str(one) for one in listed]) if isinstance(listed, list) else ""
