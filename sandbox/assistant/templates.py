"""Templates in what an assistant says and in the definitions of its tools. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

_SECRET = re.compile(r"\{\{#integration_secret\}\}\s*([^{}]*?)\s*\{\{/integration_secret\}\}")
_VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")

# The value of an integration secret by its identifier; "" when the account holds none of that name.
Secret = Callable[[str], str]


def fill(template: str, variables: Mapping[str, Any]) -> str:
    """Replace `{{name}}`; an unknown name stays as it is, as on the real platform."""
    return _VARIABLE.sub(lambda match: str(variables.get(match[1], match[0])), template)


def fill_definition(value: Any, variables: Mapping[str, Any], secret: Secret) -> Any:
    """Fill every text of a part of a tool's definition, secrets of the account included."""
    if isinstance(value, str):
        return fill(_SECRET.sub(lambda match: secret(match[1]), value), variables)
    if isinstance(value, Mapping):
        return {name: fill_definition(item, variables, secret) for name, item in value.items()}
    return [fill_definition(item, variables, secret) for item in value] if isinstance(value, list) else value
