"""`python -m bench.search`: fill a database of its own with sessions and measure how long the search takes."""

import argparse
import subprocess
import sys
from contextlib import ExitStack

from launcher import environment, places, ports, servers

SESSIONS = 100_000
SETTINGS = {"DJANGO_SETTINGS_MODULE": "agileadapt.settings", "LOG_LEVEL": "WARNING"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(places.claim("search-bench", shared=True))
        started = stack.enter_context(servers.running(folder, database="search_bench", durable=False, fresh=True))
        web, sandbox = (stack.enter_context(ports.reserved(port)) for port in (8700, 8750))
        addresses = environment.Addresses(web, sandbox, started.database_url, started.redis_url)
        application = environment.application(environment.kept_keys(folder), addresses)
        command = [sys.executable, "-m", "bench.searching", str(options.sessions)]
        return subprocess.run(command, env=environment.inherited() | application | SETTINGS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
