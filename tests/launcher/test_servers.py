"""Private servers keep what they hold, and give way to named ones."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from launcher import places, postgres, servers, valkey
from launcher.processes import ProcessError


@pytest.fixture
def folder() -> Iterator[Path]:
    with places.claim("trial-servers", shared=True) as claimed:
        yield claimed


@pytest.fixture
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a fresh clone: no server is named."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.mark.usefixtures("unnamed")
def test_rows_survive_a_restart_until_the_database_is_made_anew(folder: Path) -> None:
    with servers.running(folder, database="kept", durable=True, fresh=True) as first:
        execute(first.database_url, "CREATE TABLE note AS SELECT 'hello' AS text")

    with servers.running(folder, database="kept", durable=True) as second:
        assert execute(second.database_url, "SELECT text FROM note") == [("hello",)]

    with servers.running(folder, database="kept", durable=True, fresh=True) as third:
        assert execute(third.database_url, "SELECT to_regclass('note')") == [(None,)]


@pytest.mark.usefixtures("unnamed")
def test_committed_rows_survive_a_killed_server(folder: Path) -> None:
    with servers.running(folder, database="killed", durable=True, fresh=True) as first:
        execute(first.database_url, "CREATE TABLE note AS SELECT 'hello' AS text")
        database = first.processes[0]
        database.popen.send_signal(signal.SIGKILL)
        database.popen.wait()

    with servers.running(folder, database="killed", durable=True) as second:
        assert execute(second.database_url, "SELECT text FROM note") == [("hello",)]


def test_text_sorts_the_same_everywhere(folder: Path) -> None:
    server = postgres.start(folder, durable=False)
    try:
        query = "SELECT datlocprovider, datlocale, encoding = 6 FROM pg_database WHERE datname = 'postgres'"
        assert execute(server.url("postgres"), query) == [("b", "C.UTF-8", True)]
    finally:
        server.stop()


def test_the_database_listens_on_no_port_and_wants_its_password(folder: Path) -> None:
    server = postgres.start(folder, durable=False)
    try:
        assert execute(server.url("postgres"), "SHOW listen_addresses") == [("",)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            execute(server.url("postgres").replace(server.password, "guess"), "SELECT 1")
    finally:
        server.stop()


def test_the_broker_wants_its_password(folder: Path) -> None:
    broker = valkey.start(folder)
    address = broker.url.rpartition("@")[2]
    try:
        with redis.Redis.from_url(f"redis://{address}") as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert b"requirepass" not in Path(f"/proc/{broker.process.pid}/cmdline").read_bytes()
    finally:
        broker.stop()


def test_named_servers_are_used_and_nothing_is_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@db.example/theirs")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example:6379/0")

    with servers.running(folder, database="ours", durable=True) as found:
        assert found == servers.Servers(
            "postgresql://somebody@db.example/theirs", "redis://cache.example:6379/0", processes=()
        )


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    postgres.start(folder, durable=False).stop()
    (folder / "postgres" / "data" / "postgresql.conf").write_text("max_connections = many\n")

    with pytest.raises(ProcessError, match="max_connections"):
        postgres.start(folder, durable=False)

    (folder / "postgres" / "data" / "PG_VERSION").unlink()
