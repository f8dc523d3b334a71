"""Webhooks at a steady pace and in a flood, on conversations that are open but silent."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import client
from bench.client import Answer
from bench.deliveries import PATH, Delivery, Sender, Talk
from bench.figures import Summary
from bench.listener import Listener
from bench.rows import Rows
from launcher import ports, processes
from launcher.checkout import VENV_PYTHON
from launcher.stack import Stack

BARE_PORT = 21780
A_SECOND = 50
# What the calls have behind them when the load begins.
TURNS = (10, 100, 500)
DASHBOARDS = 5
LAST_EVENT_SECONDS = 3.0
CONNECTIONS = 8
WARM_UP = 40
# Both doors get the same time at most, so that a slow machine does not make the run endless.
FLOOD_SECONDS = 12.0


@dataclass(frozen=True)
class Paced:
    """What a steady pace came to; latencies in milliseconds from the moment a webhook was sent."""

    a_second: float
    sent: int
    refused: int
    unprocessed: int
    unseen: int
    answered: Summary | None
    on_dashboard: Summary | None


@dataclass(frozen=True)
class Flood:
    """What a door takes when it is asked as fast as it answers."""

    sent: int
    refused: int
    a_second: float
    answered: Summary | None


def pace(
    stack: Stack, listeners: Sequence[Listener], rows: Rows, legs: Sequence[Mapping[str, Any]], *, for_seconds: float
) -> Paced:
    """Webhooks of calls as long as real ones; an event counts as seen when the last of the dashboards has it."""
    deliveries = written(stack, legs, count=len(legs) + round(for_seconds * A_SECOND), turns=TURNS)
    # What the calls have behind them was said before the clock starts.
    begun, deliveries = deliveries[: len(legs)], deliveries[len(legs) :]
    asyncio.run(client.paced(stack.addresses.web_port, PATH, begun, a_second=A_SECOND))
    time.sleep(LAST_EVENT_SECONDS)
    started = time.monotonic()
    answers = asyncio.run(client.paced(stack.addresses.web_port, PATH, deliveries, a_second=A_SECOND))
    took = time.monotonic() - started
    time.sleep(LAST_EVENT_SECONDS)
    positions = rows.positions([delivery.event_id for delivery in deliveries])
    sent = {answer.event_id: answer.sent_at for answer in answers}
    seen = {
        key: max(listener.arrived[at] for listener in listeners)
        for key, at in positions.items()
        if all(at in listener.arrived for listener in listeners)
    }
    return Paced(
        a_second=len(answers) / took,
        sent=len(answers),
        refused=refused(answers),
        unprocessed=rows.unsettled(list(sent)),
        unseen=len(positions) - len(seen),
        answered=answered(answers),
        on_dashboard=Summary.of([(at - sent[key]) * 1000 for key, at in seen.items()]),
    )


def flood(port: int, path: str, deliveries: Sequence[Delivery]) -> Flood:
    """Warm up first, then count."""
    rush = partial(client.hurried, port, path, connections=CONNECTIONS, seconds=FLOOD_SECONDS)
    asyncio.run(rush(deliveries[:WARM_UP]))
    started = time.monotonic()
    answers = asyncio.run(rush(deliveries[WARM_UP:]))
    took = time.monotonic() - started
    return Flood(len(answers), refused(answers), len(answers) / took, answered(answers))


def written(
    stack: Stack, legs: Sequence[Mapping[str, Any]], *, count: int, turns: Sequence[int] = (2,)
) -> list[Delivery]:
    """Of each call in turn what an exchange more makes of it; calls have so many `turns` behind them, in turn.

    Signed before the clock starts, so that signing does not slow the sending.
    """
    sender = Sender(stack.keys.signing_seed)
    talks = [Talk.with_turns(leg, turns[number % len(turns)]) for number, leg in enumerate(legs)]
    return [sender.partial_results(talks[number % len(talks)].go_on()) for number in range(count)]


def refused(answers: Sequence[Answer]) -> int:
    return sum(answer.status != 200 for answer in answers)


def answered(answers: Sequence[Answer]) -> Summary | None:
    return Summary.of([(answer.answered_at - answer.sent_at) * 1000 for answer in answers])


@contextmanager
def bare_door(stack: Stack) -> Iterator[int]:
    """The same database with the least that a durable answer needs, under daphne whatever serves the product."""
    with ports.reserved(BARE_PORT) as port:
        command = [str(VENV_PYTHON), "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "bench.bare:application"]
        log: Path = stack.logs / "bare.log"
        process = processes.start("bare", command, log=log, environment=stack.env)
        try:
            process.wait_until(lambda: not ports.is_free(port), seconds=30)
            yield port
        finally:
            process.stop()
