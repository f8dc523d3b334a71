"""Takes out of evidence whatever names a person, an account or a machine; the form of it stays. Pure.

Only what is known to be harmless is kept: the rule is a list of what may stay, not of what must go. Doing it twice
changes nothing, so that a file that somebody added to by hand can be read like one that the probe wrote.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from probe import vocabulary as words
from strict_json import embedded

MASK = "<text>"
OURS = "<ours>"
MOST_ITEMS = 60
MOST_DEPTH = 8
LARGEST = 10_000_000

_PLACEHOLDER = re.compile(rf"<({'|'.join(words.MASKS)})( [0-9]{{1,3}})?>")
_OPEN_WORD = re.compile(r"[a-z]{2,20}([_.][a-z]{2,20}){0,4}")
_EVENT_TYPE = re.compile(r"(call|conference|assistant|conversation|texml)([._][a-z_]{2,30}){1,4}")
_CODE = re.compile(rf"[0-9]{{3,5}}|[A-Z]{{1,2}}[0-9]{{1,3}}|unspecified|{'|'.join(sorted(words.CAUSES))}")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?")
_NUMBER = re.compile(r"\+?[0-9() .-]{5,24}")
_SHORT = re.compile(r"[0-9]{1,4}")
_SIP_USER = re.compile(r"gencred\w*", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{3,20}")
# What the page dials where it dials a word.
DIALLED_WORD = "agileadapt"
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}")


class Redactor:
    """The same text is masked by the same number everywhere in one file. `ours` are values that the probe sent."""

    def __init__(self, ours: Callable[[str], bool] = lambda _: False) -> None:
        self._ours = ours
        self._numbers: dict[tuple[str, str], int] = {}

    def record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record as evidence may hold it."""
        kind = record["kind"]
        plain: dict[str, Any] = {"kind": kind, "at": _figure(record.get("at")) or 0.0}
        for name, allowed in _PLAIN.get(kind, {}).items():
            if name in record:
                value = record[name]
                plain[name] = value if allowed(value) else None if value is None else ""
        if kind == "webhook":
            plain["payload"] = self.value(record.get("payload"), top=True)
        if kind == "rest" and isinstance(record.get("answer"), Mapping | list):
            plain["answer"] = self.value(record["answer"], top=True)
        if kind == "tab":
            plain |= {name: _figure(record[name]) for name in sorted(words.FIGURES & record.keys()) if name != "at"}
            if isinstance(record.get("tones"), Mapping):
                tones = record["tones"].items()
                plain["tones"] = {name: _figure(value) for name, value in tones if name in words.LEGS}
        return plain

    def about(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a file says of its run: times, versions, and facts of the account that name nobody."""
        return {name: value for name, value in about.items() if name in _ABOUT and _ABOUT[name](value)}

    def value(self, value: Any, name: str = "", *, top: bool = False, said: bool = False, depth: int = 0) -> Any:
        """Return any JSON value with what may stay; `said`: somebody's words, or what was made of them."""
        value = str(value) if name in words.IDS and isinstance(value, int) else embedded(value)
        if depth > MOST_DEPTH:
            return MASK
        if isinstance(value, Mapping):
            return self._mapping(value, name, top=top, said=said, depth=depth)
        if isinstance(value, list | tuple):
            return [self.value(item, name, top=top, said=said, depth=depth + 1) for item in value[:MOST_ITEMS]]
        if isinstance(value, bool | int | float):
            return _figure(value) if name in words.FIGURES and not said else "<figure>"
        return None if value is None else self._text(str(value), name, top=top, said=said)

    def _mapping(self, value: Mapping[str, Any], outer: str, *, top: bool, said: bool, depth: int) -> dict[str, Any]:
        if outer in words.HEADERS:
            return {key: self._header(str(item), key) for key, item in value.items() if key in _HEADER_PARTS}
        known = words.QUESTIONS | _SAID_KEYS if said else words.KEYS
        kept: dict[str, Any] = {}
        for key, item in list(value.items())[:MOST_ITEMS]:
            shown = str(key)
            if shown not in known and not _PLACEHOLDER.fullmatch(shown):
                shown = self._masked("key", shown)
            # What stands under a key that is masked is masked, too, as it will be when the file is read again.
            below = said or key in words.SAID
            stays_top = top and (key in _TOPS or not isinstance(item, Mapping | list | tuple))
            name = key if shown == key else ""
            kept[shown] = self.value(item, name, top=stays_top, said=below, depth=depth + 1)
        return kept

    def _header(self, value: str, part: str) -> str:
        """Names that are ours stay, and that a value is the one that was sent."""
        if part in {"name", "header_name"}:
            return value if value.lower() in words.OUR_HEADERS else "<header>"
        return value if value == OURS else OURS if self._ours(value) else MASK

    def _text(self, text: str, name: str, *, top: bool, said: bool) -> str:
        if not text or _PLACEHOLDER.fullmatch(text):
            return text
        if said:
            return text if name in _SAID_WORDS and text.lower() in words.WORDS else MASK
        if self._ours(text):
            return OURS
        if name in words.IDS:
            return self._masked(words.IDS[name], text)
        if name in words.ADDRESSES:
            return self._address(text)
        return text if _may_stay(text, name, top=top) else MASK

    def _address(self, text: str) -> str:
        """`sip:<user 1>@sip.telnyx.com`: whether it is a SIP address, a login, a number or a word must stay to see."""
        scheme = "sip:" if text.lower().startswith("sip:") else ""
        user, at, host = text[len(scheme) :].partition("@")
        host = host.partition(";")[0]
        if at and host not in {"sip.telnyx.com", "telnyx.com"} and not _PLACEHOLDER.fullmatch(host):
            host = "<host>"
        return f"{scheme}{self._user(user)}{at}{host}"

    def _user(self, user: str) -> str:
        if _PLACEHOLDER.fullmatch(user) or user in {"", DIALLED_WORD}:
            return user
        if _SIP_USER.fullmatch(user):
            return self._masked("user", user)
        if _SHORT.fullmatch(user):
            return "<short>"
        if _NUMBER.fullmatch(user):
            return self._masked("number", re.sub(r"\D", "", user))
        if user.startswith("assistant-"):
            return self._masked("assistant", user)
        return "<word>" if _WORD.fullmatch(user) else MASK

    def _masked(self, kind: str, text: str) -> str:
        known = [key for key in self._numbers if key[0] == kind]
        return f"<{kind} {self._numbers.setdefault((kind, text), len(known) + 1)}>"


# Within these, what Telnyx itself sets stands as it does at the top of a webhook.
_TOPS = frozenset({"payload", "data", "record", "event"})
_HEADER_PARTS = frozenset({"name", "value", "header_name", "header_value"})
_SAID_WORDS = frozenset({"role", "transcription_track", "type"})
_SAID_KEYS = frozenset(
    {"role", "content", "type", "result", "transcript", "confidence", "is_final", "transcription_track"}
)


def _may_stay(text: str, name: str, *, top: bool) -> bool:
    if name == "event_type":
        return _EVENT_TYPE.fullmatch(text) is not None
    if name in words.WORD_KEYS and text.lower() in words.WORDS:
        return True
    if name in words.CODES:
        return _CODE.fullmatch(text) is not None
    if name.endswith(("_at", "_time", "_timestamp")):
        return _INSTANT.fullmatch(text) is not None
    return top and name in words.OPEN and _OPEN_WORD.fullmatch(text) is not None and not _SIP_USER.match(text)


def _figure(value: Any) -> int | float | bool | None:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and abs(value) < LARGEST:
        return round(value, 3) if isinstance(value, float) else value
    return None


def _one_of(allowed: frozenset[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in allowed


def _like(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def is_status(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 100 <= value < 1000)


_EITHER_LEG = _one_of(words.LEGS | {""})
_PLAIN: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "webhook": {"event_type": _like(_EVENT_TYPE), "door": _one_of(words.DOORS), "leg": _EITHER_LEG},
    "rest": {
        "command": _one_of(words.COMMANDS),
        "leg": _EITHER_LEG,
        "engine": _one_of(words.ENGINES),
        "status": is_status,
        "code": _like(_CODE),
    },
    "tab": {
        "what": _one_of(words.TOLD),
        "line": _EITHER_LEG,
        "name": _one_of(words.LABELS),
        "cause": _like(_CODE),
        "reason": _like(_CODE),
        "dc": _like(re.compile(r"[a-z]{2,6}[0-9]{0,2}(-[a-z]{2,8}){0,2}")),
        "region": _like(re.compile(r"[a-z]{2,12}(-[a-z]{2,12}){0,2}")),
        "local": _one_of(words.WORDS),
        "remote": _one_of(words.WORDS),
        "connection": _one_of(words.WORDS),
    },
    "tool": dict.fromkeys(("signed", "names_call", "again", "anew", "bearer"), lambda value: isinstance(value, bool)),
}
_STANDING = frozenset({"balance", "connections", "connection_limit", "turned_away"})
_STANDS = ("positive", "negative")
_ABOUT: Mapping[str, Callable[[Any], bool]] = {
    "began_at": _like(_INSTANT),
    "ended_at": _like(_INSTANT),
    "python_sdk": _like(_VERSION),
    "browser_sdk": _like(_VERSION),
    "account": lambda value: (
        isinstance(value, dict)
        and all(
            name in _STANDING and (value[name] is None or _figure(value[name]) is not None or value[name] in _STANDS)
            for name in value
        )
    ),
}
