"""The database and the message broker: private ones, unless DATABASE_URL and REDIS_URL name others."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from launcher import postgres, valkey
from launcher.processes import Process

MAINTENANCE_DATABASE = "postgres"


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers, and the processes behind those that are ours."""

    database_url: str
    redis_url: str
    processes: tuple[Process, ...]


@contextmanager
def running(folder: Path, *, database: str, durable: bool, fresh: bool = False) -> Iterator[Servers]:
    """Keep both servers running meanwhile.

    `database` is created on our own server; with `fresh` it is made anew, also on one named by DATABASE_URL.
    """
    with ExitStack() as stack:
        started: list[Process] = []
        database_url = os.environ.get("DATABASE_URL")
        if not database_url:
            server = postgres.start(folder, durable=durable)
            stack.callback(server.stop)
            started.append(server.process)
            database_url = ensure_database(server.url(MAINTENANCE_DATABASE), database)
        if fresh:
            database_url = recreate_database(database_url, database)
        redis_url = os.environ.get("REDIS_URL")
        if not redis_url:
            broker = valkey.start(folder)
            stack.callback(broker.stop)
            started.append(broker.process)
            redis_url = broker.url
        yield Servers(database_url, redis_url, tuple(started))


def ensure_database(server_url: str, name: str) -> str:
    """Create the database unless it exists; return its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return at_database(server_url, name)


def recreate_database(server_url: str, name: str) -> str:
    """Drop the database, whoever is connected to it, and create it empty; return its address."""
    with psycopg.connect(at_database(server_url, MAINTENANCE_DATABASE), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    return ensure_database(at_database(server_url, MAINTENANCE_DATABASE), name)


def at_database(server_url: str, name: str) -> str:
    parts = urlsplit(server_url)
    return parts._replace(path=f"/{name}").geturl()
