"""The database and the message broker: private ones, unless DATABASE_URL and REDIS_URL name others."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher import postgres, valkey
from launcher.processes import Process


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers, and the processes behind those that are ours."""

    database_url: str
    redis_url: str
    processes: tuple[Process, ...]


@contextmanager
def running(folder: Path, *, database: str, durable: bool) -> Iterator[Servers]:
    """Keep both servers running meanwhile; `database` exists in ours."""
    with ExitStack() as stack:
        started: list[Process] = []
        database_url = os.environ.get("DATABASE_URL")
        if not database_url:
            server = postgres.start(folder, durable=durable)
            stack.callback(server.stop)
            started.append(server.process)
            database_url = server.ensure_database(database)
        redis_url = os.environ.get("REDIS_URL")
        if not redis_url:
            broker = valkey.start(folder)
            stack.callback(broker.stop)
            started.append(broker.process)
            redis_url = broker.url
        yield Servers(database_url, redis_url, tuple(started))
