"""What the assistant asks, and what it makes of an answer."""

from typing import Any

import pytest

from sandbox.assistant.questions import DEFAULT_FIELDS, Question, asked_by, number_in, questions, value_of
from sandbox.assistant.script import Scenario, ScenarioError
from sandbox.assistant.templates import fill, fill_definition


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


def test_of_a_tools_properties_those_are_asked_that_read_as_a_question() -> None:
    properties = {"phone": {"description": "Where to call."}, "budget": {"description": "How much?"}, "answers": []}

    assert [question.name for question in asked_by(properties)] == ["budget"]
    assert [question.name for question in asked_by({"phone": {}, "email": {}})] == ["phone", "email"]


def test_a_scenario_takes_what_it_knows_and_ignores_the_rest() -> None:
    scenario = Scenario.from_json({"answers": ["a"], "hold_open": True, "unknown": 1, "greeting": None})

    assert (scenario.answers, scenario.hold_open, scenario.greeting) == (["a"], True, None)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"answers": "a"},
        {"field_values": []},
        {"pause_ms": "x"},
        {"pause_ms": True},
        {"ends_itself": "yes"},
        {"gather_status": "fine"},
        {"gather_status": []},
        {"gather_ends_after": "two"},
        {"insights_shape": "round"},
    ],
)
def test_a_scenario_without_sense_is_refused(data: Any) -> None:
    with pytest.raises(ScenarioError):
        Scenario.from_json(data)


def test_variables_are_filled_and_unknown_ones_stay() -> None:
    assert fill("Hi {{ name }}, {{unknown}}.", {"name": "Sam"}) == "Hi Sam, {{unknown}}."


def test_the_last_status_of_a_gather_stays() -> None:
    scenario = Scenario.from_json({"gather_status": ["client_error", "valid"]})

    assert [scenario.copy().next_gather_status() for _ in range(2)] == ["client_error"] * 2
    assert [scenario.next_gather_status() for _ in range(3)] == ["client_error", "valid", "valid"]


def test_a_tools_definition_is_filled_with_variables_and_secrets() -> None:
    definition = {
        "url": "https://example.com/{{who}}",
        "headers": [{"value": "Bearer {{#integration_secret}} mine {{/integration_secret}}"}],
        "timeout": 5,
    }

    filled = fill_definition(definition, {"who": "sam", "mine": "not this"}, {"mine": "s3cret"}.__getitem__)

    assert filled == {"url": "https://example.com/sam", "headers": [{"value": "Bearer s3cret"}], "timeout": 5}
