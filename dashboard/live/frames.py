"""What a dashboard may say over its socket: parsed and checked, or refused. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

MOST_CURSORS = 1000


class BadFrame(ValueError):
    """The frame is not one that our page sends."""


@dataclass(frozen=True)
class Hello:
    epoch: str | None
    cursors: dict[str, int] = field(default_factory=dict)
    watching: str | None = None


@dataclass(frozen=True)
class Watch:
    session: str | None


@dataclass(frozen=True)
class Presence:
    """`username` is the login on which the page's softphone is registered, "" when it is not."""

    softphone: bool
    microphone: bool
    sound: bool
    page: UUID | None = None
    username: str = ""


@dataclass(frozen=True)
class Ping:
    pass


Frame = Hello | Watch | Presence | Ping


def parse(text: str) -> Frame:
    """Read one frame; raises BadFrame."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("not JSON") from error
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    match frame.get("type"):
        case "hello":
            return Hello(_epoch(frame.get("epoch")), _cursors(frame.get("cursors")), _session(frame.get("watching")))
        case "watch":
            return Watch(_session(frame.get("session")))
        case "presence":
            return Presence(
                softphone=_flag(frame.get("softphone")),
                microphone=_flag(frame.get("microphone")),
                sound=_flag(frame.get("sound")),
                page=_page(frame.get("page")),
                username=_username(frame.get("username")),
            )
        case "ping":
            return Ping()
    raise BadFrame("unknown type")


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
