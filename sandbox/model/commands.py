"""Names requests as the product speaks of them. Pure: from the method, the path and the body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

PATHS: tuple[tuple[str, str, str], ...] = (
    ("POST", r"/v2/calls", "dial"),
    ("GET", r"/v2/calls/(?P<leg>[^/]+)", "look_up"),
    ("POST", r"/v2/calls/(?P<leg>[^/]+)/actions/(?P<name>\w+)", ""),
    ("POST", r"/v2/conferences", "create_conference"),
    ("POST", r"/v2/conferences/[^/]+/actions/join", "join_conference"),
    ("POST", r"/v2/conferences/[^/]+/actions/leave", "leave_conference"),
    ("POST", r"/v2/telephony_credentials", "create_credential"),
    ("POST", r"/v2/telephony_credentials/[^/]+/token", "create_token"),
    ("DELETE", r"/v2/telephony_credentials/[^/]+", "delete_credential"),
)
# Where a body names legs that the command concerns as well.
LEG_FIELDS = ("call_control_id", "link_to", "supervise_call_control_id")


@dataclass(frozen=True)
class Subject:
    """One request: `name` is its method and path, `command` our word for it, `legs` those that it names."""

    name: str
    command: str
    legs: tuple[str, ...] = field(default=())


def subject_of(method: str, path: str, body: Any) -> Subject:
    named = tuple(str(body[name]) for name in LEG_FIELDS if body.get(name)) if isinstance(body, Mapping) else ()
    name = f"{method} {path}"
    for verb, pattern, command in PATHS:
        found = re.fullmatch(pattern, path) if verb == method else None
        if found:
            groups = found.groupdict()
            own = (unquote(groups["leg"]),) if groups.get("leg") else ()
            return Subject(name, command or groups["name"], own + named)
    return Subject(name, "", named)
