"""One running installation whose processes may die: who is in it, what its rows say, and who revives the dead."""

import asyncio
import logging
import os
import random
import signal
import time
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from bench.rows import HANDOFFS
from launcher.sandbox_control import Leg, SandboxControl
from launcher.stack import Stack
from tests.browser.scene import close_everything
from tests.faults.people import DOMAIN, PATIENCE, Closer, Prospect, until

logger = logging.getLogger(__name__)

SUPERVISOR_SECONDS = 0.2
# The processes of one run of pytest-xdist must agree, because test names hold numbers drawn from it.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(time.time()))
SEED = int(os.environ.get("FAULT_SEED") or zlib.crc32(RUN.encode()))


@dataclass
class Death:
    name: str
    at: float
    code: int


@dataclass
class World:
    stack: Stack
    sandbox: SandboxControl
    rows: psycopg.Connection[dict[str, Any]]
    crash_order: Path
    random: random.Random
    people: list[Closer | Prospect] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    supervisor: asyncio.Task[None] | None = None
    noted: list[tuple[str, float]] = field(default_factory=list)
    opened_at: float = field(default_factory=time.time)

    async def open(self) -> None:
        logger.warning("FAULT_SEED=%s", SEED)  # shown when the test fails
        self.clear()
        self.supervisor = asyncio.create_task(self._supervise())

    async def close(self) -> None:
        self.crash_order.write_text("")
        for person in self.people:
            await person.close()
        await self.everything_runs()
        if self.supervisor:
            self.supervisor.cancel()
        self.clear()

    def clear(self) -> None:
        """No calls, no faults, nobody available."""
        self.crash_order.write_text("")
        self.sandbox.clear_faults()
        self.sandbox.reset()
        close_everything(self.rows)
        self.rows.execute("update handoff_command set state = 'dropped', due_at = null where due_at is not null")

    # Processes.

    async def _supervise(self) -> None:
        while True:
            for process in self.stack.revive():
                self.deaths.append(Death(process.name, time.time(), process.popen.returncode))
            await asyncio.sleep(SUPERVISOR_SECONDS)

    def crash_at(self, point: str, number: int = 1) -> None:
        """Whoever reaches this point for the n-th time, counted over all processes, dies."""
        self.crash_order.write_text(f"{point}:{number}")

    def crash_ahead(self) -> str:
        """The order to die that nobody has carried out yet; whoever does so empties it just before."""
        return self.crash_order.read_text().strip()

    def kill(self, name: str) -> None:
        """As the kernel does when memory runs out: the process and all it started, at once."""
        os.killpg(self.stack.running[name].pid, signal.SIGKILL)

    async def everything_runs(self) -> None:
        await until("a revived stack", lambda: not self.stack.dead() and self._takes_work())

    def _takes_work(self) -> bool:
        """The sweep comes through beat, the broker and the background worker."""
        row = self.rows.execute("select now() - at < interval '2.5 s' as beats from handoff_pulse where name = 'sweep'")
        return bool((row.fetchone() or {}).get("beats"))

    # People.

    async def closer(self, name: str) -> Closer:
        closer = await Closer.log_in(name, self.stack.base_url, self.stack.sandbox_url)
        self.people.append(closer)
        await closer.take_calls()
        await until(f"{name} to be ready", lambda: self._is_ready(name))
        return closer

    def _is_ready(self, name: str) -> bool:
        query = (
            "select 1 from handoff_closer join accounts_user u on u.id = user_id where u.email = %s"
            " and is_available and softphone_registered and seen_at > now() - interval '20 s'"
        )
        return self.rows.execute(query, [f"{name}@{DOMAIN}"]).fetchone() is not None

    async def prospect(self) -> Prospect:
        """A prospect who is being greeted by the assistant."""
        prospect = await Prospect.call(self.stack.base_url, self.stack.sandbox_url)
        self.people.append(prospect)
        await until("the assistant", lambda: self.leg(prospect)["assistant"]["running"])
        return prospect

    def end_assistant(self, prospect: Prospect) -> None:
        self.sandbox.end_assistant(self.leg(prospect)["call_control_id"])

    # What is known.

    def leg(self, prospect: Prospect) -> Leg:
        query = "select call_control_id from sessions_app_voicesession where id = %s"
        row = self.rows.execute(query, [prospect.session_id]).fetchone() or {}
        mine = [leg for leg in self.sandbox.state()["legs"] if leg["call_control_id"] == row.get("call_control_id")]
        return mine[0] if mine else {"assistant": {"running": False}, "state": "unknown"}  # type: ignore[typeddict-item]

    def handoff(self, prospect: Prospect) -> dict[str, Any]:
        query = f"{HANDOFFS} where session_id = %s order by triggered_at desc limit 1"
        return self.rows.execute(query, [prospect.session_id]).fetchone() or {"state": "none"}

    def session(self, prospect: Prospect) -> dict[str, Any]:
        row = self.rows.execute("select * from sessions_app_voicesession where id = %s", [prospect.session_id])
        found = row.fetchone()
        assert found
        return found

    def note(self, what: str, seconds: float) -> None:
        """Keep a measured time; `FAULT_NOTES` names the file."""
        self.noted.append((what, seconds))
        if path := os.environ.get("FAULT_NOTES"):
            with Path(path).open("a") as notes:
                notes.write(f"{seconds:.2f}\t{what}\n")

    # Whether the machinery works, and what keeps it from working.

    async def health(self) -> dict[str, Any]:
        async with aiohttp.ClientSession(self.stack.base_url) as http, http.get("/health/ready") as answer:
            body: dict[str, Any] = await answer.json()
        return body

    async def trouble(self, name: str, *, seconds: float) -> str:
        """Wait until the probe names this trouble."""
        deadline = time.monotonic() + seconds
        while name not in (found := (await self.health())["troubles"]):
            assert time.monotonic() < deadline, f"the probe named {found} and not {name}"
            await asyncio.sleep(0.5)
        return str(found[name])

    def write_commands(self, prospect: Prospect, number: int) -> list[str]:
        """Commands that any call might have: here they ask for legs that do not exist."""
        query = (
            "insert into handoff_command (id, key, session_id, kind, call_control_id, arguments, state, created_at,"
            " due_at, send_by, attempts, error, result) values (%s, %s, %s, 'hang_up', %s, '{}', 'pending', now(),"
            " now(), now() + interval '45 s', 0, '', '{}')"
        )
        made = [str(uuid.uuid4()) for _ in range(number)]
        for command_id in made:
            self.rows.execute(query, [command_id, f"test:{command_id}", prospect.session_id, f"v3:{command_id}"])
        return made

    def let_pass(self, seconds: float) -> None:
        """So much time passes for every command that is open, here and in the memory of Telnyx."""
        self.sandbox.call("POST", "/control/command_ids/age", {"seconds": seconds})
        self.rows.execute(
            "update handoff_command set created_at = created_at - %(by)s, sent_at = sent_at - %(by)s,"
            " due_at = due_at - %(by)s, send_by = send_by - %(by)s where due_at is not null",
            {"by": timedelta(seconds=seconds)},
        )

    def commands(self, prospect: Prospect, kind: str) -> list[dict[str, Any]]:
        query = "select * from handoff_command where session_id = %s and kind = %s order by created_at"
        return self.rows.execute(query, [prospect.session_id, kind]).fetchall()

    def entries(self, prospect: Prospect) -> list[dict[str, Any]]:
        query = "select * from sessions_app_timelineentry where session_id = %s order by seq"
        return self.rows.execute(query, [prospect.session_id]).fetchall()

    def offers(self, prospect: Prospect) -> list[dict[str, Any]]:
        query = (
            "select handoff_offer.* from handoff_offer join handoff_handoff on handoff_handoff.id = handoff_id"
            " where session_id = %s order by offered_at"
        )
        return self.rows.execute(query, [prospect.session_id]).fetchall()

    async def until_state(self, prospect: Prospect, *states: str, seconds: float = PATIENCE) -> dict[str, Any]:
        await until(f"{' or '.join(states)}", lambda: self.handoff(prospect)["state"] in states, seconds=seconds)
        return self.handoff(prospect)
