"""`manage.py replay FILE`: play a recorded session into the machine and compare the end."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flight_recorder.record import recorder
from flight_recorder.replay import player, script
from flight_recorder.replay.player import Manner, Report


class Command(BaseCommand):
    help = "Play a recorded session into the machine, without any network, and compare how it ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what export_session wrote")
        parser.add_argument("--shuffle", action="store_true", help="tell the facts in any order that causes allow")
        parser.add_argument("--duplicate", action="store_true", help="tell some facts twice")
        parser.add_argument("--drop", action="store_true", help="lose some webhooks; then the end may differ")
        parser.add_argument("--seed", type=int, default=0, help="decides every choice")
        parser.add_argument("--times", type=int, default=1, help="so many seeds, from --seed on")

    def handle(self, *args: Any, **options: Any) -> None:
        read = self._read(options["file"])
        choices = {name: options[name] for name in ("shuffle", "duplicate", "drop")}
        first = options["seed"]
        reports = [player.play(read, Manner(**choices, seed=seed)) for seed in range(first, first + options["times"])]
        for report in reports:
            self._tell(report)
        bad = [report.manner.seed for report in reports if not report.is_good]
        if bad:
            raise CommandError(f"not good with seed {', '.join(map(str, bad))}")

    def _read(self, path: Path) -> script.Script:
        try:
            recording = json.loads(path.read_text())
            return script.read(recording, format_name=recorder.FORMAT, version=recorder.VERSION)
        except (OSError, ValueError, script.NotReadable) as error:
            raise CommandError(f"{path}: {error}") from error

    def _tell(self, report: Report) -> None:
        found = "same end" if report.is_same else "a different end" if report.differences else "rules broken"
        self.stdout.write(f"seed {report.manner.seed}: {found} ({report.facts} facts, {report.commands} commands)")
        lines = {"differs": report.differences, "broken": report.violations, "note": report.notes}
        for what, told in lines.items():
            for line in told:
                self.stdout.write(f"  {what}: {line}")
