"""Who may do what: one table of roles and actions, which every door asks. Pure."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """What somebody is. One can be several: a closer may be staff, and everybody may do what a stranger may."""

    ANONYMOUS = "anonymous"
    PROSPECT = "prospect"  # A page with the token of its visit.
    CLOSER = "closer"
    SUPERVISOR = "supervisor"
    STAFF = "staff"
    SUPERUSER = "superuser"
    TELNYX = "telnyx"  # By its signature.
    ASSISTANT = "assistant"  # By our secret, or a ticket that we signed.


class Scope(StrEnum):
    """How far an action reaches for a role. What belongs to another team looks as if it did not exist."""

    NEVER = "–"
    OWN = "own"  # The own visit, ring, call, account.
    OWN_IN_TEAM = "own ∩ team"  # The own one, as long as it is the own team's.
    TEAM = "team"
    PERMITTED = "p"  # With Django's permission of that name; no permission reaches beyond this table.
    ALL = "all"


class Action(StrEnum):
    # Visit
    WIDGET_SEE = "widget.see"
    LINE_ASK = "line.ask"
    VISIT_OPEN = "visit.open"
    VISIT_FOLLOW = "visit.follow"
    VISIT_TYPE = "visit.type"
    VISIT_ASK_PERSON = "visit.ask_person"
    VISIT_REJOIN = "visit.rejoin"
    VISIT_RENEW = "visit.renew"
    VISIT_CLAIM = "visit.claim"
    VISIT_RELAY = "visit.relay"
    VISIT_REPORT = "visit.report"
    VISIT_LEAVE = "visit.leave"
    CALLBACK_ASK = "callback.ask"
    CALLBACK_ANSWER = "callback.answer"
    # Desk
    BOARD_SEE = "board.see"
    VISIT_READ = "visit.read"
    VISIT_SEARCH = "visit.search"
    PRESENCE_SAY = "presence.say"
    SOFTPHONE_LOG_IN = "softphone.log_in"
    RING_ACCEPT = "ring.accept"
    RING_DECLINE = "ring.decline"
    CALL_TAKE = "call.take"
    CALL_TAKE_OVER = "call.take_over"
    CALL_HAND_BACK = "call.hand_back"
    CALL_HANG_UP = "call.hang_up"
    CALL_NOTE = "call.note"
    CALL_COMPLETE = "call.complete"
    CALL_MEASURE = "call.measure"
    CALL_ASSIGN = "call.assign"
    ASSISTANT_STEER = "assistant.steer"
    ANSWER_EDIT = "answer.edit"
    ANSWER_USE = "answer.use"
    ANSWER_DISMISS = "answer.dismiss"
    ANSWER_UNLOCK = "answer.unlock"
    CALLBACK_SEE = "callback.see"
    CALLBACK_CALL = "callback.call"
    CALLBACK_KEEP = "callback.keep"
    TEAM_MEASURE = "team.measure"
    VISIT_EXPORT = "visit.export"
    # Administration
    ADMIN_ENTER = "admin.enter"
    VISIT_INSPECT = "visit.inspect"
    WORDS_READ = "words.read"
    DELIVERY_PROCESS = "delivery.process"
    TEAM_CHANGE = "team.change"
    ROUTING_CHANGE = "routing.change"
    WIDGET_CHANGE = "widget.change"
    ASSISTANT_IMPORT = "assistant.import"
    CLOSER_CHANGE = "closer.change"
    SUPERVISOR_APPOINT = "supervisor.appoint"
    CLOSER_DELETE = "closer.delete"
    CALLBACK_CHANGE = "callback.change"
    CALLBACK_DELETE = "callback.delete"
    ACCOUNT_CHANGE = "account.change"
    ACCOUNT_DELETE = "account.delete"
    ACCOUNT_INVITE = "account.invite"
    RIGHTS_GIVE = "rights.give"
    HISTORY_CHANGE = "history.change"
    PROBE_RUN = "probe.run"
    SCHEMA_READ = "schema.read"
    # Accounts and machines
    ACCOUNT_SIGN_IN = "account.sign_in"
    ACCOUNT_SIGN_OUT = "account.sign_out"
    LINK_ASK = "link.ask"
    LINK_USE = "link.use"
    FILE_READ = "file.read"
    HEALTH_SEE = "health.see"
    DELIVERY_STORE = "delivery.store"
    VARIABLES_ASK = "variables.ask"
    TOOL_LIST = "tool.list"
    ANSWER_SAVE = "answer.save"
    TEAM_ASK_FREE = "team.ask_free"
    PROBE_TOOL = "probe.tool"


Scopes = Mapping[Role, Scope]

_EVERYBODY: Scopes = dict.fromkeys(
    (Role.ANONYMOUS, Role.PROSPECT, Role.CLOSER, Role.SUPERVISOR, Role.STAFF, Role.SUPERUSER), Scope.ALL
)
_OWN_VISIT: Scopes = {Role.PROSPECT: Scope.OWN}
_OWN_VISIT_OR_TOOL: Scopes = {Role.PROSPECT: Scope.OWN, Role.ASSISTANT: Scope.OWN}
_TOOL: Scopes = {Role.ASSISTANT: Scope.OWN}
_SELF: Scopes = {Role.CLOSER: Scope.OWN, Role.SUPERVISOR: Scope.OWN}
# Whoever is moved to another team leaves the rings and calls of the old one behind.
_OWN_CALL: Scopes = {Role.CLOSER: Scope.OWN_IN_TEAM, Role.SUPERVISOR: Scope.OWN_IN_TEAM}
_TEAM: Scopes = {Role.CLOSER: Scope.TEAM, Role.SUPERVISOR: Scope.TEAM}
_SUPERVISION: Scopes = {Role.SUPERVISOR: Scope.TEAM}
_CLERKS: Scopes = {Role.STAFF: Scope.PERMITTED, Role.SUPERUSER: Scope.ALL}
_STAFF: Scopes = {Role.STAFF: Scope.ALL, Role.SUPERUSER: Scope.ALL}
_SUPERUSERS: Scopes = {Role.SUPERUSER: Scope.ALL}
_TELNYX: Scopes = {Role.TELNYX: Scope.ALL}
_NOBODY: Scopes = {}

TABLE: Mapping[Action, Scopes] = {
    Action.WIDGET_SEE: _EVERYBODY,
    Action.LINE_ASK: _EVERYBODY,
    Action.VISIT_OPEN: _EVERYBODY,
    Action.VISIT_FOLLOW: _OWN_VISIT,
    Action.VISIT_TYPE: _OWN_VISIT,
    Action.VISIT_ASK_PERSON: _OWN_VISIT_OR_TOOL,
    Action.VISIT_REJOIN: _OWN_VISIT,
    Action.VISIT_RENEW: _OWN_VISIT,
    Action.VISIT_CLAIM: _OWN_VISIT,
    Action.VISIT_RELAY: _OWN_VISIT,
    Action.VISIT_REPORT: _OWN_VISIT,
    Action.VISIT_LEAVE: _OWN_VISIT,
    Action.CALLBACK_ASK: _OWN_VISIT_OR_TOOL,
    Action.CALLBACK_ANSWER: _OWN_VISIT,
    Action.BOARD_SEE: _TEAM,
    Action.VISIT_READ: {**_TEAM, **_SUPERUSERS},
    Action.VISIT_SEARCH: _TEAM,
    Action.PRESENCE_SAY: _SELF,
    Action.SOFTPHONE_LOG_IN: _SELF,
    Action.RING_ACCEPT: _OWN_CALL,
    Action.RING_DECLINE: _OWN_CALL,
    Action.CALL_TAKE: _TEAM,
    Action.CALL_TAKE_OVER: _OWN_CALL,
    Action.CALL_HAND_BACK: _OWN_CALL,
    Action.CALL_HANG_UP: _OWN_CALL,
    Action.CALL_NOTE: _OWN_CALL,
    Action.CALL_COMPLETE: _OWN_CALL,
    Action.CALL_MEASURE: _OWN_CALL,
    Action.CALL_ASSIGN: _SUPERVISION,
    Action.ASSISTANT_STEER: _TEAM,
    Action.ANSWER_EDIT: _TEAM,
    Action.ANSWER_USE: _TEAM,
    Action.ANSWER_DISMISS: _TEAM,
    Action.ANSWER_UNLOCK: _TEAM,
    Action.CALLBACK_SEE: {**_TEAM, **_CLERKS},
    Action.CALLBACK_CALL: _TEAM,
    Action.CALLBACK_KEEP: _TEAM,
    Action.TEAM_MEASURE: _SUPERVISION,
    Action.VISIT_EXPORT: {**_SUPERVISION, **_SUPERUSERS},
    Action.ADMIN_ENTER: _STAFF,
    Action.VISIT_INSPECT: _CLERKS,
    Action.WORDS_READ: _SUPERUSERS,
    Action.DELIVERY_PROCESS: _CLERKS,
    Action.TEAM_CHANGE: _CLERKS,
    Action.ROUTING_CHANGE: _CLERKS,
    Action.WIDGET_CHANGE: _CLERKS,
    Action.ASSISTANT_IMPORT: _CLERKS,
    Action.CLOSER_CHANGE: _CLERKS,
    Action.SUPERVISOR_APPOINT: _SUPERUSERS,
    Action.CLOSER_DELETE: _SUPERUSERS,
    Action.CALLBACK_CHANGE: _CLERKS,
    Action.CALLBACK_DELETE: _NOBODY,
    Action.ACCOUNT_CHANGE: _CLERKS,
    Action.ACCOUNT_DELETE: _CLERKS,
    Action.ACCOUNT_INVITE: _CLERKS,
    Action.RIGHTS_GIVE: _SUPERUSERS,
    Action.HISTORY_CHANGE: _NOBODY,
    Action.PROBE_RUN: _CLERKS,
    Action.SCHEMA_READ: _STAFF,
    Action.ACCOUNT_SIGN_IN: _EVERYBODY,
    Action.ACCOUNT_SIGN_OUT: _EVERYBODY,
    Action.LINK_ASK: _EVERYBODY,
    Action.LINK_USE: _EVERYBODY,
    Action.FILE_READ: _EVERYBODY,
    Action.HEALTH_SEE: _EVERYBODY,
    Action.DELIVERY_STORE: _TELNYX,
    Action.VARIABLES_ASK: _TELNYX,
    Action.TOOL_LIST: _TOOL,
    Action.ANSWER_SAVE: _TOOL,
    Action.TEAM_ASK_FREE: _TOOL,
    Action.PROBE_TOOL: _TOOL,
}


def may(
    roles: Iterable[Role], action: Action, *, is_own: bool = False, is_team: bool = False, is_permitted: bool = False
) -> bool:
    """Whether one of these roles reaches what is acted on: one's own, one's team's, or permitted by Django."""
    reached = {
        Scope.NEVER: False,
        Scope.OWN: is_own,
        Scope.OWN_IN_TEAM: is_own and is_team,
        Scope.TEAM: is_team,
        Scope.PERMITTED: is_permitted,
        Scope.ALL: True,
    }
    return any(reached[TABLE[action].get(role, Scope.NEVER)] for role in roles)


def asks(action: Action) -> Callable[[View], View]:
    """Say on a function that answers requests what it lets people do; a class says so by an attribute."""

    def mark(view: View) -> View:
        view.asks = action  # type: ignore[attr-defined]
        return view

    return mark
