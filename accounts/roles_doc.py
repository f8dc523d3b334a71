"""Draws the table of roles as a page for people. Pure."""

from collections.abc import Mapping

from accounts.roles import TABLE, Action, Role, Scope

HEAD = """# Who may do what

<!-- Written by `python manage.py draw_permissions` from accounts/roles.py; a test compares the two. -->

One table, which pages, actions, sockets, the assistant's tools and the administration ask. What has no row is refused,
and an address, a message of a socket or an action of the administration that names no row fails the tests.

Somebody can have several roles: a closer may be staff, and everybody may do what a stranger may. The widest cell holds.

* **–** never
* **own** the own visit, ring, call or account
* **own ∩ team** the own one as long as it is of the own team: whoever is moved leaves rings and calls behind
* **team** everything of the own team
* **p** with Django's permission for it; no permission reaches beyond this table
* **all** everything

What belongs to another team, or is not one's own, looks as if it did not exist: 404. Whoever is not signed in is sent
to the log-in, whoever takes no calls gets 403, a page whose token is not known gets 401, a delivery whose signature
does not fit gets 401, or 503 while our keys are in doubt.

Whoever has a shell on the server and its environment is outside of this table: `dumpdata`, `shell`, `export_session`
and the rest of the management commands read and write everything.
"""

WORDS: Mapping[str, Mapping[Action, str]] = {
    "A visit": {
        Action.WIDGET_SEE: "see a widget's page, while the widget is active",
        Action.LINE_ASK: "ask whether a line is free",
        Action.VISIT_OPEN: "open a visit: from an allowed website, after consent, within the limits",
        Action.VISIT_FOLLOW: "follow the visit live, and answer that the page is there",
        Action.VISIT_TYPE: "type to the assistant",
        Action.VISIT_ASK_PERSON: "ask for a person",
        Action.VISIT_REJOIN: "come back for a closer",
        Action.VISIT_RENEW: "renew the login of the page's phone",
        Action.VISIT_CLAIM: "say which call is the page's own",
        Action.VISIT_RELAY: "pass on what an anonymous call hears",
        Action.VISIT_REPORT: "report what the page measured",
        Action.VISIT_LEAVE: "leave",
        Action.CALLBACK_ASK: "ask for a callback, after the end of the visit too",
        Action.CALLBACK_ANSWER: "answer a page that rings, by the token that its own state names",
    },
    "The desk": {
        Action.BOARD_SEE: "see the board, the roster and what happens live",
        Action.VISIT_READ: "read what was said and answered",
        Action.VISIT_SEARCH: "search what was said and answered",
        Action.PRESENCE_SAY: "be available or away, and say what the page proves",
        Action.SOFTPHONE_LOG_IN: "log the softphone in",
        Action.RING_ACCEPT: "accept a ring",
        Action.RING_DECLINE: "decline a ring",
        Action.CALL_TAKE: "take a call from the assistant, or one that waits",
        Action.CALL_TAKE_OVER: "end the wait beside the assistant",
        Action.CALL_HAND_BACK: "give the call back to the assistant",
        Action.CALL_HANG_UP: "hang up",
        Action.CALL_NOTE: "write notes",
        Action.CALL_COMPLETE: "close the call with its outcome",
        Action.CALL_MEASURE: "report what the softphone measured",
        Action.CALL_ASSIGN: "assign a call",
        Action.ASSISTANT_STEER: "tell the assistant what to do",
        Action.ANSWER_EDIT: "change an answer",
        Action.ANSWER_USE: "use what was heard as the answer",
        Action.ANSWER_DISMISS: "dismiss what was heard",
        Action.ANSWER_UNLOCK: "let the assistant change an answer again",
        Action.CALLBACK_SEE: "see callbacks and free times, with names and numbers",
        Action.CALLBACK_CALL: "call back",
        Action.CALLBACK_KEEP: "tick a callback off",
        Action.TEAM_MEASURE: "see the wallboard",
        Action.VISIT_EXPORT: "take a visit away as a file (its recording)",
    },
    "The administration": {
        Action.ADMIN_ENTER: "enter, and change the own password",
        Action.VISIT_INSPECT: "see a visit without words: legs, times, kinds, commands, refusals",
        Action.WORDS_READ: "read deliveries, arguments, typed words, notes and instructions",
        Action.DELIVERY_PROCESS: "process a delivery again",
        Action.TEAM_CHANGE: "change teams",
        Action.ROUTING_CHANGE: "change routing",
        Action.WIDGET_CHANGE: "change widgets",
        Action.ASSISTANT_IMPORT: "import assistants from Telnyx",
        Action.CLOSER_CHANGE: "appoint and move closers, but not oneself",
        Action.SUPERVISOR_APPOINT: "make supervisors",
        Action.CLOSER_DELETE: "delete a closer who was never rung and had no call",
        Action.CALLBACK_CHANGE: "move a callback, change its owner or number",
        Action.CALLBACK_DELETE: "delete a callback",
        Action.ACCOUNT_CHANGE: "change accounts: of those with rights of their own, superusers alone",
        Action.ACCOUNT_DELETE: "delete accounts: of those with rights of their own, superusers alone",
        Action.ACCOUNT_INVITE: "invite",
        Action.RIGHTS_GIVE: "give rights, and change groups",
        Action.HISTORY_CHANGE: "change or delete what happened",
        Action.PROBE_RUN: "run the probe of a live account",
        Action.SCHEMA_READ: "read the description of the API",
    },
    "Accounts and machines": {
        Action.ACCOUNT_SIGN_IN: "sign in, within the limits",
        Action.ACCOUNT_SIGN_OUT: "sign out",
        Action.LINK_ASK: "ask for a link to a new password, within the limits",
        Action.LINK_USE: "use an invitation, or a link to a new password",
        Action.FILE_READ: "read scripts, styles and pictures",
        Action.HEALTH_SEE: "see whether the installation is alive and what troubles it, with figures",
        Action.DELIVERY_STORE: "deliver an event",
        Action.VARIABLES_ASK: "ask what is known of a caller",
        Action.TOOL_LIST: "list the tools",
        Action.ANSWER_SAVE: "save answers; not by a gather's ticket",
        Action.TEAM_ASK_FREE: "ask who is free",
        Action.PROBE_TOOL: "use the probe's tool, by its ticket",
    },
}


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *(_section(title, words) for title, words in WORDS.items())])


def _section(title: str, words: Mapping[Action, str]) -> str:
    head = [f"## {title}", "", f"| action | name | {' | '.join(Role)} |", "|---|---|" + "---|" * len(Role)]
    scopes = {action: [TABLE[action].get(role, Scope.NEVER) for role in Role] for action in words}
    rows = [f"| {said} | `{action}` | {' | '.join(scopes[action])} |" for action, said in words.items()]
    return "\n".join([*head, *rows, ""])
