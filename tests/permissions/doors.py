"""Every door that there is, found where Django, Channels and MCP find it, with the action that it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.roles import Action
from assistant_tools import calls
from tests.telnyx import DOOR

# Staff's pages of the probe.
PROBE = dict.fromkeys(("probe", "probe-turn", "probe-login"), Action.PROBE_RUN) | {"probe-tool": Action.PROBE_TOOL}

SITE = {
    *("index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site"),
    *("app_list", None),
}
HISTORY = Action.VISIT_INSPECT
# What changing each model of the administration lets people do; of history, looking at it.
MODELS: dict[str, Action] = {
    "accounts.user": Action.ACCOUNT_CHANGE,
    "auth.group": Action.RIGHTS_GIVE,
    "sessions_app.team": Action.TEAM_CHANGE,
    "sessions_app.widgetconfig": Action.WIDGET_CHANGE,
    "handoff.routingpolicy": Action.ROUTING_CHANGE,
    "handoff.closer": Action.CLOSER_CHANGE,
    "handoff.callbackpromise": Action.CALLBACK_CHANGE,
    "sessions_app.voicesession": HISTORY,
    "sessions_app.webhookdelivery": HISTORY,
    "handoff.command": HISTORY,
    "handoff.handoff": HISTORY,
    "sessions_app.toolcall": HISTORY,
    "sessions_app.telephonycredential": HISTORY,
    "sessions_app.accountlook": HISTORY,
    "sessions_app.legrefusal": HISTORY,
}
PAGES = {"changelist", "add", "history", "delete", "change"}
MORE_PAGES = {
    "auth_user_password_change": Action.ACCOUNT_CHANGE,
    "sessions_app_widgetconfig_import": Action.ASSISTANT_IMPORT,
}
ADMIN_ACTIONS = {
    ("accounts.user", "invite"): Action.ACCOUNT_INVITE,
    ("accounts.user", "delete_selected"): Action.ACCOUNT_DELETE,
    ("sessions_app.webhookdelivery", "process_again"): Action.DELIVERY_PROCESS,
    ("sessions_app.voicesession", "export"): Action.VISIT_EXPORT,
    ("handoff.closer", "delete_selected"): Action.CLOSER_DELETE,
    ("handoff.callbackpromise", "delete_selected"): Action.CALLBACK_DELETE,
}


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


def administration() -> set[str | None]:
    """The names of the administration's addresses that belong to no model."""
    return {url.name for url in admin.site.get_urls() if isinstance(url, URLPattern)}


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
