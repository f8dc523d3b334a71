"""`manage.py draw_machine [--check]`: write docs/hand-over.md from the machine's table."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from handoff import machine_doc

PAGE = settings.BASE_DIR / "docs" / "hand-over.md"


class Command(BaseCommand):
    help = "Write docs/hand-over.md from the machine's table."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        drawn = machine_doc.page()
        if not options["check"]:
            PAGE.write_text(drawn)
        elif not PAGE.exists() or PAGE.read_text() != drawn:
            raise CommandError(f"{PAGE.name} is stale; write it anew with: python manage.py draw_machine")
