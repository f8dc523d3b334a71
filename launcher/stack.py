"""Everything on one machine: servers, sandbox, web, worker and beat, tied together."""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher import accounts, environment, memory, places, ports, prepared, processes, servers
from launcher.checkout import VENV_PYTHON
from launcher.memory import Memory
from launcher.processes import Process
from launcher.sandbox_control import SandboxControl

START_SECONDS = 120
PROGRAMS = ("beat", "background", "worker", "web", "sandbox")
# What holds no state of its own, so that it may die and be started again at any moment.
RENEWABLE = ("beat", "background", "worker", "web")
ASGI_SERVERS: dict[str, Callable[[int], list[str]]] = {
    "daphne": lambda port: ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "agileadapt.asgi:application"],
    "uvicorn": lambda port: [
        *("uvicorn", "agileadapt.asgi:application", "--host", "127.0.0.1", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
        # Longer than those who ask keep a line that rests, or they would ask on one that has just been closed.
        *("--timeout-keep-alive", "75"),
        *("--ws-max-size", "131072", "--lifespan", "auto", "--no-access-log", "--timeout-graceful-shutdown", "3"),
    ],
}
# It hands a body on while it arrives, so that a long or slow one is refused before it is kept: docs/adr/0016.
USUAL_SERVER = "uvicorn"


