"""How the captured fields are read and written: once each for a saying, which repeats most of what is known."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection
from psycopg.types.json import Jsonb

from sessions_app.models import CapturedField, FieldValue, VoiceSession

_Row = TypeVar("_Row", CapturedField, FieldValue)

# Every field of a session, and what was given so far for those that are named now.
_READ = """
    SELECT field.id, field.name, field.value, field.source, field.captured_at, field.unlocked_at, field.dismissed,
        given.id, given.source, given.digest, given.value, given.length, given.first_at, given.last_at, given.position,
        given.given_by
    FROM sessions_app_capturedfield AS field
    LEFT JOIN sessions_app_fieldvalue AS given ON given.field_id = field.id AND field.name = ANY(%s)
    WHERE field.session_id = %s
    ORDER BY field.id, given.id
"""
# All that a saying changes, in one statement. The session's row is held, so that nobody else writes these rows
# meanwhile; no row is touched twice, and a value whose field is new finds its key in `begun`.
_WRITE = """
    WITH begun AS (
        INSERT INTO sessions_app_capturedfield (session_id, name, value, source, captured_at, dismissed)
        SELECT %(session)s, name, value, source, captured_at, '[]'
        FROM jsonb_to_recordset(%(begun)s)
            AS one (place integer, name text, value jsonb, source text, captured_at timestamptz)
        ORDER BY place
        RETURNING id, name
    ), mirrored AS (
        UPDATE sessions_app_capturedfield AS field
        SET value = one.value, source = one.source, captured_at = one.captured_at
        FROM jsonb_to_recordset(%(mirrored)s) AS one (id bigint, value jsonb, source text, captured_at timestamptz)
        WHERE field.id = one.id
    ), widened AS (
        UPDATE sessions_app_fieldvalue AS given
        SET first_at = one.first_at, last_at = one.last_at, position = one.position
        FROM jsonb_to_recordset(%(widened)s)
            AS one (id bigint, first_at timestamptz, last_at timestamptz, position integer)
        WHERE given.id = one.id
    ), forgotten AS (
        DELETE FROM sessions_app_fieldvalue WHERE id = ANY(%(forgotten)s)
    )
    INSERT INTO sessions_app_fieldvalue
        (field_id, source, digest, value, length, first_at, last_at, position, given_by)
    SELECT coalesce(one.field, begun.id), source, digest, value, length, first_at, last_at, position, given_by
    FROM jsonb_to_recordset(%(added)s) AS one (
        place integer, field bigint, name text, source text, digest text, value jsonb, length integer,
        first_at timestamptz, last_at timestamptz, position integer, given_by text
    )
    LEFT JOIN begun USING (name)
    ORDER BY place
"""


def read(
    session: VoiceSession, names: Iterable[str]
) -> tuple[dict[str, Any], list[CapturedField], dict[int, list[FieldValue]]]:
    """All answers; the fields of these names, and by their keys what was given for each."""
    answers: dict[str, Any] = {}
    fields: dict[int, CapturedField] = {}
    found: dict[int, list[FieldValue]] = defaultdict(list)
    wanted = frozenset(names)
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(wanted), session.pk])
        for key, name, value, source, captured_at, unlocked_at, dismissed, *given in cursor.fetchall():
            if name not in answers:
                answers[name] = json.loads(value)
                if name in wanted:
                    fields[key] = CapturedField(
                        pk=key,
                        session=session,
                        name=name,
                        value=answers[name],
                        source=source,
                        captured_at=captured_at,
                        unlocked_at=unlocked_at,
                        dismissed=json.loads(dismissed),
                    )
            if given[0] is not None:
                found[key].append(_value(fields[key], given))
    return answers, list(fields.values()), found


def _value(field: CapturedField, columns: Sequence[Any]) -> FieldValue:
    key, source, digest, value, length, first_at, last_at, position, given_by = columns
    return FieldValue(
        pk=key,
        field=field,
        source=source,
        digest=digest,
        value=json.loads(value),
        length=length,
        first_at=first_at,
        last_at=last_at,
        position=position,
        given_by=given_by,
    )


def write(
    session: VoiceSession,
    *,
    begun: Iterable[CapturedField],
    mirrored: Iterable[CapturedField],
    added: Iterable[FieldValue],
    widened: Iterable[FieldValue],
    forgotten: Sequence[int],
) -> None:
    """Write fields that are new, fields of which something else holds, values that are new, and the times of others.

    `forgotten` are the keys of values that are kept no longer. Runs in a transaction that holds the session's row.
    """
    values: dict[str, Any] = {
        "session": session.pk,
        "begun": _rows(begun, _field),
        "mirrored": _rows(mirrored, _field),
        "added": _rows(added, _given),
        "widened": _rows(widened, _given),
        "forgotten": list(forgotten),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)


def _rows(rows: Iterable[_Row], told: Callable[[_Row], dict[str, Any]]) -> Jsonb:
    return Jsonb([{"place": place} | told(row) for place, row in enumerate(rows)])


def _field(row: CapturedField) -> dict[str, Any]:
    captured_at = row.captured_at.isoformat()
    return {"id": row.pk, "name": row.name, "value": row.value, "source": row.source, "captured_at": captured_at}


def _given(value: FieldValue) -> dict[str, Any]:
    return {
        "id": value.pk,
        "field": value.field.pk,
        "name": value.field.name,
        "source": value.source,
        "digest": value.digest,
        "value": value.value,
        "length": value.length,
        "first_at": value.first_at.isoformat(),
        "last_at": value.last_at.isoformat(),
        "position": value.position,
        "given_by": value.given_by,
    }
