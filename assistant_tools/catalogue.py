"""The tools that an assistant is offered, and what each takes. Pure.

The list is the same for every conversation: an assistant reads it before anybody knows whom it will talk with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

SAVE, AVAILABILITY, HANDOFF, CALLBACK = (
    "save_prospect_details",
    "check_closer_availability",
    "request_handoff",
    "book_callback",
)
MOST_PROBLEMS = 5


@dataclass(frozen=True)
class Tool:
    """What a model is told of a tool, and the JSON Schema of its arguments."""

    name: str
    title: str
    description: str
    schema: Mapping[str, Any]
    is_read_only: bool = False


def _takes(properties: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


_ANSWER = _takes(
    {
        "question": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "description": "The name of the question, such as budget.",
        },
        "answer": {"type": ["string", "number", "boolean"], "maxLength": 2000, "description": "What the caller said."},
    },
    required=["question", "answer"],
)

CATALOGUE: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            SAVE,
            "Save what the caller told you",
            "Write down what the caller has told you, as soon as they say it, so that nobody asks them again. Save "
            "only what they said themselves. The answer says what could not be used, and why.",
            _takes(
                {
                    "full_name": {"type": "string", "minLength": 1, "maxLength": 120},
                    "email": {"type": "string", "minLength": 3, "maxLength": 254},
                    "phone": {"type": "string", "minLength": 3, "maxLength": 40},
                    "answers": {"type": "array", "maxItems": 40, "items": _ANSWER},
                },
                minProperties=1,
            ),
        ),
        Tool(
            AVAILABILITY,
            "See whether a colleague is free",
            "Find out how many colleagues could take this call now, and when the team works next if nobody does.",
            _takes({}),
            is_read_only=True,
        ),
        Tool(
            HANDOFF,
            "Call a colleague to this conversation",
            "Call a colleague when the caller asks for a person, or when you cannot help them. Go on talking with the "
            "caller meanwhile; the colleague joins the same call.",
            _takes(
                {
                    "reason": {
                        "type": "string",
                        "maxLength": 300,
                        "description": "Why, in one sentence. The colleague reads it.",
                    }
                }
            ),
        ),
        Tool(
            CALLBACK,
            "Book a callback",
            "Book a time at which a colleague calls back. Without `when` the answer lists the free times; read some of "
            "them to the caller and call again with the one they chose.",
            _takes(
                {
                    "when": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 80,
                        "description": "One of the times that the tool listed, as it was listed.",
                    },
                    "phone": {"type": "string", "minLength": 3, "maxLength": 40, "description": "Where to call."},
                    "name": {"type": "string", "minLength": 1, "maxLength": 120, "description": "Whom to ask for."},
                }
            ),
        ),
    )
}

_VALIDATORS = {name: Draft202012Validator(tool.schema) for name, tool in CATALOGUE.items()}


def problems(name: str, arguments: Any) -> list[str]:
    """Why these arguments do not fit the tool; empty when they do."""
    errors = sorted(_VALIDATORS[name].iter_errors(arguments), key=lambda error: error.json_path)
    return [_told(error) for error in errors[:MOST_PROBLEMS]]


def _told(error: ValidationError) -> str:
    """The rule that was broken, never the value: what came may be long, and is read out."""
    place = "/".join(str(part) for part in error.absolute_path)
    rule = f"{error.validator} {error.validator_value}" if error.validator in _SHORT else str(error.validator)
    return f"{place or 'the arguments'}: {_WORDS.get(str(error.validator), rule)}"[:160]


_SHORT = frozenset({"maxLength", "minLength", "maxItems", "type"})
_WORDS = {
    "additionalProperties": "names something that this tool does not take",
    "required": "something is missing",
    "minProperties": "nothing was given",
}
