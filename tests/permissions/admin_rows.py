"""What there is in the administration, row by row, a row of every model, and the people who try."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.roles import Action, Role
from handoff.models import CallbackPromise, Closer, Command, Handoff, RoutingPolicy
from sessions_app.models import (
    AccountLook,
    LegRefusal,
    Team,
    TelephonyCredential,
    ToolCall,
    VoiceSession,
    WebhookDelivery,
    WidgetConfig,
)
from sessions_app.visits import visits

FOUR = ("view", "add", "change", "delete")


def _all(action: Action) -> dict[str, Action]:
    return dict.fromkeys(FOUR, action)


HISTORY = {**_all(Action.HISTORY_CHANGE), "view": Action.VISIT_INSPECT}

ROWS: Mapping[str, Mapping[str, Action]] = {
    "accounts.user": {
        **_all(Action.ACCOUNT_CHANGE),
        "delete": Action.ACCOUNT_DELETE,
        "invite": Action.ACCOUNT_INVITE,
    },
    "auth.group": _all(Action.RIGHTS_GIVE),
    "sessions_app.team": _all(Action.TEAM_CHANGE),
    "sessions_app.widgetconfig": {**_all(Action.WIDGET_CHANGE), "import": Action.ASSISTANT_IMPORT},
    "handoff.routingpolicy": _all(Action.ROUTING_CHANGE),
    "handoff.closer": {
        **_all(Action.CLOSER_CHANGE),
        "delete": Action.CLOSER_DELETE,
        "appoint": Action.SUPERVISOR_APPOINT,
    },
    "handoff.callbackpromise": {
        "view": Action.CALLBACK_SEE,
        "add": Action.HISTORY_CHANGE,
        "change": Action.CALLBACK_CHANGE,
        "delete": Action.CALLBACK_DELETE,
    },
    "sessions_app.voicesession": {**HISTORY, "export": Action.VISIT_EXPORT},
    "sessions_app.webhookdelivery": {**HISTORY, "process": Action.DELIVERY_PROCESS},
    "sessions_app.telephonycredential": HISTORY,
    "sessions_app.accountlook": HISTORY,
    "sessions_app.legrefusal": HISTORY,
    "sessions_app.toolcall": HISTORY,
    "handoff.handoff": HISTORY,
    "handoff.command": HISTORY,
}

# Whoever may delete rows may also delete several at once, which needs no row of its own.
ACTIONS = {
    ("accounts.user", "invite"): "invite",
    ("sessions_app.webhookdelivery", "process_again"): "process",
    ("sessions_app.voicesession", "export"): "export",
}

# What is asked, the end of the address, and whether it names a row.
ADDRESSES = {
    ("accounts.user", "auth_user_password_change"): ("change", "password", True),
    ("sessions_app.widgetconfig", "sessions_app_widgetconfig_import"): ("import", "import-assistants", False),
}

# Of the site itself: the address and the answer to staff without a right.
SITE = {
    "index": ("", 200),
    "login": ("login/", 302),
    "logout": ("logout/", 405),
    "password_change": ("password_change/", 200),
    "password_change_done": ("password_change/done/", 200),
    "autocomplete": ("autocomplete/?app_label=handoff&model_name=closer&field_name=user", 403),
    "jsi18n": ("jsi18n/", 200),
    "view_on_site": ("r/1/1/", 404),
    "app_list": ("handoff/", 404),
}

INLINES = {
    (of, inlined): HISTORY
    for of, inside in (
        ("handoff.handoff", ["handoff.offer", "handoff.attempt"]),
        (
            "sessions_app.voicesession",
            [
                *("sessions_app.callleg", "sessions_app.timelineentry", "handoff.handoff", "handoff.command"),
                "sessions_app.webhookdelivery",
            ],
        ),
    )
    for inlined in inside
}

CUSTOM_PERMISSIONS = {"probe.run_probe": Action.PROBE_RUN}

# Which of Django's permissions are asked where it is not the one of that name; of several one is enough, but for
# making an account, which Django lets only those do who may change it too.
_EITHER = {
    ("accounts.user", "invite"): {"accounts.add_user"},
    ("sessions_app.widgetconfig", "import"): {"sessions_app.add_widgetconfig", "sessions_app.change_widgetconfig"},
    ("sessions_app.webhookdelivery", "process"): {"sessions_app.change_webhookdelivery"},
}
_ALSO = {("accounts.user", "add"): "accounts.change_user"}


def permission(what: str, label: str) -> str:
    app, model = label.split(".")
    return f"{app}.{what}_{model}"


@dataclass(frozen=True)
class Person:
    """Somebody with an account: with every permission but those of some models, or with some of one model's only."""

    is_staff: bool = True
    is_superuser: bool = False
    is_active: bool = True
    has_all: bool = False
    only: tuple[str, ...] = ()
    of: str = ""
    also: str = ""

    @property
    def is_anyone(self) -> bool:
        return self.is_active and self.is_staff

    def account(self) -> User:
        rights = {"is_staff": self.is_staff, "is_superuser": self.is_superuser, "is_active": self.is_active}
        user, _ = User.objects.get_or_create(email="trier@agileadapt.example", defaults={"name": "Trier"})
        User.objects.filter(pk=user.pk).update(**rights)
        user = User.objects.get(pk=user.pk)
        every = Permission.objects.select_related("content_type")
        user.user_permissions.set([one for one in every if self._has(f"{one.content_type.app_label}.{one.codename}")])
        return user

    def _has(self, name: str) -> bool:
        own = {permission(what, self.of) for what in FOUR} if self.of else set()
        if self.has_all:
            return name not in own
        return name in {permission(what, self.of) for what in self.only} or (
            bool(self.also) and name == permission("view", self.also)
        )

    def _reaches(self, action: Action, *, is_permitted: bool) -> bool:
        role = Role.SUPERUSER if self.is_superuser else Role.STAFF
        return self.is_anyone and roles.may({role}, action, is_permitted=is_permitted)

    def may(self, label: str, what: str) -> bool:
        names = _EITHER.get((label, what), {permission(what, label)})
        if what == "view":
            names = {*names, permission("change", label)}
        is_permitted = any(map(self._has, names))
        if (label, what) in _ALSO:
            is_permitted = is_permitted and self._has(_ALSO[label, what])
        return self._reaches(ROWS[label][what], is_permitted=is_permitted)

    def may_see(self, inlined: str) -> bool:
        return self._reaches(Action.VISIT_INSPECT, is_permitted=self._has(permission("view", inlined)))


