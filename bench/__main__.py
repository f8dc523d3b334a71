"""`python -m bench`: measure the product on this machine and print what came out."""

import argparse
import json
import sys
import time
from pathlib import Path

from bench import report
from bench.run import Plan, run
from launcher import places, ports, processes

MOST_SECONDS = 18 * 60
# What follows the conversations: ten of them at once, the load, the comparison, stopping.
AFTERWARDS_SECONDS = 150


def main() -> int:
    options = parse()
    try:
        found = run(plan(quick=options.quick))
    except (processes.ProcessError, places.PlaceError, ports.PortError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(report.text(found))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(found), indent=2) + "\n")
    return 1 if found.failed else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 conversations each way, a short load")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything into a file")
    return parser.parse_args()


def plan(*, quick: bool) -> Plan:
    deadline = time.monotonic() + MOST_SECONDS - AFTERWARDS_SECONDS
    if quick:
        return Plan(conversations=3, paced_seconds=5, flood=400, wait_for_quiet_seconds=0, deadline=deadline)
    return Plan(conversations=30, paced_seconds=30, flood=3000, wait_for_quiet_seconds=60, deadline=deadline)


if __name__ == "__main__":
    sys.exit(main())
