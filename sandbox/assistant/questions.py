"""What an assistant asks, and what it makes of an answer. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_FIELDS: dict[str, Any] = {
    "full_name": {"type": "string"},
    "email": {"type": "string"},
    "budget": {"type": "string", "description": "What budget do you have in mind?"},
    "timeline": {"type": "string", "description": "When would you like to start?"},
}
SPOKEN_ANSWERS = {
    "full_name": "Jordan Blake",
    "name": "Jordan Blake",
    "first_name": "Jordan",
    "last_name": "Blake",
    "email": "jordan.blake@example.com",
    "phone": "+61 412 555 018",
    "company": "Harbour Lane Studio",
    "budget": "about twelve thousand dollars",
    "timeline": "next month",
    "team_size": "twelve",
}
SPOKEN_BY_TYPE = {"integer": "twelve", "number": "twelve thousand", "boolean": "yes"}
SPOKEN_FALLBACK = "Yes, that sounds right to me."
YES = frozenset(("yes", "yeah", "yep", "sure", "correct", "true", "of course", "absolutely"))
WORD_UNITS = {
    word: value
    for value, word in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            *("ten", "eleven", "twelve", "thirteen", "fourteen"),
            *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        )
    )
}
WORD_TENS = {
    word: 10 * tens
    for tens, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2)
}
WORD_SCALES = {"hundred": 100, "thousand": 1_000, "k": 1_000, "million": 1_000_000}
DIGITS = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Question:
    name: str
    schema: Mapping[str, Any]

    @property
    def words(self) -> str:
        return self.name.replace("_", " ").replace("-", " ").strip() or "answer"

    @property
    def is_worded(self) -> bool:
        """Whether its description is a question."""
        return str(self.schema.get("description") or "").rstrip().endswith("?")

    @property
    def text(self) -> str:
        return str(self.schema["description"]).strip() if self.is_worded else f"Could you tell me your {self.words}?"

    @property
    def choices(self) -> list[Any]:
        choices = self.schema.get("enum")
        return choices if isinstance(choices, list) else []

    @property
    def choosing(self) -> str:
        return f"Sorry, please choose one of these: {', '.join(str(choice) for choice in self.choices)}."

    @property
    def reminder(self) -> str:
        return f"Sorry, I did not hear you. Your {self.words}, please?"

    @property
    def spoken_answer(self) -> str:
        """A plausible answer for a prospect of whom only the voice is known."""
        if self.choices:
            return str(self.choices[0])
        kind = str(self.schema.get("type"))
        default = SPOKEN_ANSWERS.get(self.name, SPOKEN_BY_TYPE.get(kind, SPOKEN_FALLBACK))
        return default if kind not in SPOKEN_BY_TYPE or value_of(default, self.schema) else SPOKEN_BY_TYPE[kind]


def questions(properties: Mapping[str, Any] | None) -> list[Question]:
    """Return one question per property, in the order in which the schema names them."""
    fields = properties or DEFAULT_FIELDS
    return [Question(name, schema if isinstance(schema, dict) else {}) for name, schema in fields.items()]


def value_of(text: str, schema: Mapping[str, Any]) -> Any:
    """Turn an answer into the type that the schema asks for; None when it holds none."""
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return _chosen(text, choices)
    kind = schema.get("type")
    if kind == "boolean":
        return any(word in text.lower() for word in YES)
    if kind in ("integer", "number"):
        amount = number_in(text)
        return int(amount) if amount is not None and (kind == "integer" or amount.is_integer()) else amount
    return text.strip()


def number_in(text: str) -> float | None:
    """Read the first number of a sentence, in digits or words: "about twelve thousand" is 12000."""
    lowered = text.lower()
    digits = DIGITS.search(lowered)
    if digits:
        following = re.match(r"\s*([a-z]+)", lowered[digits.end() :])
        scale = WORD_SCALES.get(following[1], 1) if following else 1
        return float(digits[0].replace(",", "")) * scale
    return _number_in_words(re.findall(r"[a-z]+", lowered))


def _number_in_words(words: list[str]) -> float | None:
    total, part, seen = 0, 0, False
    for word in words:
        if word in WORD_UNITS or word in WORD_TENS:
            part += WORD_UNITS.get(word, 0) + WORD_TENS.get(word, 0)
            seen = True
        elif word == "hundred" and seen:
            part *= 100
        elif word in WORD_SCALES and seen:
            total, part = total + part * WORD_SCALES[word], 0
        elif seen and word != "and":
            break
    return float(total + part) if seen else None


def _chosen(text: str, choices: list[Any]) -> Any:
    """Return the choice that was named word for word, or that shares more words with the answer than any other."""
    said = text.lower()
    named = [choice for choice in choices if str(choice).lower() in said]
    if named:
        return max(named, key=lambda choice: len(str(choice)))
    shared = [len(_words(str(choice)) & _words(text)) for choice in choices]
    most = max(shared)
    return choices[shared.index(most)] if most and shared.count(most) == 1 else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def asked_by(properties: Mapping[str, Any]) -> list[Question]:
    """Return what an assistant asks to fill the arguments of a tool: what is described by a question, else all."""
    asked = questions(properties)
    return [question for question in asked if question.is_worded] or asked
