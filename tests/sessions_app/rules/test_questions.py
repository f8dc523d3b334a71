"""The list of questions and the schema that it stands for: one becomes the other and back, and nothing is destroyed."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.models.people import default_gather_schema
from sessions_app.rules import question_list
from sessions_app.rules.question_list import KINDS, NotAList, Question
from sessions_app.rules.question_schema import validate_schema

ONE_CHOICE = Question("a", kind="choice", choices=("x",))
names = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,20}\Z")
choices = st.lists(st.from_regex(r"\A[a-z]{1,9}\Z"), min_size=2, max_size=5, unique=True).map(tuple)
listed = st.lists(
    st.sampled_from([*KINDS]).flatmap(
        lambda kind: st.builds(
            Question,
            name=names,
            kind=st.just(kind),
            asked=st.text(max_size=30),
            is_required=st.booleans(),
            choices=choices if kind == "choice" else st.just(()),
        )
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda one: one.name,
)


@given(listed)
def test_a_list_becomes_a_schema_and_the_same_list_again(given: list[Question]) -> None:
    made = question_list.schema(given)

    assert question_list.read(made) == given
    assert list(made["properties"]) == [one.name for one in given]


def test_the_usual_questions_are_a_list() -> None:
    given = default_gather_schema()

    assert question_list.schema(question_list.read(given)) == given
    validate_schema(given)


def test_what_is_required_must_be_asked() -> None:
    given = default_gather_schema()

    with pytest.raises(ValidationError, match="“surname” is required and not asked"):
        validate_schema({**given, "required": [*given["required"], "surname"]})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "no object"),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, "additionalProperties"),
        ({"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}, "“a”"),
        ({"type": "object", "properties": {"a": {"type": "array"}}}, "“a”"),
        ({"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}}, "“a”"),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, "“a”"),
        ({"type": "object", "properties": {"a": {"type": "string", "description": ["x"]}}}, "“a”"),
        ({"type": "object", "properties": {"a": {"type": "string", "enum": ["x; y", "z"]}}}, "“a”"),
        ({"type": "object", "properties": {"a": True}}, "“a”"),
        ({"type": "object", "properties": {"full-name": {"type": "string"}}}, "unusual"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}, "“b”"),
    ],
)
def test_what_the_list_cannot_show_is_named(schema: Any, words: str) -> None:
    with pytest.raises(NotAList, match=words):
        question_list.read(schema)


@pytest.mark.parametrize(
    ("asked", "part", "words"),
    [
        (Question(""), "name", "Give it a name."),
        (Question("full name"), "name", "Letters, digits and underscores only, such as full_name."),
        (Question("naïve"), "name", "Letters, digits and underscores only, such as full_name."),
        (Question("1st"), "name", "Letters, digits and underscores only, such as full_name."),
        (Question("<script>"), "name", "Letters, digits and underscores only, such as full_name."),
        (Question("x" * 61), "name", "At most 60 characters."),
        (Question("a", kind="object"), "kind", "Choose one of the types."),
        (Question("a", asked="x" * 401), "asked", "At most 400 characters."),
        (
            Question("a", kind="choice", choices=("x",)),
            "choices",
            "Give at least two choices, separated by semicolons.",
        ),
        (Question("a", kind="choice", choices=("x", "x")), "choices", "Each choice once."),
        (Question("a", kind="choice", choices=("x",) * 31), "choices", "At most 30 choices of 100 characters."),
    ],
)
def test_what_is_wrong_is_said_of_its_part(asked: Question, part: str, words: str) -> None:
    found = question_list.problems([Question("fine"), asked])

    assert found.rows == {1: {part: words}}


def test_a_name_that_is_there_twice_is_said_of_both() -> None:
    found = question_list.problems([Question("a"), Question("b"), Question("a")])

    assert found.rows == {place: {"name": "Another question has this name."} for place in (0, 2)}


@pytest.mark.parametrize(("count", "words"), [(0, "at least one"), (41, "there are 41")])
def test_none_and_too_many_are_refused(count: int, words: str) -> None:
    (told,) = question_list.problems([Question(f"q{number}") for number in range(count)]).whole

    assert words in told.replace("Ask at", "at")
