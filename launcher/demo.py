"""Run everything on this machine until Ctrl-C: `make demo`.

`python -m launcher.demo NAME` keeps its state in another folder, so that several can run side by side.
"""

import signal
import sys
import time
from collections import deque
from pathlib import Path
from types import FrameType

from launcher import places, ports, processes
from launcher.processes import Process
from launcher.stack import RENEWABLE, Stack

WATCH_SECONDS = 0.5
# As many deaths as this in a minute are no accident.
MOST_DEATHS = 8
DEATHS_WITHIN_SECONDS = 60
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked the demo to stop."""


def main(name: str = "demo") -> int:
    started = time.monotonic()
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    try:
        with Stack(name, durable=True) as stack:
            print(welcome(stack, time.monotonic() - started), flush=True)
            return watch(stack)
    except Stopped:
        print("Stopped.")
        return 0
    except (processes.ProcessError, places.PlaceError, ports.PortError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


def stop(_number: int, _frame: FrameType | None) -> None:
    # Whoever presses Ctrl-C twice must not interrupt the orderly stop.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def watch(stack: Stack) -> int:
    """Start again what dies, as a server's supervisor would, until that is hopeless. Raises Stopped when asked to."""
    deaths: deque[float] = deque(maxlen=MOST_DEATHS)
    while not (lost := beyond_help(stack.dead(), deaths)):
        for process in stack.revive():
            deaths.append(time.monotonic())
            print(f"demo: {process.name} stopped with code {process.popen.returncode}; started again", file=sys.stderr)
        time.sleep(WATCH_SECONDS)
    for process in lost:
        print(f"demo: {process.name} stopped with code {process.popen.returncode}:\n{process.tail()}", file=sys.stderr)
    return 1


def beyond_help(dead: list[Process], deaths: deque[float]) -> list[Process]:
    is_hopeless = len(deaths) == MOST_DEATHS and time.monotonic() - deaths[0] < DEATHS_WITHIN_SECONDS
    return [process for process in dead if is_hopeless or process.name not in RENEWABLE]


def welcome(stack: Stack, seconds: float) -> str:
    return "\n".join(
        [
            "",
            f"AgileAdapt runs ({seconds:.1f} s, {stack.env['ASGI_SERVER']}).",
            "",
            f"  Prospect   {stack.base_url}/w/demo/",
            f"  Dashboard  {stack.base_url}/dashboard/",
            f"  Admin      {stack.base_url}/admin/",
            f"  Sandbox    {stack.sandbox_url} (stands where Telnyx would)",
            f"  Logs       {shortened(stack.logs)}",
            "",
            *(f"  {line}" for line in stack.demo_notes.splitlines()),
            "",
            "Ctrl-C stops everything.",
        ]
    )


def shortened(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
