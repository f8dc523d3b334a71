"""What a dashboard may say over its socket: parsed and checked, or refused. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from uuid import UUID

from accounts.roles import Action

MOST_CURSORS = 1000


class BadFrame(ValueError):
    """The frame is not one that our page sends."""


@dataclass(frozen=True)
class Hello:
    asks: ClassVar[Action] = Action.BOARD_SEE

    epoch: str | None
    cursors: dict[str, int] = field(default_factory=dict)
    watching: str | None = None

    @classmethod
    def read(cls, frame: dict[str, Any]) -> Self:
        return cls(_epoch(frame.get("epoch")), _cursors(frame.get("cursors")), _session(frame.get("watching")))


@dataclass(frozen=True)
class Watch:
    asks: ClassVar[Action] = Action.VISIT_READ

    session: str | None

    @classmethod
    def read(cls, frame: dict[str, Any]) -> Self:
        return cls(_session(frame.get("session")))


@dataclass(frozen=True)
class Presence:
    """`username` is the login on which the page's softphone is registered, "" when it is not."""

    asks: ClassVar[Action] = Action.PRESENCE_SAY

    softphone: bool
    microphone: bool
    sound: bool
    page: UUID | None = None
    username: str = ""

    @classmethod
    def read(cls, frame: dict[str, Any]) -> Self:
        return cls(
            softphone=_flag(frame.get("softphone")),
            microphone=_flag(frame.get("microphone")),
            sound=_flag(frame.get("sound")),
            page=_page(frame.get("page")),
            username=_username(frame.get("username")),
        )


@dataclass(frozen=True)
class Ping:
    asks: ClassVar[Action] = Action.BOARD_SEE

    @classmethod
    def read(cls, frame: dict[str, Any]) -> Self:
        return cls()


Frame = Hello | Watch | Presence | Ping
FRAMES: Mapping[str, type[Frame]] = {"hello": Hello, "watch": Watch, "presence": Presence, "ping": Ping}


def parse(text: str) -> Frame:
    """Read one frame; raises BadFrame."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("not JSON") from error
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    kind = frame.get("type")
    if not isinstance(kind, str) or kind not in FRAMES:
        raise BadFrame("unknown type")
    return FRAMES[kind].read(frame)


def _epoch(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and len(value) <= 100):
        return value
    raise BadFrame("epoch")


def _cursors(value: Any) -> dict[str, int]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MOST_CURSORS:
        raise BadFrame("cursors")
    for key, seq in value.items():
        _session(key)
        if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**31:
            raise BadFrame("cursors")
    return value


def _session(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadFrame("session") from error


def _page(value: Any) -> UUID | None:
    key = _session(value)
    return UUID(key) if key else None


def _username(value: Any) -> str:
    if value is None or (isinstance(value, str) and len(value) <= 100 and "\0" not in value):
        return value or ""
    raise BadFrame("username")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise BadFrame("presence")