def people_for(label: str) -> list[Person]:
    return [
        Person(),
        *(Person(only=(what,), of=label) for what in FOUR),
        *(Person(only=("view", what), of=label) for what in FOUR[1:]),
        Person(has_all=True),
        Person(has_all=True, of=label),
        Person(is_superuser=True),
        Person(is_superuser=True, is_active=False),
        Person(is_staff=False, has_all=True),
    ]


# --- rows


def admin_row(label: str) -> Any:
    """A row of this model that nothing keeps from being changed and deleted."""
    return _MAKERS[label]()


def _session() -> VoiceSession:
    return visits.open_visit(WidgetConfig.objects.get(), recording=True, origin="", now=timezone.now())


def _closer() -> Closer:
    user = User.objects.create(email="spare@agileadapt.example", name="Spare")
    return Closer.objects.create(user=user, team=Team.objects.get(), display_name="Spare")


def _promise() -> CallbackPromise:
    now = timezone.now()
    return CallbackPromise.objects.create(
        session=_session(),
        team=Team.objects.get(),
        reason="no_answer",
        promised_at=now,
        due_at=now + timedelta(hours=1),
    )


def _handoff() -> Handoff:
    return Handoff.objects.create(
        session=_session(), trigger="test", state="completed", method="bridge", triggered_at=timezone.now()
    )


def _command() -> Command:
    now = timezone.now()
    return Command.objects.create(session=_session(), key="test", kind="speak", created_at=now, send_by=now)


def _delivery() -> WebhookDelivery:
    now = timezone.now()
    told = {
        "id": "1",
        "event_type": "call.answered",
        "occurred_at": now.isoformat(),
        "payload": {"call_control_id": "x"},
    }
    return WebhookDelivery.objects.create(
        event_id="1",
        event_type="call.answered",
        door="telnyx",
        occurred_at=now,
        received_at=now,
        content_type="application/json",
        body=json.dumps({"data": told}).encode(),
        status="dead",
    )


def _credential() -> TelephonyCredential:
    now = timezone.now()
    return TelephonyCredential.objects.create(name="AgileAdapt-1", created_at=now, expires_at=now, revoke_at=now)


def _look() -> AccountLook:
    now = timezone.now()
    return AccountLook.objects.create(name="balance", told={"amount": "1.00"}, told_at=now, asked_at=now)


def _refusal() -> LegRefusal:
    now = timezone.now()
    return LegRefusal.objects.create(team=Team.objects.get(), hour=now, code="own_cap", count=1, last_at=now)


def _tool_call() -> ToolCall:
    return ToolCall.objects.create(
        door="mcp", name="save", arguments={}, outcome="done", text="", called_at=timezone.now(), duration_ms=1
    )


_MAKERS: Mapping[str, Callable[[], Any]] = {
    "accounts.user": lambda: User.objects.create_user("spare@agileadapt.example", name="Spare"),
    "auth.group": lambda: Group.objects.create(name="Clerks"),
    "sessions_app.team": lambda: Team.objects.create(name="Spare", slug="spare"),
    "sessions_app.widgetconfig": WidgetConfig.objects.get,
    "handoff.routingpolicy": RoutingPolicy.objects.get,
    "handoff.closer": _closer,
    "handoff.callbackpromise": _promise,
    "sessions_app.voicesession": _session,
    "sessions_app.webhookdelivery": _delivery,
    "sessions_app.telephonycredential": _credential,
    "sessions_app.accountlook": _look,
    "sessions_app.legrefusal": _refusal,
    "sessions_app.toolcall": _tool_call,
    "handoff.handoff": _handoff,
    "handoff.command": _command,
}


def filled_in(browser: Client, address: str) -> dict[str, Any]:
    """What the page of a row sends if nothing in it was changed; where it has no form, what no form would take."""
    form = browser.get(address).context["adminform"].form
    given: dict[str, Any] = {"state": "x", "status": "processed"}
    for name, field in form.fields.items():
        value = form[name].value()
        if isinstance(field.widget, forms.MultiWidget):
            parts = field.widget.decompress(value) or []
            given |= {f"{name}_{number}": part for number, part in enumerate(parts) if part is not None}
        elif value not in (None, False, ""):
            is_lines = isinstance(value, list) and not isinstance(field, forms.ModelMultipleChoiceField)
            given[name] = "\n".join(value) if is_lines else value
    return given
