"""`manage.py telnyx_provision`: set the account at Telnyx up for this installation."""

import re
from argparse import ArgumentParser
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app.account import standing
from sessions_app.models import WidgetConfig
from sessions_app.models.people import ConnectionMode
from sessions_app.provisioning import wanted
from sessions_app.provisioning.report import Report
from sessions_app.provisioning.setup import Ambiguous, Known, Provisioned, Setup
from sessions_app.provisioning.wanted import Desk, Site
from sessions_app.visits import carrier, visitor_values
from telephony.client import TelnyxError

MONEY = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?")
SECRET_NAME = re.compile(r"[A-Za-z0-9_-]{0,60}")


class Command(BaseCommand):
    help = (
        "Create or update what a Telnyx account needs: voice profile, credential connection, Call Control application, "
        "MCP server, insights and the assistants of the active widgets. What is right already stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print what differs and write nothing")
        parser.add_argument("--daily-spend-limit", default="50.00", help="USD; where no limit is set (default 50.00)")
        parser.add_argument(
            "--secret-name", default="", help="name of the MCP secret at Telnyx; a new one makes a new secret"
        )
        parser.add_argument(
            "--tools",
            choices=["webhook", "mcp", "both"],
            default="webhook",
            help="how assistants reach our tools (default webhook; an MCP server may delay the first word)",
        )
        parser.add_argument(
            "--transfer-tool", action="store_true", help="give assistants of anonymous widgets the transfer tool"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_dry = options["dry_run"]
        site = self._site(options)
        known = Known(
            connection_id=settings.TELNYX_CONNECTION_ID,
            application_id=settings.TELNYX_CALL_CONTROL_APP_ID,
            mcp_secret=settings.MCP_SECRETS[0] if settings.MCP_SECRETS else "",
            secret_name=options["secret_name"],
        )
        report = Report(self.stdout.write, is_dry=is_dry)
        if not settings.IS_HTTPS:
            report.say(f"PUBLIC_URL is {settings.PUBLIC_URL}: Telnyx delivers webhooks to https addresses only.")
        for line in standing.describe(carrier.client(), now=timezone.now()):
            report.say(line)
        widgets = list(WidgetConfig.objects.filter(is_active=True).order_by("assistant_id", "pk"))
        found = self._run(Setup(carrier.client(), report, is_dry=is_dry), report, site, known, desks_of(widgets))
        report.end()
        if not is_dry:
            self._move(found)
        self.stdout.write("For the environment:")
        self.stdout.write(f"TELNYX_CONNECTION_ID={found.connection_id}")
        self.stdout.write(f"TELNYX_CALL_CONTROL_APP_ID={found.application_id}")
        for assistant_id in found.assistants.values():
            self.stdout.write(f"assistant, named by widgets in the admin: {assistant_id}")

    def _site(self, options: dict[str, Any]) -> Site:
        if not settings.TELNYX_API_KEY:
            raise CommandError("TELNYX_API_KEY is empty; copy the key from Mission Control.")
        if not urlsplit(settings.PUBLIC_URL).hostname:
            raise CommandError("PUBLIC_URL is not an address that Telnyx could reach.")
        if not MONEY.fullmatch(options["daily_spend_limit"]):
            raise CommandError("--daily-spend-limit is an amount such as 50.00.")
        if not SECRET_NAME.fullmatch(options["secret_name"]):
            raise CommandError("--secret-name is made of letters, digits, underscores and hyphens.")
        return Site(
            public_url=settings.PUBLIC_URL,
            caller_number=settings.TELNYX_CALLER_NUMBER,
            targets_variable=settings.TELNYX_TARGETS_VARIABLE,
            daily_spend_limit=options["daily_spend_limit"],
            failover_url=settings.WEBHOOK_FAILOVER_URL,
            has_transfer_tool=options["transfer_tool"],
            has_webhook_tools=options["tools"] != "mcp",
            has_mcp=options["tools"] != "webhook",
        )

    def _run(self, setup: Setup, report: Report, site: Site, known: Known, desks: list[Desk]) -> Provisioned:
        try:
            return setup.run(site, known, desks)
        except (TelnyxError, Ambiguous) as error:
            for done in report.done:
                self.stdout.write(f"stands: {done}")
            raise CommandError(stopped(error)) from None

    def _move(self, found: Provisioned) -> None:
        """Let widgets name the assistants that were found by name or made."""
        for assistant_id, new_id in found.assistants.items():
            if assistant_id and assistant_id != new_id:
                widgets = WidgetConfig.objects.filter(assistant_id=assistant_id, is_active=True)
                self.stdout.write(f"{widgets.update(assistant_id=new_id)} widget(s) now name the assistant {new_id}.")


def desks_of(widgets: list[WidgetConfig]) -> list[Desk]:
    """One desk per assistant of the active widgets; without any widget one desk for those to come."""
    shared = [list(some) for _, some in groupby(widgets, key=lambda widget: widget.assistant_id)]
    return [desk_of(some) for some in shared] or [desk_of([WidgetConfig(slug="")])]


def desk_of(widgets: list[WidgetConfig]) -> Desk:
    """Whom any of the widgets lets in without a credential, the assistant has to let in."""
    first = widgets[0]
    questions: dict[str, Any] = {}
    for widget in reversed(widgets):
        questions |= widget.gather_schema["properties"]
    return Desk(
        name=f"{wanted.NAME} {first.slug}".strip(),
        assistant_id=first.assistant_id,
        is_public=any(widget.connection_mode == ConnectionMode.ANONYMOUS for widget in widgets),
        greeting=first.greeting,
        voice=first.voice,
        questions=questions,
        variables=list(dict.fromkeys(name for widget in widgets for name in visitor_values.allowed(widget))),
    )


def stopped(error: TelnyxError | Ambiguous) -> str:
    """Say why it stopped and how to go on. Neither error holds a key or anything that was sent."""
    again = "What stands is kept; run the command again to go on."
    if isinstance(error, TelnyxError) and error.outcome_unknown:
        again = f"It may have been carried out all the same: the next run finds it by its name. {again}"
    if isinstance(error, TelnyxError) and error.retry_after is not None:
        again = f"Wait {error.retry_after:g} seconds. {again}"
    return f"Stopped. {error}. {again}"
