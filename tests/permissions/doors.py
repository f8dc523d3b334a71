"""Every address that there is, found where Django finds it, with the action that it names.

Those of the administration stand in admin_rows.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.roles import Action
from assistant_tools import calls
from tests.telnyx import DOOR

# Staff's pages of the probe.
PROBE = dict.fromkeys(("probe", "probe-turn", "probe-login"), Action.PROBE_RUN) | {"probe-tool": Action.PROBE_TOOL}


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    action: Action | None


def http() -> list[Door]:
    """Every address but those of the administration."""
    return [
        Door(str(pattern.name), route, _action(pattern))
        for route, pattern in _patterns(get_resolver().url_patterns)
        if not pattern.lookup_str.startswith("django.contrib.admin.") and not route.startswith("admin/")
    ] + [Door(lane.door, path.removeprefix("/"), lane.asks) for path, lane in DOOR.lanes.items()]


def _patterns(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, route)
        else:
            yield route, pattern


def _action(pattern: URLPattern) -> Action | None:
    callback: Any = pattern.callback
    if str(pattern.name).startswith("tool-"):
        return calls.ACTIONS.get(pattern.default_args["name"])
    holders = (callback, getattr(callback, "cls", None), getattr(callback, "view_class", None))
    named = next((holder.asks for holder in holders if hasattr(holder, "asks")), None)
    return named or PROBE.get(str(pattern.name))
