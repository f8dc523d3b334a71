"""The list of questions in a form: one row each, with what is wrong beside it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from sessions_app.rules import question_list as questions
from sessions_app.rules.question_list import NotAList, Question
from sessions_app.rules.question_schema import MAX_FIELDS, validate_schema

BLANK = Question("")
# Rows for those whose browser runs no scripts.
SPARE_ROWS = 2
# Bounds what is read, far above what is allowed, so that too many are counted and none is lost.
MOST_ROWS = 200
_PARTS = ("name", "kind", "asked", "choices", "place")


@dataclass(frozen=True)
class Rows:
    """What somebody sent, as it was typed."""

    questions: tuple[Question, ...]


# The list was not in what was sent, as where it cannot be shown: the questions stay as they are.
UNTOUCHED = Rows(())


class QuestionsInput(forms.Widget):
    """Rows with add, delete and move; a schema that they cannot show is only shown."""

    class Media:
        js = ("dist/questions.js",)
        css = {"all": ("css/questions.css",)}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Rows:
        if f"{name}-rows" not in data:
            return UNTOUCHED
        found = re.compile(rf"{re.escape(name)}-(\d{{1,4}})-name")
        numbers = sorted({int(match[1]) for key in data if (match := found.fullmatch(key))})[:MOST_ROWS]
        rows = [_Row.read(data, f"{name}-{number}") for number in numbers]
        kept = sorted((row for row in rows if not row.is_left_out), key=lambda row: row.place)
        return Rows(tuple(row.question for row in kept))

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""  # A label names one control; the rows have labels of their own.

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return SafeString(render_to_string("admin/sessions_app/_questions.html", self._context(name, value)))

    def _context(self, name: str, value: Any) -> dict[str, Any]:
        try:
            listed = list(value.questions) if isinstance(value, Rows) else questions.read(value)
        except NotAList as reason:
            return {"name": name, "why_not": str(reason), "schema": json.dumps(value, indent=2, ensure_ascii=False)}
        found = questions.problems(listed).rows if isinstance(value, Rows) else {}
        rows = [_shown(name, place, one, found.get(place, {})) for place, one in enumerate(listed)]
        spare = [_shown(name, place, BLANK, {}) for place in range(len(rows), len(rows) + SPARE_ROWS)]
        context = {"name": name, "rows": rows, "spare": spare, "kinds": questions.KINDS}
        return context | {"blank": _shown(name, "__place__", BLANK, {}), "most": MAX_FIELDS}


@dataclass(frozen=True)
class _Row:
    question: Question
    place: int
    is_left_out: bool

    @classmethod
    def read(cls, data: Mapping[str, Any], prefix: str) -> "_Row":
        told = {
            part: str(data.get(f"{prefix}-{part}", "")).strip()
            for part in ("name", "kind", "asked", "choices", "place")
        }
        question = Question(
            name=told["name"],
            kind=told["kind"],
            asked=told["asked"],
            is_required=f"{prefix}-required" in data,
            choices=tuple(part.strip() for part in told["choices"].split(";") if part.strip()),
        )
        is_blank = not (told["name"] or told["asked"] or told["choices"])
        place = int(told["place"]) if re.fullmatch(r"[0-9]{1,6}", told["place"]) else 0
        return cls(question, place, is_blank or f"{prefix}-delete" in data)


def _shown(name: str, place: int | str, one: Question, wrong: Mapping[str, str]) -> dict[str, Any]:
    number = place + 1 if isinstance(place, int) else place
    prefix = f"{name}-{place}"
    return {"prefix": prefix, "number": number, "question": one, "choices": "; ".join(one.choices), "wrong": wrong}


class QuestionsField(forms.Field):
    """A widget's questions. Its value is a JSON Schema, or UNTOUCHED."""

    widget = QuestionsInput

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data is UNTOUCHED else data

    def clean(self, value: Any) -> Any:
        if not isinstance(value, Rows) or value is UNTOUCHED:
            return UNTOUCHED
        found = questions.problems(value.questions)
        if found.whole or found.rows:
            beside = [f"Look at the questions marked below: {len(found.rows)}."] if found.rows else []
            raise ValidationError([*found.whole, *beside])
        # Another type has no choices, whatever was written there before it was chosen.
        made = questions.schema([one if one.kind == "choice" else replace(one, choices=()) for one in value.questions])
        validate_schema(made)
        return made

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is not UNTOUCHED and not means_the_same(initial, self.clean_or_none(data))

    def clean_or_none(self, data: Any) -> Any:
        try:
            return self.clean(data)
        except ValidationError:
            return None


def means_the_same(one: Any, other: Any) -> bool:
    """Whether two schemas ask the same in the same order, however each is written."""
    try:
        return questions.read(one) == questions.read(other)
    except NotAList:
        return False
