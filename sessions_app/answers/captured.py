"""The only writer of captured fields: keep what was given for each, and the value that holds of it."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strict_json
from sessions_app import timeline
from sessions_app.answers import field_rows, prospects, versions
from sessions_app.answers.precedence import Given, Standing, settle
from sessions_app.kinds import Kind
from sessions_app.models import CapturedField, FieldValue, TranscriptTurn, VoiceSession
from sessions_app.models.learnt import Source
from sessions_app.rules import answer_values

logger = logging.getLogger(__name__)

# More than any list of questions holds; what a model invents beyond that is counted in the log.
MAX_FIELDS = 200
MAX_EARLIER = 40


@dataclass(frozen=True)
class _Saying:
    """Who says something, and when."""

    source: str
    at: datetime
    position: int | None
    by: str


@dataclass
class _Told:
    """What became of one field: a value that is new, or a known one whose times are others now."""

    row: CapturedField
    before: tuple[Any, ...]
    after: Standing
    added: FieldValue | None = None
    widened: FieldValue | None = None


def record(
    session: VoiceSession,
    values: Mapping[str, Any],
    *,
    source: str,
    at: datetime,
    position: int | None = None,
    by: str | None = None,
) -> list[str]:
    """Keep what a source says of a session's fields; return the names whose value is another one now.

    Runs in a transaction that holds the session's row. `position` is the prospect's last utterance at that moment,
    `by` the closer whose edit it is. An empty value says nothing, except a closer's. The same facts in any order end
    in the same rows. Raises strict_json.Unreadable for values nested past any sense.
    """
    said = _said(values, source)
    if not said:
        return []
    if position is None and source == Source.TOOL:
        position = last_said(session)
    saying = _Saying(source, at, position, (by or "")[:80])
    answers, rows, given = field_rows.read(session, said)
    new = {name: value for name, value in said.items() if name not in answers}
    begun = _begin(session, new, saying, room=MAX_FIELDS - len(answers))
    told = [_tell(row, given.get(row.pk, []), said[row.name], saying) for row in (*rows, *begun)]
    changed = _keep(session, told, saying)
    session.answers = answers | {one.row.name: one.row.value for one in told}
    _append(session, told, changed, saying)
    return changed


def standing(row: CapturedField, values: Sequence[FieldValue]) -> Standing:
    return settle(values, unlocked_at=row.unlocked_at, dismissed=row.dismissed)


def given(session: VoiceSession) -> dict[int, list[FieldValue]]:
    """Every value given in a session, by the key of its field."""
    return _given(CapturedField.objects.filter(session=session))


def known(session: VoiceSession) -> set[str]:
    """The names of the fields that have an answer."""
    return {name for name, value in _answers(session).items() if answer_values.is_one(value)}


def _answers(session: VoiceSession) -> dict[str, Any]:
    if session.answers is not None:
        return session.answers
    return dict(CapturedField.objects.filter(session=session).values_list("name", "value"))


def learnt_since(session: VoiceSession, since: datetime) -> bool:
    """Whether a question that a closer needs answered was answered from then on."""
    rows = CapturedField.objects.filter(session=session, name__in=_needed(session), captured_at__gte=since)
    return any(answer_values.is_one(value) for value in rows.values_list("value", flat=True))


def lacking(session: VoiceSession) -> list[str]:
    """The names of the questions that a closer needs answered and that have no fitting answer.

    Where no question is required, all that are asked count.
    """
    rules, country = versions.schema(session).get("properties", {}), session.widget.country
    values = _answers(session)
    return [
        name
        for name in _needed(session)
        if not answer_values.is_one(values.get(name))
        or answer_values.problem(rules.get(name), values[name], country=country)
    ]


def _needed(session: VoiceSession) -> list[str]:
    return versions.required(session) or list(versions.schema(session).get("properties", {}))


def last_said(session: VoiceSession) -> int | None:
    """The position of the prospect's newest utterance."""
    turns = TranscriptTurn.objects.filter(session=session, speaker=TranscriptTurn.Speaker.PROSPECT)
    return turns.order_by("-position").values_list("position", flat=True).first()


def inherit(session: VoiceSession, earlier: VoiceSession) -> None:
    """Let a visit begin with all that was learnt in an earlier one, whose utterances it does not have."""
    given_before = given(earlier)
    for row in CapturedField.objects.filter(session=earlier).order_by("pk"):
        values = given_before[row.pk]
        row.pk, row.session = None, session
        row.save(force_insert=True)
        for value in values:
            value.pk, value.field, value.position = None, row, None
        FieldValue.objects.bulk_create(values)


