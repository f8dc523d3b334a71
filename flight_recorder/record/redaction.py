"""What a recording must not hold: secrets always, and what people said when masking is asked for. Pure."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

REMOVED = "<removed>"
TICKET = "<ticket>"

_SECRET_NAME = re.compile(r"passw|secret|token|authorization|api[_-]?key|cookie", re.IGNORECASE)
_TICKET_NAME = re.compile(r"ticket", re.IGNORECASE)
# What signing makes of a session's id, a JSON Web Token, a key as Telnyx shows it.
_SIGNED_ID = re.compile(r"\b[0-9a-f]{32}:[0-9A-Za-z]{4,10}:[\w-]{43}(?![\w-])")
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
_KEY = re.compile(r"\bKEY[0-9A-Za-z_-]{16,}")

# Of what is masked, these texts are words of the protocol or names of rows, not of people.
_PROTOCOL = """
event_type record_type id occurred_at call_control_id call_leg_id call_session_id connection_id conversation_id
telnyx_conversation_id conference_id assistant_id insight_id event_id direction state status hangup_cause hangup_source
sip_hangup_cause cause source reason role client_state mark command command_id door content_type kind key error trigger
outcome tool code method handoff closer by to_closer leg offer field fields insights speaker disposition connection_mode
end_reason phase mode side purpose reached_by assigned_to dropped_by connected_with
CallSid CallControlId CallSessionId CallLegId CallStatus HangupCause HangupSource ConnectionId Timestamp
"""
_KEPT = frozenset(_PROTOCOL.split())
# Whatever stands below these was said by a prospect, numbers too.
_SAID = frozenset({"result", "partial_results", "value", "captured"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:?\d\d)?")
_PLACEHOLDER = re.compile(r"<[a-z]+( [\w:-]+)*>")


class Redactor:
    """Takes out of JSON values what a recording must not hold; the same text is masked the same way everywhere.

    `replaced` are texts that stand for others wherever they occur; `read_mark` tells our own marks on legs.
    """

    def __init__(
        self,
        *,
        secrets: Iterable[str],
        replaced: Mapping[str, str],
        read_mark: Callable[[str], str | None],
        is_masking: bool,
    ) -> None:
        swaps = dict.fromkeys((secret for secret in secrets if len(secret) >= 8), REMOVED) | dict(replaced)
        longest_first = sorted((text for text in swaps if text), key=len, reverse=True)
        self._swaps = swaps
        self._swapped = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._read_mark = read_mark
        self._is_masking = is_masking
        self._masks: dict[str, str] = {}

    def body(self, text: str, content_type: str) -> str:
        """A webhook's body; what held nothing of the kind stays as it was, byte by byte."""
        if content_type.startswith("application/x-www-form-urlencoded"):
            pairs = parse_qsl(text, keep_blank_values=True)
            cleaned = [(name, self._text(value, name)) for name, value in pairs]
            return text if cleaned == pairs else urlencode(cleaned)
        told = json.loads(text)
        said = self.clean(told)
        return text if said == told else json.dumps(said, ensure_ascii=False)

    def clean(self, value: Any, name: str = "", *, is_said: bool = False) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value, is_said=is_said)
        if isinstance(value, list | tuple):
            return [self.clean(item, name, is_said=is_said) for item in value]
        if isinstance(value, str):
            return self._text(value, "" if is_said else name)
        if self._is_masking and is_said and isinstance(value, int | float) and not isinstance(value, bool):
            return self._mask(str(value))
        return value

    def _mapping(self, value: Mapping[str, Any], *, is_said: bool) -> dict[str, Any]:
        if isinstance(value.get("name"), str) and isinstance(value.get("value"), str):  # A header.
            return {**value, "value": self._text(value["value"], value["name"])}
        return {key: self.clean(item, key, is_said=is_said or _is_said(key, item)) for key, item in value.items()}

    def _text(self, text: str, name: str) -> str:
        if _TICKET_NAME.search(name) and text:
            return TICKET
        if _SECRET_NAME.search(name) and text:
            return REMOVED
        mark = self._read_mark(text)
        if mark is not None:
            return mark
        cleaned = _KEY.sub(REMOVED, _TOKEN.sub(REMOVED, _SIGNED_ID.sub(TICKET, text)))
        if self._swapped:
            cleaned = self._swapped.sub(lambda found: self._swaps[found[0]], cleaned)
        return self._mask(cleaned) if self._is_masking and not _is_harmless(cleaned, name) else cleaned

    def _mask(self, text: str) -> str:
        return self._masks.setdefault(text, f"<masked {len(self._masks) + 1}>")


def _is_said(name: str, value: Any) -> bool:
    # A command's answer is an object; what a prospect answered is not.
    return name in _SAID or (name == "answer" and not isinstance(value, Mapping))


def _is_harmless(text: str, name: str) -> bool:
    if not text or name in _KEPT or _INSTANT.fullmatch(text) or _PLACEHOLDER.fullmatch(text):
        return True
    # The address of a login of ours, which is a placeholder already.
    return _PLACEHOLDER.match(text.removeprefix("sip:")) is not None and "@" in text
