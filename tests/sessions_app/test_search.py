"""Found by what was said, by answers, by who it was; and never by another team."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions_app import timeline
from sessions_app.models import (
    CapturedField,
    Prospect,
    SearchDocument,
    Team,
    TranscriptTurn,
    VoiceSession,
    WidgetConfig,
)
from sessions_app.search import indexing, queries, words

Talked = Callable[..., VoiceSession]


@pytest.fixture
def talked(widget: WidgetConfig) -> Talked:
    """A visit in which these sentences were said, by somebody of whom so much is known."""

    def make(*said: str, minutes_ago: int = 5, answers: dict[str, Any] | None = None, **who: str) -> VoiceSession:
        began = timezone.now() - timedelta(minutes=minutes_ago)
        session = VoiceSession.objects.create(
            widget=widget,
            team=widget.team,
            connection_mode=widget.connection_mode,
            created_at=began,
            prospect=Prospect.objects.create(**who),
        )
        change(session, *said, answers=answers)
        indexing.refresh(now=timezone.now(), pause=timedelta())
        return session

    return make


def change(session: VoiceSession, *said: str, answers: dict[str, Any] | None = None) -> None:
    now, first = timezone.now(), session.turns.count()
    with transaction.atomic():
        for position, text in enumerate(said, first):
            TranscriptTurn.objects.create(
                session=session, position=position, speaker="prospect", text=text, spoken_at=now, as_of=now
            )
        for name, value in (answers or {}).items():
            CapturedField.objects.create(session=session, name=name, value=value, source="final", captured_at=now)
        timeline.append(session, "transcript.updated", {"positions": []})


def found(team: Team, text: str) -> list[VoiceSession]:
    return [one.session for one in queries.find(team, text).found]


def test_a_spoken_word_is_found_whatever_its_form(talked: Talked, sales: Team) -> None:
    session = talked("We would like solar panels on two roofs.")

    for text in ("roof", "panel", "solar roofs", "SOLAR", "the panels", "liking"):
        assert found(sales, text) == [session], text
    for text in ("elephant", "solar elephant"):
        assert found(sales, text) == [], text


@pytest.mark.parametrize(
    "text", ["Ada", "lovel", "LOVELACE", "ada@example.com", "ada@ex", "example.com", "jose", "José", "0400 111 222"]
)
def test_a_prospect_is_found_by_the_beginning_of_a_name_or_address(talked: Talked, sales: Team, text: str) -> None:
    session = talked("Hello.", name="Ada José Lovelace", email="ada@example.com", phone="+61 400 111 222")
    talked("Hello.", name="Grace Hopper", email="grace@navy.example", phone="+61 2 5550 9999")

    assert found(sales, text) == [session]


@pytest.mark.parametrize("text", ["+61400111222", "0400111222", "111 222", "1112", "(400) 111-222", "61 400"])
def test_a_prospect_is_found_by_any_part_of_their_number(talked: Talked, sales: Team, text: str) -> None:
    session = talked("Hello.", phone="+61 400 111 222")
    talked("Hello.", phone="+61 2 5550 9999")

    assert found(sales, text) == [session]


def test_a_number_of_another_country_is_found_as_it_is_dialled_there(talked: Talked, sales: Team) -> None:
    session = talked("Hello.", phone="+442079460018")

    assert found(sales, "020 7946 0018") == [session]


def test_answers_are_found_and_numbers_among_them(talked: Talked, sales: Team) -> None:
    session = talked(
        "Yes.", answers={"company": "Harbour Lane Studio", "contact": "bo@lane.example", "more": {"a": [7]}}
    )

    assert found(sales, "harbour studio") == [session]
    assert found(sales, "bo@lane") == [session]


def test_a_beginning_looks_through_names_alone(talked: Talked, sales: Team) -> None:
    """Else two letters would find almost every conversation."""
    talked("Also, all of it is allowed.", name="Bo")
    session = talked("Yes.", name="Alan Turing")

    assert found(sales, "al") == [session]


def test_another_team_finds_nothing(talked: Talked, sales: Team, support: Team) -> None:
    talked("Solar panels.", name="Ada Lovelace", phone="+61 400 111 222")

    assert [found(support, text) for text in ("solar", "ada", "0400111222")] == [[], [], []]


def test_words_of_no_meaning_are_passed_over_unless_they_are_all(talked: Talked, sales: Team) -> None:
    session = talked("The roof of the house.", name="Will The")

    assert found(sales, "the roof") == [session]
    assert found(sales, "will") == [session]
    assert found(sales, "of") == []


def test_the_newest_come_first_page_by_page(talked: Talked, sales: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    sessions = [talked("Roof.", minutes_ago=minutes) for minutes in (10, 20, 30, 40, 50)]
    seen, before = [], ""
    while True:
        page = queries.find(sales, "roof", before=before)
        seen += [one.session for one in page.found]
        before = page.older
        if not before:
            break

    assert seen == sessions


def test_the_snippet_shows_the_turn_that_says_most_and_marks_it_safely(talked: Talked, sales: Team) -> None:
    hostile = "A chimney \x02and\x03 <script>alert(1)</script> a blue door {{ 7*7 }}."
    session = talked("My roof.", hostile, "The door is red, the roof too.")

    (one,) = queries.find(sales, "blue chimney roof").found
    text = "".join(piece.text for piece in one.pieces)

    assert one.turn is not None
    assert one.turn.session == session
    assert one.turn.text == hostile
    assert {piece.text for piece in one.pieces if piece.is_hit} == {"blue", "chimney"}
    assert not {queries.HIT, queries.REST} & set(text)


HOSTILE = [
    *("'", '"', "\\", "''", "a'b", "\\'", "a & b", "a | !b", "(((", "a:*", "<->", "& | !", "!!a", "a <2> b", ":*A"),
    *(
        "\x00",
        "a\x00b",
        "%",
        "_",
        "$$",
        "--",
        ";drop table",
        "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    ),
    *(
        "x" * 10_240,
        "a " * 5_000,
        "ü" * 300,
        "🙂",
        "\u202eevil",
        "e" + "\u0301" * 90,
        "+" * 50,
        "1" * 50,
        "@",
        "@@@",
        "a@",
        ".",
    ),
    *("who:ada", "tel:61", "who:'ada':*", "+61 (4", "- - - -", "....", "0" * 21),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_query_breaks_the_search(talked: Talked, sales: Team, text: str) -> None:
    talked("Solar panels.", name="Ada O'Hara", email="o'hara@example.com")

    queries.find(sales, text)


@pytest.mark.parametrize(
    "before", ["", "x", "_", "2026-01-01T00:00:00+00:00_x", "2026-01-01T00:00:00_" + "0" * 32, "a" * 99]
)
def test_no_place_breaks_the_search(talked: Talked, sales: Team, before: str) -> None:
    session = talked("Solar panels.")

    assert [one.session for one in queries.find(sales, "solar", before=before).found] == [session]


@pytest.mark.parametrize(
    "text", ["\x01" * 5_000, "é" * 100_000, " ".join(str(n) for n in range(60_000)), "字" * 90_000]
)
def test_whatever_was_said_is_kept_without_trouble(talked: Talked, sales: Team, text: str) -> None:
    session = talked(text, "And then the roof.", answers={"a": text[:9_000]}, name=text[:100], email="x@" + text[:200])

    assert SearchDocument.objects.get(session=session).stale_since is None


# --- keeping the words up to date


def test_what_changes_is_found_a_moment_later(talked: Talked, sales: Team) -> None:
    session = talked("Hello.")
    change(session, "We need a gutter.")
    assert found(sales, "gutter") == []

    indexing.refresh(now=timezone.now())
    assert found(sales, "gutter") == []
    indexing.refresh(now=timezone.now() + indexing.PAUSE)

    assert found(sales, "gutter") == [session]


def test_nothing_is_done_where_nothing_changed(talked: Talked, django_assert_num_queries: Any) -> None:
    talked("Hello.")

    with django_assert_num_queries(3):  # a savepoint, one look, its release
        assert indexing.refresh(now=timezone.now(), pause=timedelta()) == 0


def test_a_change_while_the_words_are_written_is_not_lost(talked: Talked, monkeypatch: pytest.MonkeyPatch) -> None:
    session = talked("Hello.")
    change(session, "We need a gutter.")
    written = indexing.write

    def write_and_change(one: VoiceSession) -> None:
        written(one)
        monkeypatch.undo()
        change(session, "And a chimney.")

    monkeypatch.setattr(indexing, "write", write_and_change)
    indexing.refresh(now=timezone.now(), pause=timedelta())

    indexing.refresh(now=timezone.now() + timedelta(seconds=5), pause=timedelta())
    assert found(session.team, "gutter chimney") == [session]


def test_entries_that_change_no_word_mark_nothing(widget: WidgetConfig, talked: Talked) -> None:
    session = talked("Hello.")
    with transaction.atomic():
        timeline.append(session, "call.answered")
        timeline.append(session, "handoff.offered")

    assert SearchDocument.objects.get(session=session).stale_since is None


def test_an_entry_and_its_mark_are_one_statement(talked: Talked, django_assert_num_queries: Any) -> None:
    session = talked("Hello.")
    with transaction.atomic(), django_assert_num_queries(1):
        timeline.append(session, "transcript.updated")

    assert SearchDocument.objects.get(session=session).stale_since is not None


def test_a_session_that_is_deleted_takes_its_words_along(talked: Talked) -> None:
    talked("Hello.").delete()

    assert not SearchDocument.objects.exists()


def test_the_query_asks_the_index(talked: Talked, sales: Team) -> None:
    talked("Solar panels.")
    query = queries._query("ada roof")
    assert query is not None
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM sessions_app_searchdocument WHERE words @@ %s::tsquery", [query.all])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "search_words" in plan


def test_terms_are_quoted() -> None:
    assert words.term("o'hara", "") == "'who:o''hara':*"
