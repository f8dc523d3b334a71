"""The web process as it is shipped, alone, on the rows of one test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from launcher import ports, processes
from launcher.checkout import VENV_PYTHON
from launcher.stack import ASGI_SERVERS, answers

START_SECONDS = 90


@contextmanager
def running(kind: str, *, port_from: int, log: Path, **extra: str) -> Iterator[str]:
    """Start it under this ASGI server and yield its address."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with ports.reserved(port_from) as port:
        url = f"http://127.0.0.1:{port}"
        environment = os.environ | {"DATABASE_URL": database, "PUBLIC_URL": url} | extra
        command = [str(VENV_PYTHON), "-m", *ASGI_SERVERS[kind](port)]
        process = processes.start(kind, command, log=log, environment=environment)
        try:
            process.wait_until(lambda: answers(f"{url}/health/live"), seconds=START_SECONDS)
            yield url
        finally:
            process.stop()
