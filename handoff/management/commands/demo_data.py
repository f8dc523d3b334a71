"""Make the team, the widgets and the people that the demo logs in as."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from handoff.models import Closer, RoutingPolicy
from sessions_app.models import Team, WidgetConfig
from sessions_app.models.people import ConnectionMode

# (mailbox, name, is supervisor, skills); no widget of the demo asks for a skill until somebody sets it.
DOMAIN = "agileadapt.example"
PEOPLE = [
    ("alice", "Alice Nguyen", False, ["solar", "vietnamese"]),
    ("bob", "Bob Marsh", False, ["solar", "batteries"]),
    ("carol", "Carol Iyer", True, ["tamil"]),
]
WIDGETS = [("demo", "Demo", ConnectionMode.CREDENTIAL), ("demo-anonymous", "Demo, anonymous", ConnectionMode.ANONYMOUS)]


class Command(BaseCommand):
    help = "Create the demo team, its widgets and logins; existing ones are left as they are."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        password = self._password()
        assistant_id = os.environ.get("DEMO_ASSISTANT_ID", "assistant-5f0d7b1c-6f0e-4d4a-9a53-0f2c9a3f3e10")
        team, _ = Team.objects.get_or_create(slug="sales", defaults={"name": "AgileAdapt"})
        RoutingPolicy.objects.get_or_create(team=team)
        for slug, name, mode in WIDGETS:
            defaults = {
                "team": team,
                "name": name,
                "connection_mode": mode,
                "assistant_id": assistant_id,
                "custom_headers": [{"name": "X-User-Tier", "value": "Enterprise"}],
            }
            WidgetConfig.objects.get_or_create(slug=slug, defaults=defaults)
        for mailbox, name, is_supervisor, skills in PEOPLE:
            defaults = {"team": team, "display_name": name, "is_supervisor": is_supervisor, "skills": skills}
            Closer.objects.get_or_create(user_id=self._user(mailbox, password, name=name), defaults=defaults)
        self._user("admin", password, name="Administrator", is_staff=True, is_superuser=True)
        logins = ", ".join(f"{mailbox}@{DOMAIN}" for mailbox, *_ in PEOPLE)
        self.stdout.write(f"logins: {logins} and admin@{DOMAIN}, password {password}")

    def _password(self) -> str:
        """A known password is harmless on this machine alone; anywhere else the operator chooses one."""
        is_local = urlsplit(settings.PUBLIC_URL).hostname in {"127.0.0.1", "localhost"}
        password = os.environ.get("DEMO_PASSWORD", "talk-to-alice" if is_local else "")
        if len(password) < 8:
            raise CommandError("Set DEMO_PASSWORD to at least 8 characters.")
        return password

    def _user(self, mailbox: str, password: str, *, name: str, **rights: bool) -> int:
        details = {"name": name, **rights}
        user, is_new = get_user_model().objects.get_or_create(email=f"{mailbox}@{DOMAIN}", defaults=details)
        if is_new:
            user.set_password(password)
            user.save(update_fields=["password"])
        return user.pk
