"""Find sessions by what was said in them, by their answers, and by who the prospect is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Lookup, Q, QuerySet

from sessions_app.models import SearchDocument, Team, TranscriptTurn, VoiceSession
from sessions_app.search.words import asked_for, number_term, term

PAGE = 20
# So many are found and sorted by the index of words in a few milliseconds.
MANY = 5_000
# Where a found word begins and ends in a snippet; no text holds these, for they are taken out of it.
HIT, REST = "\x02", "\x03"
_SNIPPET = f'StartSel="{HIT}", StopSel="{REST}", MaxWords=28, MinWords=12, MaxFragments=1'


@dataclass(frozen=True)
class Piece:
    """A part of a snippet; a hit is one of the words that were looked for."""

    text: str
    is_hit: bool


@dataclass(frozen=True)
class Found:
    """One session, with the turn in which most of the words were said."""

    session: VoiceSession
    turn: TranscriptTurn | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Page:
    """The newest come first; `older` is the place at which the next page begins."""

    found: list[Found]
    older: str
    was_asked: bool


@SearchVectorField.register_lookup
class Holds(Lookup):
    """Whether words hold a query in PostgreSQL's own notation."""

    lookup_name = "holds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        words, own = self.process_lhs(compiler, connection)
        return f"{words} @@ %s::tsquery", (*own, self.rhs)


def find(team: Team, text: str, *, before: str = "") -> Page:
    """A team's sessions that hold every word of a text; `before` is the `older` of the page before."""
    query = _query(text)
    if query is None:
        return Page([], "", was_asked=False)
    rows = SearchDocument.objects.filter(team=team, words__holds=query.all)
    place = _place(before)
    if place is not None:
        moment, key = place
        # The first condition alone lets the index begin at the place; the second one is exact.
        rows = rows.filter(began_at__lte=moment).filter(Q(began_at__lt=moment) | Q(session__lt=key))
    keys = list(newest(rows, query.all).values_list("session_id", "began_at")[: PAGE + 1])
    shown = keys[:PAGE]
    older = f"{shown[-1][1].isoformat()}_{shown[-1][0]}" if len(keys) > PAGE else ""
    return Page(_with_snippets([key for key, _ in shown], query.any), older, was_asked=True)


def newest(rows: QuerySet[SearchDocument], query: str) -> QuerySet[SearchDocument]:
    """In order of time, in the way that is quick for this query.

    What many sessions hold is found at once by looking through the newest of them; what few hold, by the index of
    words. PostgreSQL takes every word that it knows nothing of for one in 200 sessions, and would look through all.
    """
    if _expected(query) > MANY:
        return rows.order_by("-began_at", "-session")
    # An expression has no index, so that the words are looked up first and what they find is sorted.
    began = ExpressionWrapper(F("began_at") + timedelta(), output_field=DateTimeField())
    return rows.order_by(began.desc(), "-session")


def _expected(query: str) -> int:
    """How many sessions PostgreSQL's statistics lead one to expect."""
    statement = "EXPLAIN (FORMAT JSON) SELECT 1 FROM sessions_app_searchdocument WHERE words @@ %s::tsquery"
    with connection.cursor() as cursor:
        cursor.execute(statement, [query])
        return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])


def _place(before: str) -> tuple[datetime, UUID] | None:
    """Where a page begins; None for the first one, and for what is no place at all."""
    moment, _, key = before.partition("_")
    try:
        at, session = datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        return None
    return (at, session) if at.tzinfo is not None else None


@dataclass(frozen=True)
class _Query:
    """In PostgreSQL's own notation: for a session that has all words, and for a turn that has any."""

    all: str
    any: str


def _query(text: str) -> _Query | None:
    asked = asked_for(text)
    if not asked.words and not asked.digits:
        return None
    stems = _stems(asked.words)
    terms = [term(word, stem) for word, stem in stems if stem] or [term(word, "") for word, _ in stems]
    said = [stem for _, stem in stems if stem]
    every = " & ".join(terms)
    if asked.digits:
        number = number_term(asked.digits)
        every = f"{number} | ({every})" if every else number
    return _Query(all=every, any=" | ".join(f"({stem})" for stem in said))


def _stems(words: Iterable[str]) -> list[tuple[str, str]]:
    """Each word with its English stem as a query; empty for words such as “the”, of which no session can be told."""
    statement = (
        "SELECT word, plainto_tsquery('english', word)::text FROM unnest(%s::text[]) WITH ORDINALITY AS asked(word, at)"
        " ORDER BY at"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(words)])
        return [(word, stem) for word, stem in cursor.fetchall()]


_SNIPPETS = """
    SELECT DISTINCT ON (session_id) session_id, id, ts_headline('english', said, query, %s)
    FROM (
        SELECT session_id, id, position, translate(left(text, 4000), chr(2) || chr(3), '') AS said, query,
            to_tsvector('english', left(text, 4000)) AS stems
        FROM sessions_app_transcriptturn, CAST(%s AS tsquery) AS query
        WHERE session_id = ANY(%s)
    ) AS turns
    WHERE stems @@ query
    ORDER BY session_id, ts_rank(stems, query) DESC, position
"""


def _with_snippets(keys: list[UUID], query: str) -> list[Found]:
    sessions = VoiceSession.objects.select_related("widget", "prospect").in_bulk(keys)
    told: dict[UUID, tuple[int, str]] = {}
    if keys and query:
        with connection.cursor() as cursor:
            cursor.execute(_SNIPPETS, [_SNIPPET, query, keys])
            told = {session: (turn, text) for session, turn, text in cursor.fetchall()}
    turns = TranscriptTurn.objects.in_bulk([turn for turn, _ in told.values()])
    return [_found(sessions[key], told.get(key), turns) for key in keys if key in sessions]


def _found(session: VoiceSession, told: tuple[int, str] | None, turns: dict[int, Any]) -> Found:
    if told is None:
        return Found(session, None, ())
    turn, text = told
    return Found(session, turns.get(turn), pieces(text))


def pieces(text: str) -> tuple[Piece, ...]:
    """A snippet in parts, so that a page can mark the hits without trusting any of the text."""
    found = []
    for part in text.split(HIT):
        hit, end, rest = part.partition(REST)
        found += [Piece(hit, is_hit=True), Piece(rest, is_hit=False)] if end else [Piece(part, is_hit=False)]
    return tuple(piece for piece in found if piece.text)
