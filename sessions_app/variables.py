"""The answer to `assistant.initialization`. Pure.

A visitor can override any of these with a header of their own, so they are display text for the assistant and
authorise nothing. `targets` are for the assistant's transfer tool, whose own list says `{{ targets }}`, and
`session_ticket` for its header X-Session-Ticket: it only says whose call a transferred leg belongs to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

DEFAULTS = {"company": "AgileAdapt", "prospect_name": "", "widget": ""}
MAX_VALUE = 200

Target = Mapping[str, str]


def answer(
    *,
    session_id: str,
    ticket: str,
    company: str,
    widget: str,
    prospect_name: str,
    targets: Sequence[Target],
) -> dict[str, Any]:
    """What the assistant is told of one session; empty texts stand for what is not known."""
    values = {"company": company, "widget": widget, "prospect_name": prospect_name, "session_ticket": ticket}
    return {
        "dynamic_variables": DEFAULTS | _clean(values) | _targets(targets),
        "conversation": {"metadata": {"agileadapt_session": session_id}},
    }


def unknown(targets: Sequence[Target] = ()) -> dict[str, Any]:
    """Safe defaults for a call that no session is known for yet; its ticket comes as a header of the call itself."""
    return {"dynamic_variables": DEFAULTS | _targets(targets), "conversation": {"metadata": {}}}


def _targets(targets: Sequence[Target]) -> dict[str, Any]:
    # An empty list as well: a variable without a value would stay the text “{{ targets }}”.
    return {"targets": [_clean(target) for target in targets]}


def _clean(values: Mapping[str, str]) -> dict[str, str]:
    # Braces would be read as another template by the assistant.
    return {name: value.replace("{", "").replace("}", "")[:MAX_VALUE] for name, value in values.items()}
