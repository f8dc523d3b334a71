"""What a website says of its visitor: which names it may use, text fit to be shown, and whose word holds. Pure.

The visitor's own browser passes it on and can change any of it: it is display text, authorises nothing and chooses
nothing.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

MAX_NAMES = 40
MAX_NAME = 60
MAX_VALUE = 200
# Of a longer text no more is even looked at.
MOST_READ = 2_000

# Whose word holds, the first before the others. The page knows its visitor and tells us itself; the call's headers and
# the variables that the assistant has come from the same page by a longer way; the widget's own hold for everybody.
PAGE, CALL, ASSISTANT, WIDGET = SOURCES = ("page", "call", "assistant", "widget")

# What we or Telnyx name so ourselves. Telnyx makes a variable of each custom header of a call, and it wins over the
# answer to the dynamic-variables webhook: https://developers.telnyx.com/docs/inference/ai-assistants/dynamic-variables
_OURS = frozenset(
    {
        *("company", "prospect_name", "widget", "session_ticket", "targets"),
        *("assistant_id", "call_control_id", "call_leg_id", "call_session_id", "connection_id", "conversation_id"),
        *("client_state", "conversation", "dynamic_variables", "memory"),
    }
)
_OUR_BEGINNINGS = ("telnyx_", "agileadapt_")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")

# Invisible, but some scripts are not written without them.
_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Cc", "Zl", "Zp", "Zs"})

# {"name": a variable's, "said": {source: {"value": text, "at": ISO 8601}}}
Row = dict[str, Any]


def variable_name(given: str) -> str:
    """How Telnyx names the variable of a header: “X-User-Tier”, and “user-tier” too, is `user_tier`.

    Empty when no variable can be called so.
    """
    name = given.strip().lower().removeprefix("x-").replace("-", "_")
    is_name = 0 < len(name) <= MAX_NAME and _LETTERS.issuperset(name) and name[0] != "_"
    return name if is_name else ""


def is_ours(name: str, *, reserved: Collection[str] = ()) -> bool:
    """Whether a variable's name means something else already; `reserved` adds to those."""
    return name in _OURS or name in reserved or name.startswith(_OUR_BEGINNINGS)


def allowed(names: Iterable[str], *, reserved: Collection[str] = ()) -> tuple[str, ...]:
    """The variables that may be passed, in their order; headers' names are as good as variables'."""
    found = dict.fromkeys(variable_name(name) for name in names)
    return tuple(name for name in found if name and not is_ours(name, reserved=reserved))[:MAX_NAMES]


def plain(value: Any) -> str:
    """A value as one line of visible text; empty when nothing is left of it.

    Without braces, which the assistant would read as a template, and without what hides or turns other characters.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return ""
    shown = "".join(_shown(character) for character in str(value)[:MOST_READ])
    return " ".join(shown.split())[:MAX_VALUE].strip(f" {_JOINERS}")


def _shown(character: str) -> str:
    if character in "{}":
        return ""
    category = unicodedata.category(character)
    if category in _SPACES:
        return " "
    return "" if category in _INVISIBLE and character not in _JOINERS else character


def read(given: Any) -> dict[str, Any]:
    """What a page's request says. Raises ValueError unless it is a flat object of at most `MAX_NAMES` plain values."""
    if not isinstance(given, dict) or len(given) > MAX_NAMES:
        raise ValueError(f"not an object of at most {MAX_NAMES} values")
    if not all(isinstance(value, str | int | float | bool) for value in given.values()):
        raise ValueError("a value is not plain")
    return given


def chosen(given: Mapping[str, Any], *, names: Sequence[str]) -> dict[str, str]:
    """Those of the given values that may be passed and say something."""
    cleaned = {variable_name(name): plain(value) for name, value in given.items()}
    return {name: cleaned[name] for name in names if cleaned.get(name)}


def add(
    rows: Sequence[Row], values: Mapping[str, str], *, source: str, at: datetime, order: Sequence[str]
) -> list[Row]:
    """What is known once a source has said `values`; the same sayings in any order end in the same rows.

    Of one source's words for one name the last said stays. `order` sorts the rows.
    """
    known = {row["name"]: row["said"] for row in rows}
    for name, value in values.items():
        said = {"value": value, "at": at.isoformat()}
        before = known.get(name, {}).get(source)
        if before is None or _moment(before) < _moment(said):
            known[name] = {**known.get(name, {}), source: said}
    place = {name: number for number, name in enumerate(order)}
    names = sorted(known, key=lambda name: (place.get(name, len(place)), name))
    return [{"name": name, "said": known[name]} for name in names]


def _moment(said: Mapping[str, str]) -> tuple[datetime, str]:
    return datetime.fromisoformat(said["at"]), said["value"]


def holding(rows: Iterable[Row]) -> dict[str, str]:
    """The value that holds for each name, in the order of the rows."""
    best = {row["name"]: next(row["said"][one] for one in SOURCES if one in row["said"]) for row in rows}
    return {name: said["value"] for name, said in best.items()}


def label(name: str) -> str:
    """“user_tier” reads “Tier”, for whom else would it be about; “order_number” reads “Order number”."""
    return (name.removeprefix("user_") or name).replace("_", " ").strip().capitalize() or name
