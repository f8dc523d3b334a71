"""One probe from its first question to its last cleared leg; what was seen by then is kept, however it ends."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from django.utils import timezone

from probe.evidence import SKIPPED, Evidence, Step
from probe.points.outcomes import Point
from probe.scene import Scene
from probe.steps import calls, others, speech
from probe.tab import TabGone
from sessions_app.inbox import intake
from sessions_app.models import TelephonyCredential
from sessions_app.visits import carrier, credentials
from telephony.client import TelnyxError

logger = logging.getLogger(__name__)

TRIES: dict[str, Callable[[Scene], None]] = calls.TRIES | speech.TRIES | others.TRIES
# The client that pages are built with; package.json names it exactly.
BROWSER_SDK = "2.27.10"

Say = Callable[[str], None]
Agree = Callable[[Point], bool]


def run(scene: Scene, points: Iterable[Point], *, agree: Agree, say: Say) -> Evidence:
    """Try the points that are agreed to. An interrupt ends the probe, not its report."""
    began = timezone.now()
    try:
        for point in points:
            if not agree(point):
                scene.done.append(Step(point.name, "all", SKIPPED))
                continue
            scene.show(f"{point.title} …")
            before = len(scene.done)
            TRIES[point.name](scene)
            say("  " + (", ".join(f"{step.name}: {step.ended}" for step in scene.done[before:]) or "not possible here"))
    except TabGone:
        say("The page has gone, so the probe ends here.")
    except KeyboardInterrupt:
        say("Interrupted: clearing up.")
    about = {
        "began_at": _stamp(began),
        "ended_at": _stamp(timezone.now()),
        "python_sdk": version("telnyx"),
        "browser_sdk": BROWSER_SDK,
        "account": _account(),
    }
    return Evidence(about=about, steps=tuple(scene.done))


def _account() -> dict[str, Any]:
    """What Telnyx's addresses tell of the account without naming it; none of them tells its level."""
    client, now = carrier.client(), timezone.now()
    try:
        balance, connections = client.balance(), client.connections()
        dials = client.dials(since=now - timedelta(days=1), until=now)
    except TelnyxError as error:
        logger.warning("probe: the account's standing cannot be read: status %s", error.status)
        return {}
    return {
        "balance": "positive" if balance.available > 0 else "negative",
        "connections": connections.count,
        "connection_limit": connections.limit,
        "turned_away": dials.by_hour + dials.by_day + dials.by_second,
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clear(scene: Scene) -> None:
    """Leave nothing behind: legs, credentials, and deliveries that wait for a visit which never was."""
    for leg in scene.watch.legs:
        if not leg.is_over:
            scene.telnyx.command("hangup", leg.call_control_id)
    ends = time.monotonic() + scene.settling
    while time.monotonic() < ends:  # What Telnyx says of these ends is of no use to anybody else.
        list(scene.watch.fresh())
        time.sleep(0.1)
    now = timezone.now()
    mine = TelephonyCredential.objects.filter(name__startswith=credentials.PROBE_NAME, revoked_at=None)
    mine.update(revoke_at=now)
    try:
        credentials.revoke_due_credentials(now=now, limit=40)
    except TelnyxError as error:  # The sweep tries again.
        logger.warning("probe: credentials not revoked: status %s", error.status)
    intake.set_aside(scene.watch.taken)