class Stack:
    """A whole local installation, running between `__enter__` and `__exit__`.

    `name` is its state folder under `.state/`; with `shared`, a second one of the same name gets a folder of its own.
    Ports are the first free ones from those given. With `fresh`, `database` is made anew, on whichever server is used.
    """

    def __init__(
        self,
        name: str,
        *,
        web_port: int = 8000,
        sandbox_port: int = 8100,
        database: str = "agileadapt",
        shared: bool = False,
        durable: bool = False,
        fresh: bool = False,
        extra_environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.shared, self.durable = name, shared, durable
        self.database, self.fresh = database, fresh
        self.first_ports = (web_port, sandbox_port)
        self.extra_environment = dict(extra_environment or {})
        self.running: dict[str, Process] = {}
        self.starts: dict[str, Callable[[], Process]] = {}
        self.exit_stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = stack.enter_context(places.claim(self.name, shared=self.shared))
            self.keys = environment.kept_keys(self.folder)
            started = stack.enter_context(
                servers.running(self.folder, database=self.database, durable=self.durable, fresh=self.fresh),
            )
            self.running.update({process.name: process for process in started.processes})
            self.addresses = self.choose_addresses(stack, started)
            self.env = self.environment()
            self.start_all(stack)
            self.exit_stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.exit_stack.close()
        self.running.clear()

    @property
    def base_url(self) -> str:
        return self.addresses.web

    @property
    def sandbox_url(self) -> str:
        return self.addresses.sandbox

    @property
    def control_token(self) -> str:
        return self.keys.control_token

    @property
    def processes(self) -> dict[str, Memory]:
        """Memory per process, by name."""
        return {name: memory.of_tree(process.pid) for name, process in self.running.items()}

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def demo_notes(self) -> str:
        """What loading the demo data had to say: names and passwords."""
        return (self.logs / "prepare.log").read_text()

    def dead(self) -> list[Process]:
        """Processes that have ended although nobody asked them to."""
        return [process for process in self.running.values() if not process.is_running()]

    def revive(self) -> list[Process]:
        """Start again what has died and may; return the dead. A production server has its supervisor for this."""
        dead = [process for process in self.dead() if process.name in RENEWABLE]
        for process in dead:
            self.starts[process.name]()
        return dead

    def choose_addresses(self, stack: ExitStack, started: servers.Servers) -> environment.Addresses:
        web, sandbox = (stack.enter_context(ports.reserved(port)) for port in self.first_ports)
        return environment.Addresses(web, sandbox, started.database_url, started.redis_url)

    def environment(self) -> dict[str, str]:
        """The environment of web, worker, beat and `manage.py` in this stack."""
        own = {
            "ASGI_SERVER": os.environ.get("ASGI_SERVER", USUAL_SERVER),
            "CELERY_BEAT_SCHEDULE_FILE": str(self.folder / "celerybeat-schedule"),
            "PYTHONUNBUFFERED": "1",
        }
        return (
            environment.inherited() | environment.application(self.keys, self.addresses) | own | self.extra_environment
        )

    def start_all(self, stack: ExitStack) -> None:
        """Start everything; what loads slowly loads side by side."""
        stack.callback(self.stop_programs)
        sandbox = self.start("sandbox", ["-m", "sandbox"], self.sandbox_environment())
        # The web process needs the database only once somebody asks for a page.
        web = self.start("web", ["-m", *self.web_command()])
        account = self.prepare()
        workers = [self.start(name, ["-m", *command], self.worker_environment()) for name, command in WORKERS.items()]
        sandbox.wait_until(lambda: answers(self.sandbox_url), seconds=START_SECONDS)
        self.keep_account(account)
        web.wait_until(lambda: answers(self.base_url), seconds=START_SECONDS)
        for worker in workers:
            worker.wait_until(partial(takes_tasks, worker), seconds=START_SECONDS)
        # Nobody waits for its first beat, so it loads last and leaves the processor to the others.
        self.start("beat", ["-m", *BEAT])

    def prepare(self) -> accounts.Objects | None:
        """Migrate, load the demo data and set the sandbox's account up; None when all of that was done now.

        Where our own server still holds what these sources made, and the account is remembered, it is returned.
        """
        stamp = self.folder / "postgres" / "prepared"
        fingerprint = prepared.fingerprint(self.database)
        if not self.fresh and "postgres" in self.running and prepared.matches(stamp, fingerprint):
            account = accounts.remembered(self.account_file, accounts.fingerprint(self.keys, self.addresses))
            if account:
                return account
        stamp.unlink(missing_ok=True)
        command = [str(VENV_PYTHON), "-m", "launcher.prepare"]
        # The account is the sandbox's, also where the processes are to speak to somebody else.
        env = {**self.env, "TELNYX_API_BASE": f"{self.sandbox_url}/v2"}
        job = processes.start("prepare", command, log=self.logs / "prepare.log", environment=env)
        try:
            job.wait_to_finish(seconds=START_SECONDS)
        finally:
            job.stop()
        if "postgres" in self.running:
            stamp.write_text(fingerprint)
        return None

    def keep_account(self, account: accounts.Objects | None) -> None:
        """Have every reset of the sandbox return to the account that was remembered, or that was set up just now."""
        control = SandboxControl(self.sandbox_url, self.control_token)
        if account:
            control.set_account(**account)
        kept = control.keep_account()
        if not account:
            accounts.remember(self.account_file, accounts.fingerprint(self.keys, self.addresses), kept)

    @property
    def account_file(self) -> Path:
        return self.folder / "account.json"

    def start(self, name: str, arguments: list[str], env: Mapping[str, str] | None = None) -> Process:
        command = [str(VENV_PYTHON), *arguments]
        is_first = name not in self.starts
        self.starts[name] = lambda: self.start(name, arguments, env)
        # When the launcher is killed the broker goes too, and an orderly stop of a Celery worker would wait for it.
        process = processes.start(
            name,
            command,
            log=self.logs / f"{name}.log",
            environment=env or self.env,
            death_signal=signal.SIGKILL,
            keep_log=not is_first,
        )
        self.running[name] = process
        return process

    def stop_programs(self) -> None:
        """Stop what uses the servers; they themselves follow."""
        processes.stop_all([self.running[name] for name in PROGRAMS if name in self.running])

    def worker_environment(self) -> dict[str, str]:
        """Each thread keeps its own connection to the database."""
        return {"DATABASE_POOL": str(CALL_THREADS + 4)} | self.env

    def sandbox_environment(self) -> dict[str, str]:
        return environment.inherited() | environment.sandbox(self.keys, self.addresses) | {"PYTHONUNBUFFERED": "1"}

    def web_command(self) -> list[str]:
        name = self.env["ASGI_SERVER"]
        if name not in ASGI_SERVERS:
            raise processes.ProcessError(f"ASGI_SERVER is {name!r}; choose one of {', '.join(ASGI_SERVERS)}")
        return ASGI_SERVERS[name](self.addresses.web_port)


# A request to Telnyx waits for up to 5 s. Threads let many calls wait at once, each for itself, in the memory of one
# process; and what runs by the clock has a process of its own, in which no call can hold it up.
CALL_THREADS = 24
BACKGROUND_THREADS = 4


def worker_command(queue: str, threads: int) -> list[str]:
    return [
        *("celery", "-A", "agileadapt", "worker", "-Q", queue, "--pool", "threads", "--concurrency", str(threads)),
        *("--hostname", f"{queue}@%h", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
    ]


WORKERS = {
    "worker": worker_command("calls", CALL_THREADS),
    "background": worker_command("background", BACKGROUND_THREADS),
}
BEAT = ["celery", "-A", "agileadapt", "beat", "--loglevel", "INFO", "--pidfile="]


def takes_tasks(worker: Process) -> bool:
    return " ready." in worker.log.read_text(errors="replace")


def answers(url: str) -> bool:
    """Say whether anything speaks HTTP there, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - always http:// on loopback
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
