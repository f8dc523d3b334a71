"""The answer to `assistant.initialization`. Pure.

A visitor can override any of these with a header of their own, so they are display text for the assistant and
authorise nothing. `targets` are for the assistant's transfer tool, whose own list names the same variable; because a
header could name other numbers instead, the operator gives that variable a name that no visitor knows.
`session_ticket` is for the tool's header X-Session-Ticket: it only says whose call a transferred leg belongs to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sessions_app.rules.plain_values import MAX_VALUE

DEFAULTS = {"company": "AgileAdapt", "prospect_name": "", "widget": ""}

# By the name of their variable: {"name": …, "to": a SIP URI}.
Targets = Mapping[str, Sequence[Mapping[str, str]]]


def answer(
    *,
    session_id: str,
    ticket: str,
    company: str,
    widget: str,
    prospect_name: str,
    targets: Targets,
    passed: Mapping[str, str],
) -> dict[str, Any]:
    """What the assistant is told of one session; empty texts stand for what is not known.

    `passed` is what the website says of its visitor, which takes no other name's place.
    """
    values = {"company": company, "widget": widget, "prospect_name": prospect_name, "session_ticket": ticket}
    return {
        "dynamic_variables": {**_clean(passed), **DEFAULTS, **_clean(values), **_targets(targets)},
        # By these the conversations at Telnyx can be filtered.
        "conversation": {"metadata": {**_prefixed(passed), "agileadapt_session": session_id}},
    }


def unknown(targets: Targets) -> dict[str, Any]:
    """Safe defaults for a call that no session is known for yet; its ticket comes as a header of the call itself."""
    return {"dynamic_variables": DEFAULTS | _targets(targets), "conversation": {"metadata": {}}}


def _targets(targets: Targets) -> dict[str, Any]:
    # An empty list as well: a variable without a value would stay the text “{{ targets }}”.
    return {name: [_clean(target) for target in some] for name, some in targets.items()}


def _prefixed(passed: Mapping[str, str]) -> dict[str, str]:
    return {f"visitor_{name}": value for name, value in _clean(passed).items()}


def _clean(values: Mapping[str, str]) -> dict[str, str]:
    # Braces would be read as another template by the assistant.
    return {name: value.replace("{", "").replace("}", "")[:MAX_VALUE] for name, value in values.items()}
