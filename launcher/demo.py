"""Run everything on this machine until Ctrl-C: `make demo`.

`python -m launcher.demo NAME` keeps its state in another folder, so that several can run side by side.
"""

import signal
import sys
import time
from pathlib import Path
from types import FrameType

from launcher import places, ports, processes
from launcher.stack import Stack

WATCH_SECONDS = 0.5
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
    """Wait until a process dies that should not; being asked to stop raises Stopped."""
    while not (dead := stack.dead()):
        time.sleep(WATCH_SECONDS)
    for process in dead:
        print(f"demo: {process.name} stopped with code {process.popen.returncode}:\n{process.tail()}", file=sys.stderr)
    return 1


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
