"""Real processes that are made to die, and servers that misbehave. `FAULT_SEED` repeats a run."""

import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
import redis

from launcher import valkey
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from launcher.valkey import ValkeyServer
from tests.browser.scene import ANSWERS
from tests.faults.world import SEED, World

HERE = Path(__file__).parent
TIMEOUT_SECONDS = 300
MANY_CALLS = "10000"


def pytest_report_header() -> str:
    return f"FAULT_SEED={SEED}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


@pytest.fixture(scope="session")
def crash_order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    order = tmp_path_factory.mktemp("crash") / "order"
    order.write_text("")
    return order


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A broker of their own, because it is made to say nothing."""
    server = valkey.start(tmp_path_factory.mktemp("broker"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def stack(crash_order: Path, broker: ValkeyServer) -> Iterator[Stack]:
    """All processes, on a database of their own, each willing to die where it is told."""
    environment = {
        "TOKEN_LIMIT_PER_ADDRESS": MANY_CALLS,
        "TOKEN_LIMIT_PER_WIDGET": MANY_CALLS,
        "TOKEN_LIMIT_OVERALL": MANY_CALLS,
        "VISITS_PER_ADDRESS": MANY_CALLS,
        "TELNYX_MAX_LEGS": MANY_CALLS,
        "REDIS_URL": broker.url,
        "DEBUG_FAULTS": "1",
        "CRASH_AT": f"@{crash_order}",
        # Tasks that outlive this are given to a second worker: the ledger alone must keep them apart.
        "TASK_VISIBILITY_SECONDS": "4",
    }
    with Stack(
        "faults",
        web_port=9500,
        sandbox_port=9550,
        # The processes of pytest-xdist share one server.
        database=f"faults_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}",
        shared=True,
        fresh=True,
        extra_environment=environment,
    ) as running:
        yield running


def forget_logins(stack: Stack) -> None:
    """One closer logs in for every story, which a person does not."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as counters:
        for key in counters.scan_iter("*:limit:softphone:*"):
            counters.delete(key)


@pytest_asyncio.fixture
async def world(stack: Stack, crash_order: Path) -> AsyncIterator[World]:
    rows = psycopg.rows.dict_row
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True, row_factory=rows) as connection:
        sandbox = SandboxControl(stack.sandbox_url, stack.control_token)
        forget_logins(stack)
        world = World(stack, sandbox, connection, crash_order, random.Random(SEED))
        await world.open()
        sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS)
        yield world
        await world.close()
