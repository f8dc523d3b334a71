"""Signed webhooks and clicks of recorded stories, in random orders, to the running processes: always the same end."""

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import psycopg
import pytest
import pytest_asyncio
from aiohttp import web

from flight_recorder.record import endings
from flight_recorder.replay.script import Script
from launcher import ports
from launcher.checkout import VENV_PYTHON
from launcher.stack import Stack
from sandbox.model.signer import Signer
from tests.faults.people import Closer
from tests.recordings.carrier import Carrier
from tests.recordings.lane import Lane, Visit
from tests.recordings.test_replay import read

STORIES = (
    "connected_by_bridge",
    "nobody_answers",
    "the_prospect_leaves_mid_transfer",
    "handed_back_and_forward",
    "connected_in_a_conference",
)
# Of each story; REPLAY_ORDERS=200 takes about ten minutes on two cores.
ORDERS = int(os.environ.get("REPLAY_ORDERS", "30"))
LANES = 16
SEED = 20261122
RECORDED_RULES = ("method", "strategy", "ring_seconds", "max_wait_seconds", "wrap_up_seconds", "demotes_after_miss")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass
class Place:
    stack: Stack
    carrier_port: int

    def manage(self, *arguments: str, told: str = "") -> str:
        command = [str(VENV_PYTHON), "-m", "tests.recordings.installation", *arguments]
        env = {**self.stack.env, "DJANGO_SETTINGS_MODULE": "agileadapt.settings"}
        return subprocess.run(command, env=env, input=told, check=True, text=True, capture_output=True).stdout

    def judge(self, visits: list[Visit]) -> dict[str, Any]:
        ended: dict[str, Any] = json.loads(self.manage("judge", told=json.dumps([one.session_id for one in visits])))
        return ended


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with ports.reserved(9470) as carrier_port:
        told = {f"TOKEN_LIMIT_{what}": "100000" for what in ("PER_ADDRESS", "PER_WIDGET", "OVERALL")}
        told |= {"VISITS_PER_ADDRESS": "100000", "TELNYX_MAX_LEGS": "100000"}
        told["TELNYX_API_BASE"] = f"http://127.0.0.1:{carrier_port}/v2"
        with Stack(
            "orders",
            web_port=9410,
            sandbox_port=9460,
            # The processes of pytest-xdist share one server.
            database=f"orders_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}",
            shared=True,
            fresh=True,
            extra_environment=told,
        ) as stack:
            place = Place(stack, carrier_port)
            place.manage("teams", str(LANES))
            yield place


@pytest_asyncio.fixture
async def lanes(place: Place) -> AsyncIterator[list[Lane]]:
    carrier = Carrier()
    runner = web.AppRunner(carrier.app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", place.carrier_port).start()
    signer = Signer(base64.b64decode(place.stack.keys.signing_seed))
    base_url = place.stack.base_url
    with psycopg.connect(place.stack.env["DATABASE_URL"], autocommit=True, row_factory=psycopg.rows.dict_row) as rows:
        async with aiohttp.ClientSession(base_url=base_url, headers={"Origin": base_url}) as http:
            closers = [await Closer.log_in(f"lane-{one}", base_url, "") for one in range(LANES)]
            yield [Lane(closer.name, base_url, http, closer, rows, carrier, signer) for closer in closers]
            for closer in closers:
                await closer.close()
    await runner.cleanup()


def follow(rows: Any, script: Script) -> None:
    """Route calls as they were routed in the recording."""
    policy = script.recording["policy"]
    columns = ", ".join(f"{name} = %s" for name in RECORDED_RULES)
    rows.execute(f"update handoff_routingpolicy set {columns}", [policy[name] for name in RECORDED_RULES])


@pytest.mark.parametrize("story", STORIES)
async def test_random_orders_over_http_end_as_recorded(place: Place, lanes: list[Lane], story: str) -> None:
    script = read(story)
    follow(lanes[0].rows, script)
    seeds = iter(range(SEED, SEED + ORDERS))

    async def work(lane: Lane) -> list[Visit]:
        return [await lane.visit(script, seed) for seed in seeds]

    visits = [visit for done in await asyncio.gather(*map(work, lanes)) for visit in done]

    ended = await asyncio.to_thread(place.judge, visits)
    assert len(ended) == ORDERS
    for visit in visits:
        told = ended[visit.session_id]
        assert endings.differences(script.recording["end"], told["end"]) == [], visit.order
        assert told["violations"] == []
        assert [attempt for attempt, times in visit.told.effective.items() if times > 1] == [], visit.order
