"""Every address, message of a socket and tool has a row; a new one without fails here."""

import inspect
from typing import get_args

import pytest
from django.apps import apps
from django.core.management import get_commands

import dashboard.routing
import sessions_app.routing
from accounts.roles import TABLE, Action, asks
from agileadapt import asgi
from assistant_tools import calls
from dashboard.live import frames
from sessions_app.conversation.tool_catalogue import CATALOGUE
from sessions_app.visitor_page import consumers
from tests.permissions import doors
from tests.telnyx import DOOR

DOORS = doors.http()
# Actions of the administration, asked by its classes, and what a page does with its own phone.
WITHOUT_AN_ADDRESS = {
    *(Action.ADMIN_ENTER, Action.VISIT_INSPECT, Action.WORDS_READ, Action.DELIVERY_PROCESS, Action.TEAM_CHANGE),
    *(Action.ROUTING_CHANGE, Action.WIDGET_CHANGE, Action.ASSISTANT_IMPORT, Action.CLOSER_CHANGE),
    *(Action.SUPERVISOR_APPOINT, Action.CLOSER_DELETE, Action.CALLBACK_CHANGE, Action.CALLBACK_DELETE),
    *(Action.ACCOUNT_CHANGE, Action.ACCOUNT_DELETE, Action.ACCOUNT_INVITE, Action.RIGHTS_GIVE, Action.HISTORY_CHANGE),
    *(Action.CALLBACK_ANSWER, Action.FILE_READ, Action.TOOL_LIST),
}
# Whether a command reads what people said: whoever adds one thinks of it.
COMMANDS = {
    "demo_data": False,
    "draw_machine": False,
    "draw_permissions": False,
    "export_session": True,
    "replay": True,
    "telnyx_probe": True,
    "telnyx_provision": False,
}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.route or "/")
def test_every_address_names_an_action_of_the_table(door: doors.Door) -> None:
    assert door.action in TABLE, f"{door.route} says nowhere what it lets people do"


def test_every_action_has_a_door() -> None:
    named = {door.action for door in DOORS} | {frame.asks for frame in frames.FRAMES.values()}
    named |= set(calls.ACTIONS.values()) | set(consumers.FRAMES.values())

    assert set(Action) - named == WITHOUT_AN_ADDRESS


def test_a_view_that_names_nothing_is_found() -> None:
    def nothing() -> None: ...

    assert not hasattr(nothing, "asks")
    assert asks(Action.HEALTH_SEE)(nothing).asks == Action.HEALTH_SEE  # type: ignore[attr-defined]


def test_beside_the_addresses_there_are_webhooks_and_tools_alone() -> None:
    branches = inspect.getsource(asgi.by_path)

    assert branches.count(" if ") == 2
    assert branches.count('if scope["path"] in door.lanes') == branches.count('scope["path"] == MCP_PATH') == 1
    assert asgi.door.lanes.keys() == DOOR.lanes.keys()


def test_every_tool_names_an_action() -> None:
    assert set(calls.ACTIONS) == set(CATALOGUE)


def test_every_message_of_a_socket_names_an_action() -> None:
    routes = {str(route.pattern) for route in dashboard.routing.websocket_urlpatterns}
    routes |= {str(route.pattern) for route in sessions_app.routing.websocket_urlpatterns}
    assert routes == {"ws/dashboard/", "ws/prospect/"}
    assert set(frames.FRAMES.values()) == set(get_args(frames.Frame))
    assert all(frame.asks in TABLE for frame in frames.FRAMES.values())
    assert all(action in TABLE for action in consumers.FRAMES.values())


@pytest.mark.parametrize("text", ['{"type": "listen"}', '{"type": ["hello"]}', "{}", '{"type": null}'])
def test_a_message_that_is_not_listed_is_refused(text: str) -> None:
    with pytest.raises(frames.BadFrame, match="unknown type"):
        frames.parse(text)


def test_it_is_known_which_commands_read_what_people_said() -> None:
    packages = {config.name for config in apps.get_app_configs() if not config.name.startswith("django")}
    ours = {"accounts", "sessions_app", "handoff", "flight_recorder", "assistant_tools", "dashboard", "probe"}

    assert packages >= ours
    assert {name for name, app in get_commands().items() if app in ours} == set(COMMANDS)
