"""The tools that an assistant is offered, what each takes, and how they are described to Telnyx. Pure.

Over MCP the list is the same for every conversation: an assistant reads it before anybody knows whom it will talk
with. As webhooks the tools belong to an assistant, so that saving takes an argument for each of its questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sessions_app.rules import answer_values

SAVE, AVAILABILITY, HANDOFF, CALLBACK = (
    "save_prospect_details",
    "check_closer_availability",
    "request_handoff",
    "book_callback",
)
# A gather reports its answers itself.
OF_A_GATHER = frozenset({AVAILABILITY, HANDOFF, CALLBACK})
MOST_PROBLEMS = 5
# Of an argument: the answer and the history repeat it. No question is called by more.
LONGEST_NAME = 100
# Below PUBLIC_URL; the name of the tool follows.
DOOR = "/webhooks/telnyx/tools/"
# 5 s, Telnyx's default, was too short for an answer that took 7.8 s, and the model went on as if it had failed (seen
# live by a third party, 2026).
TIMEOUT_MS = 10_000


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


MOST_ANSWERS = 40
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
                    "answers": {"type": "array", "maxItems": MOST_ANSWERS, "items": _ANSWER},
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

# Longer than any answer is; what a question allows of it is looked at when it is kept.
_ANSWERED: Mapping[str, Any] = {"maxLength": 2000}
_VALIDATORS = {name: Draft202012Validator(tool.schema) for name, tool in CATALOGUE.items()}


@dataclass(frozen=True)
class Sifted:
    """The arguments that can be used, and what is wrong with the others."""

    arguments: Mapping[str, Any]
    problems: list[str]


def sift(name: str, arguments: Any, *, questions: Mapping[str, Any], by_question: bool) -> Sifted:
    """Keep what fits the tool. Of what is to be saved one misfit loses nothing else; the other tools take all or none.

    With `by_question`, saving takes an argument for each question, as the webhook's description says, and a question's
    name means the question. An assistant may serve several widgets and be older than the latest change of their
    questions, so that whether there is such a question is said by the answer.
    """
    if name != SAVE or not isinstance(arguments, Mapping) or not arguments:
        unfit = _problems(_VALIDATORS[name], arguments)
        return Sifted({} if unfit else arguments, unfit)
    own: Mapping[str, Any] = CATALOGUE[SAVE].schema["properties"]
    kept: dict[str, Any] = {}
    problems: list[str] = []
    for argument, value in arguments.items():
        is_answer = by_question and (argument in questions or argument not in own)
        if len(argument) > LONGEST_NAME or (not is_answer and argument not in own):
            found = [_said("", _WORDS["additionalProperties"])]
        elif not is_answer and argument == "answers" and isinstance(value, list) and len(value) <= MOST_ANSWERS:
            wrong = [_misfits(_ANSWER, one, f"answers/{place}") for place, one in enumerate(value)]
            found = [problem for one in wrong for problem in one]
            fitting = [one for one, misfits in zip(value, wrong, strict=True) if not misfits]
            kept |= {argument: fitting} if fitting else {}
        else:
            found = _misfits(_ANSWERED if is_answer else own[argument], value, argument)
            kept |= {} if found else {argument: value}
        problems += found
    if not kept and not problems:
        problems = [_said("", _WORDS["minProperties"])]
    return Sifted(kept, list(dict.fromkeys(problems))[:MOST_PROBLEMS])


def as_webhooks(
    *, base: str, questions: Mapping[str, Any], headers: Sequence[Mapping[str, str]] = (), query: str = ""
) -> list[dict[str, Any]]:
    """Every tool in the shape that Telnyx's assistants and gathers take; `base` is the address of our server.

    `query` is appended to each address. Source: telnyx 4.189.0, types/ai/webhook_tool_param.py.
    """
    return [
        {
            "type": "webhook",
            # Beside `type`: inside `webhook` it is not applied.
            "timeout_ms": TIMEOUT_MS,
            "webhook": {
                "name": tool.name,
                "description": tool.description,
                "url": f"{base}{DOOR}{tool.name}{query}",
                "method": "POST",
                "headers": [dict(header) for header in headers],
                "body_parameters": _body(tool, questions),
            },
        }
        for tool in CATALOGUE.values()
    ]


def _body(tool: Tool, questions: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: _plainly(rule) for name, rule in tool.schema["properties"].items()}
    if tool.name == SAVE:
        del properties["answers"]  # Each question has an argument of its own.
        properties |= {name: _plainly(rule) for name, rule in questions.items()}
    return {"type": "object", "properties": properties, "required": []}


def _plainly(rule: Any) -> dict[str, Any]:
    """What a model needs to know of an argument; braces in it would be read as a template."""
    given = rule if isinstance(rule, Mapping) else {}
    kept = {"type": "string"} | {key: given[key] for key in ("type", "enum", "description") if key in given}
    if kept["type"] == "array":
        kept["items"] = _plainly(given.get("items"))
    if kept["type"] == "object":
        parts = given.get("properties")
        kept["properties"] = {name: _plainly(part) for name, part in parts.items()} if parts else {}
    if "description" in kept:
        kept["description"] = str(kept["description"]).replace("{", "").replace("}", "")
    return kept


def _misfits(rule: Mapping[str, Any], value: Any, place: str) -> list[str]:
    said = value.get("answer") if rule is _ANSWER and isinstance(value, Mapping) else value
    if isinstance(said, str) and not answer_values.is_one(said):
        return [_said(place, _WORDS["minProperties"])]
    return _problems(Draft202012Validator(rule), value, place)


def _problems(validator: Draft202012Validator, value: Any, place: str = "") -> list[str]:
    errors = sorted(validator.iter_errors(value), key=lambda error: error.json_path)
    return [_told(error, place) for error in errors[:MOST_PROBLEMS]]


def _told(error: ValidationError, place: str) -> str:
    """The rule that was broken, never the value: what came may be long, and is read out."""
    where = "/".join([place] * bool(place) + [str(part) for part in error.absolute_path])
    rule = f"{error.validator} {error.validator_value}" if error.validator in _SHORT else str(error.validator)
    return _said(where, _WORDS.get(str(error.validator), rule))


def _said(place: str, problem: str) -> str:
    return f"{place or 'the arguments'}: {problem}"[:160]


_SHORT = frozenset({"maxLength", "minLength", "maxItems", "type"})
_WORDS = {
    "additionalProperties": "names something that this tool does not take",
    "required": "something is missing",
    "minProperties": "nothing was given",
}
