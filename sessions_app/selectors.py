"""What pages and sockets read of sessions."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from sessions_app.answers import captured as provenance
from sessions_app.answers import versions
from sessions_app.answers.precedence import Standing, settle
from sessions_app.models import (
    CapturedField,
    Epoch,
    FieldValue,
    Insight,
    Run,
    Team,
    TimelineEntry,
    ToolCall,
    TranscriptTurn,
    VoiceSession,
)
from sessions_app.rules import answer_values
from sessions_app.rules.question_schema import label

RECENT = timedelta(hours=8)
MAX_VISIBLE = 100
SHOWN = ("widget", "gather_version", "prospect", "team")


@dataclass(frozen=True)
class FieldView:
    """One line of the captured fields; `value` is None while the assistant has not asked yet."""

    name: str
    label: str
    value: Any
    is_required: bool
    source: str
    captured_at: datetime | None


@dataclass(frozen=True)
class FieldInFull:
    """A field with all that is known of it. `rule` is its question's JSON Schema, `problem` why the answer is odd."""

    view: FieldView
    standing: Standing
    rule: Any
    problem: str


def visible_sessions(team: Team) -> list[VoiceSession]:
    """What a team's board shows: everybody on the line, then who left in the last hours."""
    since = timezone.now() - RECENT
    newest = _newest(team).select_related(*SHOWN)
    return [session for session in newest if session.ended_at is None or session.ended_at >= since]


def positions(team: Team) -> dict[UUID, int]:
    """Where each session of the board stands."""
    since = timezone.now() - RECENT
    newest = _newest(team).values_list("pk", "last_seq", "ended_at")
    return {pk: seq for pk, seq, ended_at in newest if ended_at is None or ended_at >= since}


def _newest(team: Team) -> QuerySet[VoiceSession]:
    """The first of an index, where PostgreSQL puts the open ones before all that ended.

    Whoever is too old is left out afterwards: asked for in the query, it would read on through the team's whole past.
    """
    return VoiceSession.objects.filter(team=team).order_by("-ended_at", "-created_at")[:MAX_VISIBLE]


def session_for(team: Team, session_id: UUID) -> VoiceSession | None:
    return VoiceSession.objects.select_related(*SHOWN).filter(team=team, pk=session_id).first()


def entries_after(session_id: UUID, seq: int, limit: int) -> list[TimelineEntry]:
    return list(TimelineEntry.objects.filter(session_id=session_id, seq__gt=seq).order_by("seq")[:limit])


def latest_of_kind(session: VoiceSession, kind: str, *, count: int) -> list[TimelineEntry]:
    """The newest entries of one kind, the oldest of them first."""
    rows = TimelineEntry.objects.filter(session=session, kind=kind).order_by("-seq")[:count]
    return list(reversed(rows))


def transcript(session: VoiceSession) -> list[TranscriptTurn]:
    return list(TranscriptTurn.objects.filter(session=session).order_by("position"))


def turns_at(session: VoiceSession, positions: Collection[int]) -> list[TranscriptTurn]:
    return list(TranscriptTurn.objects.filter(session=session, position__in=positions).order_by("position"))


def last_turns(session: VoiceSession, count: int) -> list[TranscriptTurn]:
    """The newest turns, the oldest of them first."""
    return list(reversed(TranscriptTurn.objects.filter(session=session).order_by("-position")[:count]))


def is_transcript_withheld(session: VoiceSession) -> bool:
    """Whether Telnyx keeps nothing that was said in one of the assistant's runs."""
    return Run.objects.filter(session=session, transcript__in=[Run.Transcript.WITHHELD, Run.Transcript.ABSENT]).exists()


def insights(session: VoiceSession) -> list[Insight]:
    return list(Insight.objects.filter(session=session).order_by("pk"))


def tool_calls(session: VoiceSession) -> list[ToolCall]:
    """What the assistant used, in the order in which it did."""
    return list(ToolCall.objects.filter(session=session).order_by("called_at", "pk"))


def insights_state(session: VoiceSession) -> str:
    """Of the newest run that is over: whether its insights are awaited, came, or are missing."""
    runs = Run.objects.filter(session=session).exclude(insights=Run.Insights.NOT_ASKED).order_by("-number")
    return runs.values_list("insights", flat=True).first() or ""


def fields(session: VoiceSession) -> list[FieldView]:
    """The captured fields in the order of the questions, then whatever else was captured."""
    return _views(session, _rows(session))


def fields_of(visible: Sequence[VoiceSession]) -> dict[UUID, list[FieldView]]:
    """The same for several sessions at once, by their keys."""
    known: defaultdict[UUID, dict[str, CapturedField]] = defaultdict(dict)
    for row in CapturedField.objects.filter(session__in=visible).order_by("pk"):
        known[row.session_id][row.name] = row
    return {session.pk: _views(session, known[session.pk]) for session in visible}


def fields_with_provenance(session: VoiceSession) -> list[FieldInFull]:
    """As `fields`, with where each came from, what was heard beside it and whether it fits its question."""
    rows = _rows(session)
    given = provenance.given(session)
    asked = versions.schema(session).get("properties", {})
    country = session.widget.country
    return [_in_full(view, rows.get(view.name), given, asked.get(view.name), country) for view in _views(session, rows)]


def _rows(session: VoiceSession) -> dict[str, CapturedField]:
    return {row.name: row for row in CapturedField.objects.filter(session=session).order_by("pk")}


def _views(session: VoiceSession, known: Mapping[str, CapturedField]) -> list[FieldView]:
    asked = versions.schema(session).get("properties", {})
    required = versions.required(session)
    names = [*asked, *(name for name in known if name not in asked)]
    return [_field(name, known.get(name), is_required=name in required) for name in names]


def _in_full(
    view: FieldView, row: CapturedField | None, given: Mapping[int, list[FieldValue]], rule: Any, country: str
) -> FieldInFull:
    standing = provenance.standing(row, given.get(row.pk, [])) if row else settle([])
    length = standing.current.length if standing.current else 0
    problem = answer_values.problem(rule, view.value, country=country, length=length)
    return FieldInFull(view, standing, rule, problem)


def _field(name: str, row: CapturedField | None, *, is_required: bool) -> FieldView:
    known = row if row and answer_values.is_one(row.value) else None
    return FieldView(
        name=name,
        label=label(name),
        value=known.value if known else None,
        is_required=is_required,
        source=known.source if known else "",
        captured_at=known.captured_at if known else None,
    )


def epoch() -> str:
    """Names this history of the database; another one after a restore, so that cursors are not trusted across it."""
    row, _ = Epoch.objects.get_or_create(pk=1)
    return str(row.value)
