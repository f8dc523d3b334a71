"""One documented payload in every shape in which it may come. Pure."""

import copy
from collections.abc import Iterator
from typing import Any

Payload = dict[str, Any]

NUL, SURROGATE = "a\0b", "a\ud800b"
UTTERANCE = "wort " * 20_480  # 100 kB
ODD: tuple[Any, ...] = (7, 2.5, True, "", "x" * 300, [], {}, [None], [[]], {"a": {"b": [1]}})
# By these alone an event finds its session here; without them it waits.
IDENTITY = ("call_control_id", "call_session_id", "conversation_id", "telnyx_conversation_id", "metadata")


def whole(payload: Payload) -> dict[str, Payload]:
    """Name and give the variants in which all of a payload is odd; the payload itself stays as it is."""
    return {
        "as documented": payload,
        "nothing but its ids": {name: value for name, value in payload.items() if name in IDENTITY},
        "keys of tomorrow": deeply(payload, _extended),
        "ids as numbers": deeply(payload, _numbered),
        "texts with NUL": deeply(payload, lambda part: _spoilt(part, NUL)),
        "texts with half a character": deeply(payload, lambda part: _spoilt(part, SURROGATE)),
        "long texts": deeply(payload, lambda part: _spoilt(part, UTTERANCE)),
    }


def by_field(payload: Payload) -> Iterator[dict[str, Payload]]:
    """For each key in turn, name and give the payload without it, with null for it, and with what never belongs."""
    for key in payload:
        if key not in IDENTITY:
            missing = {name: value for name, value in payload.items() if name != key}
            odd = {f"{key}: {value!r:.20}": {**payload, key: value} for value in (None, *ODD)}
            yield {f"without {key}": missing, **odd}


def deeply(value: Any, change: Any) -> Any:
    """Change a copy of every object inside, the innermost first."""
    if isinstance(value, dict):
        return change({name: deeply(item, change) for name, item in value.items()})
    return [deeply(item, change) for item in value] if isinstance(value, list) else copy.copy(value)


def _extended(value: Payload) -> Payload:
    return {**value, "of_tomorrow": {"list": [1, None]}, "record_type": "event"}


def _numbered(value: Payload) -> Payload:
    """Ids of digits as the numbers that they look like, and others that nobody here looks up as some number."""
    loose = {"insight_id", "insight_group_id", "assistant_id", "conference_id", "id", "request_id"}
    return {
        name: int(item)
        if name.endswith("_id") and isinstance(item, str) and item.isdigit()
        else 7
        if name in loose
        else item
        for name, item in value.items()
    }


def _spoilt(value: Payload, text: str) -> Payload:
    """Another text in every place where people or models speak."""
    spoken = {"content", "text", "result", "insight_name", "reason", "hangup_cause", "page", "full_name", "from", "to"}
    return {name: text if name in spoken and isinstance(item, str) else item for name, item in value.items()}
