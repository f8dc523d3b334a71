"""`manage.py export_session ID`: one session as one file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from flight_recorder.record import recorder
from sessions_app.models import VoiceSession


class Command(BaseCommand):
    help = "Write all that came in, was asked and became of one session; secrets are left out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", type=UUID, help="id of the session")
        parser.add_argument("--output", type=Path, help="file to write; otherwise it is printed")
        parser.add_argument("--redact", action="store_true", help="mask what was said, names and numbers")

    def handle(self, *args: Any, **options: Any) -> None:
        sessions = VoiceSession.objects.select_related("widget", "team", "prospect")
        session = sessions.filter(pk=options["session"]).first()
        if session is None:
            raise CommandError(f"There is no session {options['session']}.")
        recording = recorder.record(session, now=timezone.now(), is_masking=options["redact"])
        text = json.dumps(recording, indent=1, ensure_ascii=False) + "\n"
        if options["output"]:
            options["output"].write_text(text)
        else:
            self.stdout.write(text, ending="")
