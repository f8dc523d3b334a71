"""What is written of a field: the same rows whatever the order of the facts, and nothing lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.answers import captured
from sessions_app.models import CapturedField, FieldValue, TranscriptTurn, VoiceSession
from sessions_app.rules import answer_values

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
Fact = tuple[dict[str, Any], str, int, int | None]


def tell(
    session: VoiceSession, values: dict[str, Any], source: str, second: int, position: int | None = None
) -> list[str]:
    with transaction.atomic():
        at = START + timedelta(seconds=second)
        by = "Alice" if source == "closer" else None
        return captured.record(session, values, source=source, at=at, position=position, by=by)


def told(session: VoiceSession) -> dict[str, Any]:
    """All that is kept of the fields, without the keys of rows."""
    rows = CapturedField.objects.filter(session=session).order_by("name")
    columns = ("source", "digest", "value", "length", "first_at", "last_at", "position", "given_by")
    session.refresh_from_db()
    return {
        "fields": list(rows.values_list("name", "value", "source", "captured_at")),
        "values": [sorted(row.values.values_list(*columns), key=repr) for row in rows],
        # A prospect of whom nothing is known any more is as good as none.
        "prospect": [session.prospect.name, session.prospect.email] if session.prospect else ["", ""],
    }


def kinds(session: VoiceSession) -> list[tuple[str, list[str]]]:
    entries = session.timeline.filter(kind__startswith="field.")
    return [(entry.kind, entry.payload["fields"]) for entry in entries]


names = st.sampled_from(["full_name", "email", "budget"])
words = st.sampled_from(["Ada", "Ada Lovelace", "ada@example.com", 20000, ["a", {"b": None}], ""])
sources = st.sampled_from(["partial", "final", "insight", "tool", "prospect"])
facts = st.tuples(st.dictionaries(names, words, max_size=3), sources, st.integers(0, 5), st.integers(0, 4))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(facts, min_size=2, max_size=7), st.randoms(use_true_random=False))
def test_any_order_of_the_facts_and_each_of_them_twice_leave_the_same_rows(
    session: VoiceSession, said: list[Fact], dice: Any
) -> None:
    ends = []
    for order in (said, dice.sample(said, len(said)), [*said, *reversed(said)]):
        with transaction.atomic():
            for fact in order:
                tell(session, *fact)
            ends.append(told(session))
            transaction.set_rollback(True)
        session.prospect = None

    assert ends[0] == ends[1] == ends[2]


def test_a_late_value_does_not_move_an_edit(session: VoiceSession) -> None:
    tell(session, {"email": "ada@example"}, "partial", 1)
    tell(session, {"email": "ada@example.com"}, "closer", 5)

    changed = tell(session, {"email": "ada@example.org"}, "final", 9)

    row = CapturedField.objects.get()
    assert (changed, row.value, row.source) == ([], "ada@example.com", "closer")
    assert [one.value for one in captured.standing(row, list(row.values.all())).suggestions] == ["ada@example.org"]
    assert kinds(session) == [("field.captured", ["email"]), ("field.edited", ["email"]), ("field.heard", ["email"])]
    session.refresh_from_db()
    assert session.prospect
    assert session.prospect.email == "ada@example.com"


def test_repetition_is_no_news(session: VoiceSession) -> None:
    assert tell(session, {"budget": "20000"}, "partial", 1) == ["budget"]
    for second in range(2, 6):
        assert tell(session, {"budget": "20000"}, "partial", second) == []

    assert kinds(session) == [("field.captured", ["budget"])]
    value = FieldValue.objects.get()
    assert (value.first_at, value.last_at) == (START + timedelta(seconds=1), START + timedelta(seconds=5))


def asked(session: VoiceSession, *fact: Any) -> int:
    with CaptureQueriesContext(connection) as counted:
        tell(session, *fact)
    return len([one for one in counted if "SAVEPOINT" not in one["sql"]])


def test_a_saying_is_read_once_and_written_once(session: VoiceSession) -> None:
    everything = {"full_name": "Ada", "budget": "20000", "timeline": "spring"}

    assert (
        asked(session, {"full_name": "Ada"}, "partial", 1) == 5
    )  # The prospect, and whose session it is, beside both.
    assert asked(session, everything, "partial", 2) == 3  # Read, written, and its entry in the timeline.
    assert asked(session, everything, "partial", 3) == 2
    assert asked(session, everything, "partial", 3) == 1
    assert asked(session, {"full_name": "Ada Lovelace"}, "final", 4) == 4
    assert asked(session, {"budget": ""}, "partial", 5) == 0


def test_what_was_just_written_is_not_read_again(session: VoiceSession, django_assert_num_queries: Any) -> None:
    tell(session, {"email": "ada@example.com"}, "partial", 1)
    tell(session, {"email": "", "budget": "20000"}, "closer", 2)

    with django_assert_num_queries(0):
        assert captured.known(session) == {"budget"}
    assert captured.known(VoiceSession.objects.get()) == {"budget"}


def test_a_confirmation_is_shown_though_the_value_is_the_same(session: VoiceSession) -> None:
    tell(session, {"budget": "20000"}, "partial", 1, 3)

    assert tell(session, {"budget": "20000"}, "final", 9, 7) == []

    row = CapturedField.objects.get()
    assert (row.source, captured.standing(row, list(row.values.all())).position) == ("final", 3)
    assert kinds(session)[1:] == [("field.heard", ["budget"])]


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_what_says_nothing_is_no_answer(session: VoiceSession, value: Any) -> None:
    assert tell(session, {"budget": value}, "final", 1) == []
    assert not CapturedField.objects.exists()


def test_a_closer_may_say_that_it_is_not_known(session: VoiceSession) -> None:
    tell(session, {"email": "ada@example.com"}, "final", 1)
    tell(session, {"email": ""}, "closer", 2)

    assert captured.known(session) == set()
    session.refresh_from_db()
    assert session.prospect
    assert session.prospect.email == ""


def test_a_tool_s_value_comes_from_the_last_utterance(session: VoiceSession) -> None:
    for position, speaker in ((3, "prospect"), (4, "assistant")):
        TranscriptTurn.objects.create(
            session=session, position=position, speaker=speaker, text="x", spoken_at=START, as_of=START
        )
    tell(session, {"budget": "20000"}, "tool", 1)

    assert FieldValue.objects.get().position == 3


@pytest.mark.parametrize(
    "value",
    [
        "x" * 100_000,
        {"a": ["x" * 5_000] * 20},
        "a\x00b\ud800c",
        {"k\x00": "\udfff"},
        10**400,
        [[[[[[1]]]]]],
        True,
        1e308,
    ],
)
def test_no_value_is_too_odd_to_keep(session: VoiceSession, value: Any) -> None:
    tell(session, {"budget": value, "na\x00me": value}, "partial", 1)

    for row in FieldValue.objects.all():
        assert len(row.value if isinstance(row.value, str) else str(row.value)) <= answer_values.MAX_CHARS
        assert "\x00" not in str(row.value)
    assert FieldValue.objects.count() == 2


def test_there_is_an_end_to_fields_and_to_values(session: VoiceSession) -> None:
    tell(session, {f"field {number}": "x" for number in range(5_000)}, "partial", 1)
    for number in range(captured.MAX_EARLIER + 20):
        tell(session, {"field 1": f"value {number}"}, "partial", 2 + number)

    assert CapturedField.objects.count() == captured.MAX_FIELDS
    row = CapturedField.objects.get(name="field 1")
    assert row.value == f"value {captured.MAX_EARLIER + 19}"
    assert row.values.count() == captured.MAX_EARLIER + 1


def test_a_visit_that_calls_back_inherits_all_but_the_utterances(session: VoiceSession) -> None:
    tell(session, {"email": "ada@example"}, "partial", 1, 3)
    tell(session, {"email": "ada@example.com"}, "closer", 2)
    later = VoiceSession.objects.create(
        widget=session.widget, team=session.team, connection_mode="credential", created_at=START
    )

    captured.inherit(later, session)

    row = later.fields.get()
    assert captured.standing(row, list(row.values.all())).is_locked
    assert set(row.values.values_list("position", flat=True)) == {None}
    assert session.fields.get().values.count() == 2
