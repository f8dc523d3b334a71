"""Try on the account what Telnyx's documents leave open, with a page that places and answers the calls."""

import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from probe import evidence, report, running, tab, tickets
from probe.evidence import Evidence
from probe.points.catalogue import BY_NAME, POINTS
from probe.points.outcomes import Point
from probe.scene import Scene, Site
from probe.tab import Tab
from sessions_app.models import WidgetConfig
from sessions_app.models.people import ConnectionMode
from strict_json import Unreadable
from telephony.attempts import Attempts

PAGE_SECONDS = 300


class Command(BaseCommand):
    help = (
        "Tries the ten points of a first live call, and what else is not known, against the configured account. A page"
        " of this server places and answers the calls; nothing is tried before you agree to what it costs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(point.name for point in POINTS)
        parser.add_argument("--only", default="", help=f"points to try, separated by commas: {names}")
        parser.add_argument("--evidence", default="", help="judge this file again instead of trying anything")
        parser.add_argument("--out", default=".", help="folder for the report and the evidence (this one)")
        parser.add_argument("--widget", default="", help="slug of the widget whose assistant and voice are used")
        parser.add_argument("--patience", type=float, default=15.0, help="seconds that something is waited for (15)")
        parser.add_argument("--yes", action="store_true", help="agree to everything beforehand")

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"])
        if not out.is_dir():
            raise CommandError(f"{out} is not a folder.")
        if options["evidence"]:
            self._write(_read(Path(options["evidence"])), out, name=Path(options["evidence"]).name, is_new=False)
            return
        points = chosen(options["only"])
        if not options["yes"] and not sys.stdin.isatty():
            raise CommandError("Nobody is there to agree: run it in a terminal, or with --yes.")
        if not 1 <= options["patience"] <= 120:
            raise CommandError("--patience is a number of seconds from 1 to 120.")
        site = Site(settings.PUBLIC_URL, widget_of(options["widget"]), options["patience"])
        signal.signal(signal.SIGTERM, interrupted)
        found = self._try(site, points, agrees=options["yes"])
        self._write(found, out, name=f"telnyx-probe-{found.about['began_at'].replace(':', '')}.json", is_new=True)

    def _try(self, site: Site, points: list[Point], *, agrees: bool) -> Evidence:
        probe = tab.begin(now=timezone.now())
        telnyx = Attempts(api_key=settings.TELNYX_API_KEY, base_url=settings.TELNYX_API_BASE)
        tool_url = f"{site.public_url}/webhooks/telnyx/probe/{tickets.issue(probe.pk)}"
        scene = Scene(Tab(probe), telnyx, site, tool_url=tool_url, settling=min(2.0, site.patience / 4))
        try:
            self.stdout.write(
                "Open this page in a browser, logged in as somebody who may run a probe, and press Begin:"
            )
            self.stdout.write(f"  {site.public_url}/probe/{probe.pk}/")
            self.stdout.flush()
            self._wait_for_page(scene)
            return running.run(scene, points, agree=lambda point: self._agree(point, agrees=agrees), say=self._say)
        finally:
            running.clear(scene)
            tab.end(probe, now=timezone.now())

    def _wait_for_page(self, scene: Scene) -> None:
        ends = time.monotonic() + PAGE_SECONDS
        while not scene.tab.is_open:
            if time.monotonic() > ends:
                raise CommandError("The page was not opened.")
            list(scene.tab.news())
            time.sleep(0.5)

    def _agree(self, point: Point, *, agrees: bool) -> bool:
        self._say(f"{point.number or '+'} {point.title}. It takes {point.costs}.")
        if agrees:
            return True
        return input("  Try it? [y/N] ").strip().lower() in {"y", "yes"}

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()

    def _write(self, found: Evidence, out: Path, *, name: str, is_new: bool) -> None:
        path = out / f"{Path(name).stem}.md"
        path.write_text(report.written(found, evidence_name=name))
        if is_new:
            (out / name).write_text(evidence.write(found))
        self._say(f"Report: {path}")


def chosen(only: str) -> list[Point]:
    """The points of a list of names; all of them without one."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise CommandError(f"No point is named {', '.join(unknown)}. Points: {', '.join(BY_NAME)}.")
    return [point for point in POINTS if not names or point.name in names]


def widget_of(slug: str) -> WidgetConfig:
    """The widget of that slug, or the first one whose calls are ours."""
    widgets = WidgetConfig.objects.filter(is_active=True, connection_mode=ConnectionMode.CREDENTIAL).order_by("pk")
    found = widgets.filter(slug=slug).first() if slug else widgets.first()
    if found is None:
        raise CommandError("There is no active widget with calls of our own" + (f" named {slug}." if slug else "."))
    return found


def _read(path: Path) -> Evidence:
    try:
        return evidence.read(path.read_text())
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        raise CommandError(f"{path} is not evidence: {error}.") from error


def interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt
