"""The order of the measurements, and everything that they found."""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from bench import conversation, crowd, load, machine, memory_use, recorder, scene, seat
from bench.conversation import Failed, Held
from bench.deliveries import PATH
from bench.figures import Summary
from bench.listener import Listener
from bench.load import Flood, Paced
from bench.machine import Machine
from bench.memory_use import Part
from bench.rows import Rows
from bench.scene import Scene
from launcher.stack import Stack

SETTLE_SECONDS = 1.0
IDLE_SECONDS = 5.0
QUIET_CORES = 0.3
CROWD = 10
LINE = {
    "click_to_ai_in_page": "AI audible",
    "ai_ended_to_command": "ended → command",
    "accept_to_prospect_hears": "accept → heard",
    "warm_ended_to_bridge": "warm: ended → bridge",
    "warm_dead_air": "dead air",
}


@dataclass(frozen=True)
class Plan:
    """How much is measured (so many conversations each way), and when it has to stop, by the monotonic clock."""

    conversations: int
    paced_seconds: float
    flood: int
    wait_for_quiet_seconds: float
    deadline: float


@dataclass
class Findings:
    machine: Machine
    server: str
    busy_before: float
    neighbours: dict[str, float] = field(default_factory=dict)
    timings: dict[str, list[float]] = field(default_factory=dict)
    planned: int = 0
    held: int = 0
    failed: list[Failed] = field(default_factory=list)
    to_socket: Summary | None = None
    to_page: Summary | None = None
    unseen_by_socket: int = 0
    idle: list[Part] = field(default_factory=list)
    crowded: list[Part] = field(default_factory=list)
    crowd: int = 0
    paced: Paced | None = None
    door: Flood | None = None
    bare: Flood | None = None


def run(plan: Plan) -> Findings:
    busy = machine.wait_until_quiet(busy=QUIET_CORES, seconds=plan.wait_for_quiet_seconds)
    with scene.running_stack() as stack:
        found = Findings(machine.describe(), stack.env["ASGI_SERVER"], busy, planned=2 * plan.conversations)
        time.sleep(IDLE_SECONDS)
        found.idle = memory_use.measure(stack, memory_use.own())
        with scene.peopled(stack) as people:
            neighbours = machine.Neighbours()
            converse(people, plan, found)
            found.neighbours["conversations"] = neighbours.cores()
            cookies = scene.cookies(people.closer.page.context)
            say(f"{CROWD} conversations at once")
            with crowd.talking(people, CROWD) as many:
                time.sleep(IDLE_SECONDS)
                found.crowd, found.crowded = len(many.legs), memory_use.measure(stack, memory_use.own())
        found.failed += many.failed
        time.sleep(SETTLE_SECONDS)
        if many.legs:
            neighbours = machine.Neighbours()
            burden(stack, cookies, many.legs, plan, found)
            found.neighbours["load"] = neighbours.cores()
    return found


def converse(people: Scene, plan: Plan, found: Findings) -> None:
    """One conversation after the other, so that browsers do not compete for the processor."""
    events: list[Held] = []
    shown: dict[recorder.Position, float] = {}
    # In turn, so that whatever happens to the machine meanwhile happens to both kinds.
    courses = [course for _ in range(plan.conversations) for course in (conversation.cold, seat.warm)]
    for number, course in enumerate(courses, start=1):
        if time.monotonic() > plan.deadline:
            found.failed.append(Failed("not begun", "the time of the whole run was over"))
            continue
        outcome = conversation.hold(people, course)
        shown |= recorder.shown(people.closer.page)
        recorder.forget(people.closer.page)
        if isinstance(outcome, Failed):
            say(f"conversation {number}: FAILED at {outcome.stage}: {outcome.reason}")
            found.failed.append(outcome)
            recover(people)
            continue
        say(f"conversation {number}: {line(outcome)}")
        events.append(outcome)
        note(found, outcome)
        time.sleep(SETTLE_SECONDS)
    compare(people, events, shown, found)


def note(found: Findings, held: Held) -> None:
    found.held += 1
    for name, value in held.timings.items():
        if value is not None:
            found.timings.setdefault(name, []).append(value)


def line(held: Held) -> str:
    values = {words: held.timings[name] for name, words in LINE.items() if name in held.timings}
    return ", ".join(f"{words} {'?' if value is None else round(value)} ms" for words, value in values.items())


def recover(people: Scene) -> None:
    """End what a failed conversation left behind; the closer's page starts afresh."""
    for leg in people.control.legs():
        if leg["state"] != "ended":
            people.control.hangup(leg["call_control_id"])
    time.sleep(SETTLE_SECONDS)
    people.rows.close_everything()
    people.closer.page.reload()
    people.closer.wait_for_body(connection="live")
    if people.closer.page.get_by_role("button", name="Take calls").is_visible():
        people.closer.take_calls()
    people.closer.wait_for_body(softphone="ready")


def compare(people: Scene, held: Iterable[Held], shown: dict[recorder.Position, float], found: Findings) -> None:
    """When each webhook of the conversations was sent, and when it was at the socket and in the picture."""
    sent = {one["event_id"]: conversation.parsed(one["at"]) or 0.0 for each in held for one in each.deliveries}
    positions = people.rows.positions(list(sent))
    arrived = people.listener.arrived
    to_socket = [(arrived[at] - sent[key]) * 1000 for key, at in positions.items() if at in arrived]
    found.to_socket, found.unseen_by_socket = Summary.of(to_socket), len(positions) - len(to_socket)
    found.to_page = Summary.of([(shown[at] - sent[key]) * 1000 for key, at in positions.items() if at in shown])


def burden(stack: Stack, cookies: dict[str, str], legs: list[dict[str, Any]], plan: Plan, found: Findings) -> None:
    """Without browsers and media: the application, its servers and the sender have the machine."""
    rows = Rows(stack.env["DATABASE_URL"])
    say(f"{load.A_SECOND} webhooks a second for {plan.paced_seconds:g} s")
    with ExitStack() as exits:
        listeners = [exits.enter_context(Listener(stack.base_url, cookies)) for _ in range(load.DASHBOARDS)]
        found.paced = load.pace(stack, listeners, rows, legs, for_seconds=plan.paced_seconds)
    rows.close()
    say("as many webhooks as the door takes, and the bare handler for comparison")
    found.door = load.flood(stack.addresses.web_port, PATH, load.written(stack, legs, count=plan.flood))
    with load.bare_door(stack) as port:
        found.bare = load.flood(port, "/", load.written(stack, legs, count=plan.flood))


def say(what: str) -> None:
    print(f"  … {what}", flush=True)
