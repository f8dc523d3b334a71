"""The questions of a widget as JSON Schema: what is valid, and how a field reads. Pure but for the error type."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

MAX_FIELDS = 40
MAX_BYTES = 20_000


def validate_schema(schema: Any) -> None:
    """Accept an object schema with at least one named property."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or schema.get("type") != "object" or not properties:
        raise ValidationError("The questions must be a JSON Schema object with properties.")
    if len(properties) > MAX_FIELDS or len(json.dumps(schema)) > MAX_BYTES:
        raise ValidationError(f"At most {MAX_FIELDS} questions and {MAX_BYTES} bytes.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValidationError(f"Not a valid JSON Schema: {error.message}") from error
    if missing := unasked(schema):
        raise ValidationError(f"“{missing[0]}” is required and not asked: nothing would ever be complete.")


def unasked(given: Any) -> list[str]:
    """The names that a schema requires and does not ask; of anything else, none."""
    if not isinstance(given, dict) or not isinstance(given.get("properties"), dict):
        return []
    required = given.get("required")
    return [str(name) for name in required if name not in given["properties"]] if isinstance(required, list) else []


def without_unasked(given: Any) -> Any:
    """The same schema, which requires only what it asks."""
    left_out = unasked(given)
    return {**given, "required": [name for name in given["required"] if name not in left_out]} if left_out else given


def label(name: str) -> str:
    """“full_name” reads “Full name”."""
    return name.replace("_", " ").strip().capitalize() or name
