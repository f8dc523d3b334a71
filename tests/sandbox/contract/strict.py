"""What the official SDK's models say of a body: wrong values, and keys that they do not know, at every depth."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError


@dataclass(frozen=True)
class Extra:
    """A key that a model does not have; `place` is `Model.key`."""

    place: str
    value: Any

    @property
    def is_whole_object(self) -> bool:
        parts = self.value if isinstance(self.value, list) else [self.value]
        return any(isinstance(part, dict) for part in parts)


def mistakes(model: Any, body: Any) -> list[str]:
    """Return what is wrong with the values: types, words that are none of an enumeration's, missing keys."""
    try:
        TypeAdapter(model).validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]
    return []


def extras(model: Any, body: Any) -> list[Extra]:
    """Return every key that the model does not know; of alternatives, those of the one that knows most."""
    origin, parts = get_origin(model), get_args(model)
    if origin is Annotated:
        return extras(parts[0], body)
    if origin in (Union, UnionType):
        fitting = [part for part in parts if part is not NoneType and not mistakes(part, body)]
        return min((extras(part, body) for part in fitting), key=len, default=[])
    if isinstance(body, list) and parts:
        return [extra for item in body for extra in extras(parts[0], item)]
    if not isinstance(body, Mapping):
        return []
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(_of_object(model, body))
    return [extra for item in body.values() for extra in extras(parts[1], item)] if len(parts) == 2 else []


def _of_object(model: type[BaseModel], body: Mapping[str, Any]) -> Iterator[Extra]:
    known = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    for key, value in body.items():
        if key in known:
            yield from extras(known[key], value)
        else:
            yield Extra(f"{_name(model)}.{key}", value)


def _name(model: type[BaseModel]) -> str:
    """The class, with its module where many are called alike; a page by what is on it, and its `meta` by itself."""
    module = model.__module__.rpartition(".")[2]
    return model.__qualname__ if model.__qualname__ not in COMMON else f"{module}.{model.__qualname__}"


COMMON = frozenset(("Data", "DataPayload", "Payload"))
