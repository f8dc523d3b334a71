"""What closers do with a captured field: edit it, take what was heard, leave that aside, let go of the lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import strict_json
from sessions_app import timeline
from sessions_app.answers import captured, prospects, versions
from sessions_app.answers.precedence import Standing
from sessions_app.kinds import Kind
from sessions_app.models import CapturedField, FieldValue, VoiceSession
from sessions_app.models.learnt import Source
from sessions_app.rules import answer_values

__all__ = ["Stale", "Unknown", "dismiss", "edit", "unlock", "use"]


# Telnyx's clock may be ahead of ours; what a closer has seen was said before they wrote.
_AFTER = timedelta(microseconds=1)


class Unknown(LookupError):
    """The session has no such field."""


class Stale(Exception):
    """The field changed since the closer looked; `value`, known by its `digest`, holds now."""

    def __init__(self, value: Any, digest: str) -> None:
        super().__init__("the field changed meanwhile")
        self.value, self.digest = value, digest


@dataclass(frozen=True)
class _Found:
    row: CapturedField | None
    values: list[FieldValue]
    standing: Standing | None

    @property
    def digest(self) -> str:
        """Of the value that holds; "" while there is none."""
        return self.standing.current.digest if self.standing and self.standing.current else ""

    @property
    def moments(self) -> list[datetime]:
        """Of all that happened to the field so far."""
        unlocked = [self.row.unlocked_at] if self.row and self.row.unlocked_at else []
        return [*unlocked, *(one.last_at for one in self.values)]


def edit(session: VoiceSession, name: str, text: str, *, seen: str, by: str, now: datetime) -> None:
    """Write a closer's words into a field of a locked session and lock it; "" says that the answer is not known.

    `seen` is the digest of the value that they looked at. Raises Unknown, Stale, answers.Unfit.
    """
    found = _find(session, name)
    value = answer_values.typed(versions.rule(session, name), text, country=session.widget.country)
    _write(session, name, value, found, seen=seen, by=by, now=now, position=None)


def use(session: VoiceSession, name: str, heard: str, *, seen: str, by: str, now: datetime) -> None:
    """Take a suggestion, named by its digest, as the closer's own answer. Raises Unknown, Stale."""
    found = _find(session, name)
    chosen = next((one for one in found.values if one.digest == heard), None)
    if chosen is None:
        raise Unknown(name)
    _write(session, name, chosen.value, found, seen=seen, by=by, now=now, position=chosen.position)


def dismiss(session: VoiceSession, name: str, heard: str, *, by: str, now: datetime) -> None:
    """Suggest that value no more. Raises Unknown."""
    row, standing = _known(session, name)
    if heard not in {one.digest for one in standing.suggestions}:
        return
    row.dismissed = [*row.dismissed, heard]
    row.save(update_fields=["dismissed"])
    _tell(session, Kind.FIELD_DISMISSED, row, by, now)


def unlock(session: VoiceSession, name: str, *, by: str, now: datetime) -> None:
    """Let what was heard since the last edit, and whatever comes, hold again. Raises Unknown."""
    row, standing = _known(session, name)
    if not standing.is_locked or standing.current is None:
        return
    row.unlocked_at = max(now, standing.current.last_at)
    row.save(update_fields=["unlocked_at"])
    _tell(session, Kind.FIELD_UNLOCKED, row, by, now)


def _find(session: VoiceSession, name: str) -> _Found:
    row = CapturedField.objects.filter(session=session, name=strict_json.cleaned(name)).first()
    if row is None:
        if versions.rule(session, name) is None:
            raise Unknown(name)
        return _Found(None, [], None)
    values = list(row.values.order_by("pk"))
    return _Found(row, values, captured.standing(row, values))


def _known(session: VoiceSession, name: str) -> tuple[CapturedField, Standing]:
    found = _find(session, name)
    if found.row is None or found.standing is None:
        raise Unknown(name)
    return found.row, found.standing


def _write(
    session: VoiceSession,
    name: str,
    value: Any,
    found: _Found,
    *,
    seen: str,
    by: str,
    now: datetime,
    position: int | None,
) -> None:
    digest = answer_values.kept(value).digest
    is_locked = found.standing is not None and found.standing.is_locked
    if found.digest == digest and is_locked:
        return  # A second click, or somebody wrote the same.
    if found.digest not in (seen, digest):
        raise Stale(found.row.value if found.row else "", found.digest)
    at = max([now, *(moment + _AFTER for moment in found.moments)])
    captured.record(session, {name: value}, source=Source.CLOSER, at=at, position=position, by=by)


def _tell(session: VoiceSession, kind: Kind, row: CapturedField, by: str, now: datetime) -> None:
    if captured.mirror(row, captured.standing(row, list(row.values.order_by("pk")))):
        prospects.name_prospect(session)
    timeline.append(session, kind, {"fields": [row.name], "closer_name": by}, occurred_at=now)
