"""What the assistant asks, and what it makes of an answer."""

from typing import Any

import pytest

from sandbox.script import DEFAULT_FIELDS, Question, Scenario, ScenarioError, fill, number_in, questions, value_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("about twelve thousand dollars", 12_000),
        ("two hundred and fifty", 250),
        ("twenty-five", 25),
        ("three million", 3_000_000),
        ("$12,500.50 or so", 12_500.5),
        ("15k", 15_000),
        ("12 thousand", 12_000),
        ("-3", -3),
        ("zero", 0),
        ("no idea", None),
        ("hundred", None),
    ],
)
def test_a_number_is_read_from_a_sentence(text: str, number: float | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        (" Sam Lee ", {"type": "string"}, "Sam Lee"),
        ("anything", {}, "anything"),
        ("twelve", {"type": "integer"}, 12),
        ("12.7", {"type": "integer"}, 12),
        ("1.5", {"type": "number"}, 1.5),
        ("none", {"type": "number"}, None),
        ("Yes, please", {"type": "boolean"}, True),
        ("never", {"type": "boolean"}, False),
        ("the Big one", {"enum": ["small", "big"]}, "big"),
        ("huh", {"enum": ["small", "big"]}, None),
        ("Mon 10", {"enum": ["Mon 1", "Mon 10"]}, "Mon 10"),
        ("on mon 10 please", {"enum": ["Mon 1", "Mon 10"]}, "Mon 10"),
        ("mon 1", {"enum": ["Mon 1", "Mon 10"]}, "Mon 1"),
        ("tuesday", {"enum": ["Monday, 10:00", "Tuesday, 14:30"]}, "Tuesday, 14:30"),
        ("10:00", {"enum": ["Monday, 10:00", "Tuesday, 10:00"]}, None),
        ("the one at 10 on Tuesday", {"enum": ["Monday, 10:00", "Tuesday, 10:00"]}, "Tuesday, 10:00"),
        ("", {"enum": ["small", "big"]}, None),
    ],
)
def test_an_answer_becomes_the_type_asked_for(text: str, schema: dict[str, Any], value: Any) -> None:
    assert value_of(text, schema) == value


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"description": "Who are you?"}, "Who are you?"),
        ({"description": "The name in full"}, "Could you tell me your full name?"),
        ({}, "Could you tell me your full name?"),
    ],
)
def test_a_question_uses_its_description_when_that_asks(schema: dict[str, str], text: str) -> None:
    assert Question("full_name", schema).text == text


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("full_name", {"type": "string"}, "Jordan Blake"),
        ("email", {"type": "string"}, "jordan.blake@example.com"),
        ("budget", {"type": "number"}, 12_000),
        ("budget", {"type": "string"}, "about twelve thousand dollars"),
        ("timeline", {"type": "string"}, "next month"),
        ("seats", {"type": "integer"}, 12),
        ("email", {"type": "integer"}, 12),
        ("decides", {"type": "boolean"}, True),
        ("plan", {"enum": ["gold", "silver"]}, "gold"),
    ],
)
def test_a_spoken_answer_is_plausible_for_every_field(name: str, schema: dict[str, Any], value: Any) -> None:
    question = Question(name, schema)

    assert value_of(question.spoken_answer, schema) == value


def test_without_a_schema_the_usual_four_are_asked() -> None:
    assert [question.name for question in questions(None)] == list(DEFAULT_FIELDS)


def test_a_scenario_takes_what_it_knows_and_ignores_the_rest() -> None:
    scenario = Scenario.from_json({"answers": ["a"], "hold_open": True, "unknown": 1, "greeting": None})

    assert (scenario.answers, scenario.hold_open, scenario.greeting) == (["a"], True, None)


@pytest.mark.parametrize("data", [[], {"answers": "a"}, {"field_values": []}, {"pause_ms": "x"}])
def test_a_scenario_without_sense_is_refused(data: Any) -> None:
    with pytest.raises(ScenarioError):
        Scenario.from_json(data)


def test_variables_are_filled_and_unknown_ones_stay() -> None:
    assert fill("Hi {{ name }}, {{unknown}}.", {"name": "Sam"}) == "Hi Sam, {{unknown}}."
