"""The answer to `assistant.initialization`. Pure.

A visitor can override any of these with a header of their own, so they are display text for the assistant and
authorise nothing.
"""

from collections.abc import Mapping
from typing import Any

DEFAULTS = {"company": "AgileAdapt", "prospect_name": "", "widget": ""}
MAX_VALUE = 200


def answer(*, session_id: str, company: str, widget: str, prospect_name: str) -> dict[str, Any]:
    """What the assistant is told of one session; empty texts stand for what is not known."""
    values = {"company": company, "widget": widget, "prospect_name": prospect_name}
    return {
        "dynamic_variables": DEFAULTS | _clean(values),
        "conversation": {"metadata": {"agileadapt_session": session_id}},
    }


def unknown() -> dict[str, Any]:
    """Safe defaults for a call that no session is known for yet."""
    return {"dynamic_variables": DEFAULTS, "conversation": {"metadata": {}}}


def _clean(values: Mapping[str, str]) -> dict[str, str]:
    # Braces would be read as another template by the assistant.
    return {name: value.replace("{", "").replace("}", "")[:MAX_VALUE] for name, value in values.items()}
