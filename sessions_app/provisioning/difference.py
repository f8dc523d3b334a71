"""What differs between an object at Telnyx and what is wanted of it, and what has to be sent. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sessions_app.provisioning.rules import NOTHING, Rule, same
from strict_json import text
from telephony.account import READ_ONLY, SHAPES, Kind

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One object as this installation needs it.

    `rules` are by path (`outbound.localization`); `at_birth` is given once, when the object is made, and is the
    owner's from then on.
    """

    kind: Kind
    name: str
    rules: Mapping[str, Rule]
    at_birth: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    path: str
    now: Any
    wanted: Any


@dataclass(frozen=True)
class Difference:
    """What changes, what a person should know, and the settings to send; nothing to send without a change."""

    changes: tuple[Change, ...]
    notices: tuple[str, ...]
    settings: Settings


def between(now: Settings, wanted: Wanted) -> Difference:
    """Compare an existing object with what is wanted of it.

    Whether Telnyx merges a part of an object with what is sent, or replaces it, its documents do not agree on. So a
    part that changes is sent whole, with everything in it that is not ours; what is null is left out, which means
    the same either way.
    """
    changes, notices = _judged(now, wanted)
    tops = dict.fromkeys(change.path.partition(".")[0] for change in changes)
    settings = {top: _sendable(now.get(top)) for top in tops}
    if changes:
        # What an update of this kind has to repeat comes first.
        shape = SHAPES[wanted.kind]
        others = [name for name in now if name not in READ_ONLY] if shape.replaces else shape.repeated
        repeated = {name: _sendable(now.get(name)) for name in others if name not in settings}
        settings = {name: value for name, value in repeated.items() if value is not None} | settings
    for change in changes:
        _put(settings, change.path, change.wanted)
    return Difference(tuple(changes), tuple(notices), settings)


def from_nothing(wanted: Wanted) -> Difference:
    """Say what a new object is made of."""
    settings: dict[str, Any] = {SHAPES[wanted.kind].name_key: wanted.name}
    for path, value in wanted.at_birth.items():
        _put(settings, path, value)
    changes, notices = _judged(settings, wanted)
    for change in changes:
        _put(settings, change.path, change.wanted)
    given = [
        Change(path, NOTHING, value_at(settings, path)) for path in dict.fromkeys((*wanted.at_birth, *wanted.rules))
    ]
    return Difference(tuple(change for change in given if change.wanted is not None), tuple(notices), settings)


def _judged(now: Settings, wanted: Wanted) -> tuple[list[Change], list[str]]:
    changes, notices = [], []
    for path, rule in wanted.rules.items():
        present = value_at(now, path)
        verdict = rule.judge(present)
        if verdict.notice:
            notices.append(f"{path}: {verdict.notice}")
        if not same(present, verdict.value):
            changes.append(Change(path, present, verdict.value))
    return changes, notices


def _sendable(value: Any) -> Any:
    """Leave nulls out, and give ids as the text that Telnyx asks for, however they came."""
    if isinstance(value, Mapping):
        return {name: _id_or_part(name, item) for name, item in value.items() if item is not None}
    return [_sendable(item) for item in value] if isinstance(value, list) else value


def _id_or_part(name: str, value: Any) -> Any:
    return text(value) if name.endswith("_id") and isinstance(value, int) else _sendable(value)


def value_at(settings: Any, path: str) -> Any:
    """Return the setting at a path such as `outbound.localization`; None when any part of it is missing."""
    for name in path.split("."):
        settings = settings.get(name) if isinstance(settings, Mapping) else None
    return settings


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    parent, _, rest = path.partition(".")
    if not rest:
        settings[parent] = value
        return
    part = settings.get(parent)
    settings[parent] = dict(part) if isinstance(part, Mapping) else {}
    _put(settings[parent], rest, value)
