"""Says what differs, what was done and what stands, in words for a terminal. Secrets never reach it by value."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sessions_app.provisioning.difference import Change, Difference, Wanted
from sessions_app.provisioning.rules import own_items
from telephony.account import AccountObject

MAX_CHARS = 110
HIDDEN = "made at random, and not shown"


class Report:
    def __init__(self, say: Callable[[str], None], *, is_dry: bool) -> None:
        self._say = say
        self._is_dry = is_dry
        self.changes = 0
        self.done: list[str] = []

    def existing(self, found: AccountObject, difference: Difference) -> None:
        """Print an object that is there, with what will change in it."""
        self.heading(f"{found.kind} {found.id} “{found.name}”", "" if difference.changes else "nothing to change")
        self._differences(difference)

    def missing(self, wanted: Wanted, difference: Difference) -> None:
        """Print an object that has to be made."""
        self.heading(f"{wanted.kind} “{wanted.name}”", "to be created")
        self._differences(difference)

    def heading(self, subject: str, remark: str) -> None:
        self._say(f"{subject[0].upper()}{subject[1:]}{': ' if remark else ''}{remark}")

    def notice(self, text: str) -> None:
        self._say(f"  note: {text}")

    def plan(self, what: str) -> None:
        """Print something that is not a setting and has to be done."""
        self.changes += 1
        self._say(f"  {what}")

    def stands(self, what: str) -> None:
        """Remember something that was done, for the case that what follows fails."""
        self.done.append(what)
        self._say(f"  done: {what}")

    def end(self) -> None:
        """Say in one line what became of it all."""
        if not self.changes:
            self._say("Nothing to change.")
        elif self._is_dry:
            self._say(f"{_counted(self.changes, 'difference')}. Nothing was written.")
        else:
            self._say(f"{_counted(self.changes, 'difference')} settled.")

    def say(self, text: str) -> None:
        self._say(text)

    def _differences(self, difference: Difference) -> None:
        for change in difference.changes:
            self.plan(_told(change))
        for notice in difference.notices:
            self.notice(notice)


def _told(change: Change) -> str:
    if "password" in change.path:
        return f"{change.path}: {HIDDEN}"
    return f"{change.path}: {_shown(change.now)} → {_shown(change.wanted)}"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        # Tools and servers by their names alone: an owner may keep secrets in their headers.
        return ", ".join(str(item.get("type") or item.get("id")) for item in own_items(value)) or "none"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = " ".join(shown.split())
    return f"{shown[: MAX_CHARS - 1]}…" if len(shown) > MAX_CHARS else shown or "empty"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
