"""Questions as a list that people edit, and the JSON Schema that the assistant is given. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sessions_app.rules.question_schema import MAX_FIELDS, unasked

MAX_NAME = 60
MAX_ASKED = 400
MAX_CHOICES = 30
MAX_CHOICE = 100
KINDS = {
    "text": "Text",
    "email": "E-mail address",
    "phone": "Phone number",
    "date": "Date",
    "choice": "One of these choices",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
}

_RULES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "email": {"type": "string", "format": "email"},
    "phone": {"type": "string", "format": "phone"},
    "date": {"type": "string", "format": "date"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
}
# A name is a key of JSON, a column of exports and a variable of prompts; each of them can hold this.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NotAList(ValueError):
    """A schema that the list cannot show; the message says why."""


@dataclass(frozen=True)
class Question:
    """One question. `asked` is how the assistant asks it, `choices` what a “choice” is one of."""

    name: str
    kind: str = "text"
    asked: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()


def schema(questions: Iterable[Question]) -> dict[str, Any]:
    """The JSON Schema of questions that have no problems."""
    listed = list(questions)
    return {
        "type": "object",
        "properties": {one.name: _rule(one) for one in listed},
        "required": [one.name for one in listed if one.is_required],
    }


def read(given: Any) -> list[Question]:
    """The questions of a schema, in their order. Raises NotAList."""
    if not isinstance(given, dict) or not isinstance(given.get("properties"), dict):
        raise NotAList("it is no object with properties")
    foreign = sorted(given.keys() - {"type", "properties", "required"})
    if foreign:
        raise NotAList(f"it says “{foreign[0]}”")
    required = given.get("required", [])
    if missing := unasked(given):
        raise NotAList(f"“{missing[0]}” is required and not asked")
    listed = [_read(name, rule, is_required=name in required) for name, rule in given["properties"].items()]
    found = problems(listed)
    if found.rows or found.whole:
        raise NotAList("a name or a choice in it is too unusual")
    return listed


@dataclass(frozen=True)
class Problems:
    """What is wrong: of single questions, by their place and part, and of all together."""

    rows: dict[int, dict[str, str]]
    whole: list[str]


def problems(questions: Sequence[Question]) -> Problems:
    counted = Counter(one.name for one in questions)
    rows = {place: _wrong(one, counted[one.name]) for place, one in enumerate(questions)}
    whole = []
    if not questions:
        whole.append("Ask at least one question.")
    if len(questions) > MAX_FIELDS:
        whole.append(f"At most {MAX_FIELDS} questions; there are {len(questions)}.")
    return Problems({place: wrong for place, wrong in rows.items() if wrong}, whole)


def _wrong(one: Question, times: int) -> dict[str, str]:
    found = {
        "name": _wrong_name(one.name, times),
        "kind": "" if one.kind in KINDS else "Choose one of the types.",
        "asked": "" if len(one.asked) <= MAX_ASKED else f"At most {MAX_ASKED} characters.",
        "choices": _wrong_choices(one) if one.kind == "choice" else "",
    }
    return {part: words for part, words in found.items() if words}


def _wrong_name(name: str, times: int) -> str:
    if not name:
        return "Give it a name."
    if len(name) > MAX_NAME:
        return f"At most {MAX_NAME} characters."
    if not _NAME.fullmatch(name):
        return "Letters, digits and underscores only, such as full_name."
    return "Another question has this name." if times > 1 else ""


def _wrong_choices(one: Question) -> str:
    if len(one.choices) < 2:
        return "Give at least two choices, separated by semicolons."
    if len(one.choices) > MAX_CHOICES or any(len(choice) > MAX_CHOICE for choice in one.choices):
        return f"At most {MAX_CHOICES} choices of {MAX_CHOICE} characters."
    return "Each choice once." if len(set(one.choices)) < len(one.choices) else ""


def _rule(one: Question) -> dict[str, Any]:
    rule = {"type": "string", "enum": list(one.choices)} if one.kind == "choice" else dict(_RULES[one.kind])
    return {**rule, "description": one.asked} if one.asked else rule


def _read(name: str, rule: Any, *, is_required: bool) -> Question:
    if not isinstance(rule, dict) or not isinstance(rule.get("description", ""), str):
        raise NotAList(f"“{name}” has a rule of its own")
    bare = {key: value for key, value in rule.items() if key != "description"}
    asked = rule.get("description", "")
    choices = bare.get("enum")
    if choices is not None and bare == {"type": "string", "enum": choices} and _is_texts(choices):
        return Question(name, "choice", asked, is_required, tuple(choices))
    kind = next((kind for kind, known in _RULES.items() if known == bare), None)
    if kind is None:
        raise NotAList(f"“{name}” has a rule that is none of the types here")
    return Question(name, kind, asked, is_required)


def _is_texts(value: Any) -> bool:
    # A semicolon separates choices in the list.
    return isinstance(value, list) and all(
        isinstance(one, str) and one == one.strip() != "" and ";" not in one for one in value
    )
