"""Which questions of a session the details belong to that an assistant saves, and whether they fit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sessions_app.rules import answer_values

# Of what nobody asked, so many are named in the answer.
MOST_UNKNOWN = 20
# What every widget may be told of a prospect, by the names under which their questions are usually asked.
_PERSONAL = {
    "full_name": ("full_name", "name"),
    "email": ("email", "email_address"),
    "phone": ("phone", "phone_number", "mobile"),
}


@dataclass(frozen=True)
class SortedOut:
    """Answers by the name of their question; `unfit` says what is wrong with some of them."""

    values: Mapping[str, Any]
    unfit: Mapping[str, str]
    unknown: list[str]
    questions: list[str]


def sort_out(arguments: Mapping[str, Any], schema: Mapping[str, Any], *, country: str) -> SortedOut:
    """Read the arguments of `save_prospect_details` against the questions of a session in that country."""
    questions: Mapping[str, Any] = schema.get("properties", {})
    by_words = _by_words(questions)
    values, unknown = {}, []
    for asked, answer in _given(arguments):
        name = asked if asked in questions else by_words.get(_plain(asked))
        if name is None:
            unknown.append(asked)
        else:
            values[name] = answer
    reasons = {
        name: answer_values.problem(questions.get(name), value, country=country) for name, value in values.items()
    }
    unfit = {name: f"{spoken(name)}: {reason}" for name, reason in reasons.items() if reason}
    return SortedOut(values, unfit, unknown[:MOST_UNKNOWN], [spoken(name) for name in questions])


def spoken(name: str) -> str:
    """“full_name” is read out “full name”."""
    return name.replace("_", " ").strip().lower() or name


def _given(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What was answered to which question: each by its own name, or listed. A question may be called `answers`, too."""
    for name, value in arguments.items():
        if name == "answers" and _is_list_of_answers(value):
            yield from ((one["question"], one["answer"]) for one in value)
        else:
            yield name, value


def _is_list_of_answers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and one.keys() == {"question", "answer"} and isinstance(one["question"], str)
        for one in value
    )


def _by_words(questions: Mapping[str, Any]) -> dict[str, str]:
    """The questions by how they read: a model writes “Start date” for `start_date`."""
    personal = {name: next((own for own in owns if own in questions), name) for name, owns in _PERSONAL.items()}
    return {_plain(name): own for name, own in [*personal.items(), *((name, name) for name in questions)]}


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
