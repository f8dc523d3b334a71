"""`python -m tests.recordings [STORY…]`: live through the stories on the running processes and record them anew."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg

from launcher.checkout import VENV_PYTHON
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.scene import ANSWERS
from tests.faults.people import NotInTime, until
from tests.faults.world import World
from tests.recordings.stories import STORIES

FOLDER = Path(__file__).parent
# The record is fetched up to this long after a conversation.
REST_SECONDS = 150
LEFT = (
    "select kind || ' ' || state as what from handoff_command where due_at is not null"
    " union select state from handoff_handoff where deadline_at is not null"
    " union select 'visit' from sessions_app_voicesession where ended_at is null"
)


async def record(world: World, name: str) -> None:
    await world.open()
    world.sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS)
    prospect = await STORIES[name](world)
    await everything_over(world)
    export(world.stack, prospect.session_id, FOLDER / f"{name}.json")
    await world.close()
    world.people.clear()


async def everything_over(world: World) -> None:
    try:
        await until("everything to end", lambda: not left(world), seconds=REST_SECONDS)
    except NotInTime as late:
        raise NotInTime(f"left: {left(world)}") from late


def left(world: World) -> list[str]:
    return [row["what"] for row in world.rows.execute(LEFT)]


def export(stack: Stack, session_id: str, path: Path) -> None:
    command = [str(VENV_PYTHON), "manage.py", "export_session", session_id, "--output", str(path)]
    subprocess.run(command, env=stack.env, check=True)


async def record_all(names: list[str]) -> None:
    limits = {f"TOKEN_LIMIT_{what}": "1000" for what in ("PER_ADDRESS", "PER_WIDGET", "OVERALL")}
    limits["VISITS_PER_ADDRESS"] = "1000"
    with NamedTemporaryFile() as order, _stack(limits) as stack:
        address = stack.env["DATABASE_URL"]
        with psycopg.connect(address, autocommit=True, row_factory=psycopg.rows.dict_row) as rows:
            control = SandboxControl(stack.sandbox_url, stack.control_token)
            world = World(stack, control, rows, Path(order.name), random.Random(0))
            for name in names:
                await record(world, name)
                print(name)  # noqa: T201 - this is a command


def _stack(limits: dict[str, str]) -> Stack:
    ports = {"web_port": 9400, "sandbox_port": 9450}
    return Stack("recordings", **ports, database="recordings", fresh=True, extra_environment=limits)


if __name__ == "__main__":
    asyncio.run(record_all(sys.argv[1:] or list(STORIES)))
