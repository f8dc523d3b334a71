"""`python -m bench.intake`: what the door for webhooks takes, and what working through them costs.

Without browsers: calls that only rows know, so that the application and its database have the machine. Everything in
one run, for only ratios of one run say something about the product.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench import load, machine, report, scene
from bench.deliveries import PATH, Delivery
from bench.listener import Listener
from bench.load import Flood, Paced
from bench.rows import Rows
from launcher import memory
from launcher.checkout import ROOT, VENV_PYTHON
from launcher.stack import Stack
from tests.browser.people import PASSWORD

CALLS = 10
DRAINED_WITHIN_SECONDS = 300.0
# Rows as a call that is under way has them. Nobody is at its end, and nothing of it is said by itself.
OPEN_CALLS = """
import json, uuid
from django.conf import settings
from django.utils import timezone
from sessions_app.answers import versions
from sessions_app.models import CallLeg, Run, VoiceSession, WidgetConfig
now, widget, ids = timezone.now(), WidgetConfig.objects.get(slug="demo"), []
for number in range({calls}):
    leg_ids = {{"call_control_id": f"v3:{{uuid.uuid4().hex}}", "call_leg_id": str(uuid.uuid4()),
               "call_session_id": str(uuid.uuid4()), "connection_id": settings.TELNYX_CONNECTION_ID}}
    session = VoiceSession.objects.create(
        widget=widget, team=widget.team, connection_mode=widget.connection_mode, created_at=now, answered_at=now,
        gather_version=versions.current(widget, now=now), call_control_id=leg_ids["call_control_id"], run_number=1,
        is_let_in=True, assistant_started_at=now, page_seen_at=now)
    leg = CallLeg.objects.create(session=session, role="prospect", answered_at=now, initiated_at=now, **leg_ids)
    run = Run.objects.create(session=session, number=1, requested_at=now, started_at=now)
    VoiceSession.objects.filter(pk=session.pk).update(current_leg=leg, current_run=run)
    ids.append(leg_ids)
print(json.dumps(ids))
"""


@dataclass
class Cpu:
    """Milliseconds of processor that the web process, the database and the workers took, by name."""

    stack: Stack
    before: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        self.before = self._now()

    def taken(self) -> dict[str, float]:
        return {name: value - self.before[name] for name, value in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: of_tree(process.pid) for name, process in self.stack.running.items()}


def of_tree(pid: int) -> float:
    """Of a process, its descendants and those that have ended; in milliseconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for member in memory.tree(pid):
        stat = memory.read(Path(f"/proc/{member}/stat")).rpartition(")")[2].split()
        # utime, stime and, of children that ended, cutime and cstime: fields 14 to 17 of proc(5).
        total += sum(int(value) for value in stat[11:15]) if stat else 0
    return total * 1000 / ticks


def open_calls(stack: Stack) -> list[dict[str, Any]]:
    command = [str(VENV_PYTHON), "manage.py", "shell", "-v", "0", "-c", OPEN_CALLS.format(calls=CALLS)]
    told = subprocess.run(command, env=stack.env, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(told.stdout.splitlines()[-1])
    return found


def drain(rows: Rows, deliveries: Sequence[Delivery]) -> float:
    """Seconds until all of them are worked through."""
    started, ids = time.monotonic(), [delivery.event_id for delivery in deliveries]
    while (left := rows.unsettled(ids)) and time.monotonic() - started < DRAINED_WITHIN_SECONDS:
        time.sleep(0.1)
    if left:
        raise TimeoutError(f"{left} of {len(ids)} were not worked through")
    return time.monotonic() - started


@contextmanager
def measured(stack: Stack) -> Iterator[Cpu]:
    cpu = Cpu(stack)
    cpu.begin()
    yield cpu


def told(name: str, flood: Flood, cpu: Mapping[str, float], *, web: str) -> str:
    answered = flood.answered
    latency = f"p50 {answered.p50:.1f} p95 {answered.p95:.1f} p99 {answered.p99:.1f} ms" if answered else "none"
    each = ", ".join(f"{one} {cpu[one] / max(flood.sent, 1):.2f}" for one in (web, "postgres") if one in cpu)
    return f"{name:34} {flood.a_second:7.0f}/s  {latency}  CPU ms each: {each}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.intake", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="webhooks in the flood")
    parser.add_argument("--seconds", type=float, default=20, help="of an even pace before it")
    options = parser.parse_args()
    with scene.running_stack() as stack:
        print(f"{machine.describe()}; server: {stack.env['ASGI_SERVER']}")
        rows, legs = Rows(stack.env["DATABASE_URL"]), open_calls(stack)
        with ExitStack() as exits:
            cookies = signed_in(stack)
            listeners = [exits.enter_context(Listener(stack.base_url, cookies)) for _ in range(load.DASHBOARDS)]
            with measured(stack) as cpu:
                pace = load.pace(stack, listeners, rows, legs, for_seconds=options.seconds)
                print(paced(pace, cpu.taken()))
        legs = open_calls(stack)
        flood(stack, rows, load.written(stack, legs, count=options.count + load.WARM_UP))
        with load.bare_door(stack) as port, measured(stack) as cpu:
            bare = load.flood(port, "/", load.written(stack, legs, count=options.count))
            print(told("bare handler", bare, cpu.taken(), web="bare"))
        rows.close()


def signed_in(stack: Stack) -> dict[str, str]:
    """The cookies of a closer of the demo."""
    with httpx.Client(base_url=stack.base_url, headers={"Referer": stack.base_url}) as browser:
        browser.get("/accounts/login/")
        known = {"username": "alice@agileadapt.example", "password": PASSWORD}
        browser.post("/accounts/login/", data=known | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]})
        return dict(browser.cookies)


def paced(pace: Paced, cpu: Mapping[str, float]) -> str:
    each = ", ".join(f"{name} {value / pace.sent:.2f}" for name, value in cpu.items() if value / pace.sent >= 0.05)
    return "\n".join(
        [
            f"{pace.sent} webhooks at {pace.a_second:.1f} a second; turns {load.TURNS}; dashboards {load.DASHBOARDS}:",
            f"{pace.refused} refused, {pace.unprocessed} not processed, {pace.unseen} not seen by all dashboards",
            report.HEAD,
            report.row("webhook sent → answered", pace.answered),
            report.row("webhook sent → at every dashboard", pace.on_dashboard),
            f"CPU ms each, all told: {each}",
        ]
    )


def flood(stack: Stack, rows: Rows, deliveries: Sequence[Delivery]) -> None:
    with measured(stack) as cpu:
        taken = load.flood(stack.addresses.web_port, PATH, deliveries)
        print(told("door, flooded", taken, cpu.taken(), web="web"))
        took = drain(rows, deliveries[: taken.sent + load.WARM_UP])
        everything = cpu.taken()
    each = {name: value / (taken.sent + load.WARM_UP) for name, value in everything.items()}
    costs = ", ".join(f"{name} {value:.2f}" for name, value in each.items() if value >= 0.05)
    print(f"  worked through {took:.1f} s after the last answer; CPU ms each, all told: {costs}")


if __name__ == "__main__":
    main()