def _said(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    cleaned = strict_json.cleaned(dict(values))
    is_theirs = source == Source.CLOSER
    return {name[:100]: value for name, value in cleaned.items() if is_theirs or answer_values.is_one(value)}


def _begin(session: VoiceSession, said: Mapping[str, Any], saying: _Saying, *, room: int) -> list[CapturedField]:
    """Fields that are not written yet."""
    names = list(said)[: max(0, room)]
    if len(names) < len(said):
        logger.warning("session %s: %d more fields than are kept", session.pk, len(said) - len(names))
    return [
        CapturedField(
            session=session,
            name=name,
            value=answer_values.kept(said[name]).value,
            source=saying.source,
            captured_at=saying.at,
        )
        for name in names
    ]


def _given(rows: Iterable[CapturedField]) -> dict[int, list[FieldValue]]:
    found: dict[int, list[FieldValue]] = defaultdict(list)
    for value in FieldValue.objects.filter(field__in=list(rows)).order_by("pk"):
        found[value.field_id].append(value)
    return found


def _tell(row: CapturedField, values: list[FieldValue], value: Any, saying: _Saying) -> _Told:
    before = _picture(standing(row, values))
    kept = answer_values.kept(value)
    is_edit = saying.source == Source.CLOSER
    known = [one for one in values if not is_edit and (one.source, one.digest) == (saying.source, kept.digest)]
    if known:
        is_wider = _widen(known[0], saying)
        return _Told(row, before, standing(row, values), widened=known[0] if is_wider else None)
    added = FieldValue(
        field=row,
        source=saying.source,
        digest=kept.digest,
        value=kept.value,
        length=kept.length,
        first_at=saying.at,
        last_at=saying.at,
        position=saying.position,
        given_by=saying.by,
    )
    values.append(added)
    return _Told(row, before, standing(row, values), added=added)


def _widen(value: FieldValue, saying: _Saying) -> bool:
    """Let a value that is said again tell when; whether that is news."""
    before = (value.first_at, value.last_at, value.position)
    if saying.at < value.first_at:
        value.first_at, value.position = saying.at, saying.position
    elif saying.at == value.first_at and saying.position is not None:
        value.position = min(saying.position, saying.position if value.position is None else value.position)
    value.last_at = max(value.last_at, saying.at)
    return before != (value.first_at, value.last_at, value.position)


def _picture(standing: Standing) -> tuple[Any, ...]:
    """All that a closer sees of a field."""
    current = standing.current
    return (
        _seen(current) if current else None,
        standing.position,
        standing.is_locked,
        [_seen(one) for one in standing.suggestions],
        [_seen(one) for one in standing.earlier],
    )


def _seen(value: Given) -> tuple[Any, ...]:
    return (value.source, value.digest, value.first_at, value.given_by)


def _keep(session: VoiceSession, told: Sequence[_Told], saying: _Saying) -> list[str]:
    """Write what is new; return the names whose value is another one now."""
    changed, mirrored = [], []
    for one in told:
        before = one.row.value
        if _reflect(one.row, one.after) and one.row.pk:
            mirrored.append(one.row)
        if one.row.value != before or one.before[0] is None:
            changed.append(one.row.name)
    overflow = [value for one in told for value in one.after.earlier[MAX_EARLIER:] if isinstance(value, FieldValue)]
    added = [one.added for one in told if one.added is not None and one.added not in overflow]
    forgotten = [value.pk for value in overflow if value.pk]
    widened = [one.widened for one in told if one.widened is not None and one.widened.pk not in forgotten]
    begun = [one.row for one in told if not one.row.pk]
    if added or widened or mirrored or forgotten:
        field_rows.write(session, begun=begun, mirrored=mirrored, added=added, widened=widened, forgotten=forgotten)
    return changed


def mirror(row: CapturedField, now: Standing) -> bool:
    """Let a field's row tell what holds of it; whether the value is another one."""
    before = row.value
    if _reflect(row, now):
        row.save(update_fields=["value", "source", "captured_at"])
    return bool(before != row.value)


def _reflect(row: CapturedField, now: Standing) -> bool:
    """Whether a row, which is not written here, tells something else now."""
    current = now.current
    if current is None:
        return False
    before = (row.value, row.source, row.captured_at)
    row.value, row.source, row.captured_at = current.value, current.source, current.first_at
    return before != (row.value, row.source, row.captured_at)


def _append(session: VoiceSession, told: Sequence[_Told], changed: list[str], saying: _Saying) -> None:
    """Other values than the one that holds are seen too, but are no news for the timeline."""
    if changed:
        prospects.name_prospect(session, session.answers)
    if saying.source == Source.CLOSER:
        what = {"fields": [one.row.name for one in told], "closer_name": saying.by}
        timeline.append(session, Kind.FIELD_EDITED, what, occurred_at=saying.at)
        return
    beside = [one.row.name for one in told if one.row.name not in changed and one.before != _picture(one.after)]
    for kind, names in ((Kind.FIELD_CAPTURED, changed), (Kind.FIELD_HEARD, beside)):
        if names:
            timeline.append(session, kind, {"fields": names, "source": saying.source}, occurred_at=saying.at)
