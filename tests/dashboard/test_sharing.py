"""Work that many sockets want is done once."""

import asyncio

from dashboard.live.sharing import Latest, Once
from sessions_app.http.sockets import BURST_FRAMES, FrameBudget, OpenSockets


class Worker:
    def __init__(self, result: str = "frame") -> None:
        self.runs, self.result, self.gate = 0, result, asyncio.Event()

    async def __call__(self) -> str:
        self.runs += 1
        await self.gate.wait()
        return self.result


async def test_those_who_ask_while_it_runs_get_the_same_run() -> None:
    once, worker = Once[str](size=2), Worker()

    askers = [asyncio.create_task(once.get("key", worker)) for _ in range(50)]
    await asyncio.sleep(0)
    worker.gate.set()

    assert await asyncio.gather(*askers) == ["frame"] * 50
    assert await once.get("key", worker) == "frame"
    assert worker.runs == 1


async def test_one_who_leaves_does_not_take_the_work_along() -> None:
    once, worker = Once[str](size=2), Worker()
    leaving, staying = (asyncio.create_task(once.get("key", worker)) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.sleep(0)
    worker.gate.set()

    assert await staying == "frame"
    assert worker.runs == 1


async def test_nothing_is_not_remembered_and_the_oldest_is_forgotten() -> None:
    once, empty, full = Once[str](size=2), Worker(""), Worker()
    empty.gate.set()
    full.gate.set()

    for _ in range(2):
        await once.get("nothing", empty)
    for key in ("a", "b", "c", "a"):
        await once.get(key, full)

    assert (empty.runs, full.runs) == (2, 4)


async def test_the_latest_is_read_after_everyone_asked() -> None:
    latest, facts = Latest[str](pause=0.05), ["old"]

    async def read() -> str:
        return facts[-1]

    first = asyncio.create_task(latest.get("team", read))
    await asyncio.sleep(0.01)
    facts.append("new")
    second = asyncio.create_task(latest.get("team", read))

    assert await asyncio.gather(first, second) == ["new", "new"]


async def test_one_run_works_and_one_waits_however_many_ask() -> None:
    latest, worker = Latest[str](pause=0.0), Worker()

    askers = []
    for _ in range(20):
        askers.append(asyncio.create_task(latest.get("team", worker)))
        await asyncio.sleep(0.001)
    assert worker.runs == 1
    worker.gate.set()

    assert await asyncio.gather(*askers) == ["frame"] * 20
    assert worker.runs == 2


async def test_what_is_young_enough_is_not_read_again() -> None:
    latest, worker = Latest[str](pause=0.0), Worker()
    worker.gate.set()
    await latest.get("team", worker)

    await latest.get("team", worker, max_age=60)
    assert worker.runs == 1
    await latest.get("team", worker, max_age=0)
    assert worker.runs == 2


def test_a_busy_moment_is_fine_and_a_flood_is_not() -> None:
    budget = FrameBudget(at=0.0)

    assert all(budget.spend(0.0) for _ in range(BURST_FRAMES))
    assert not budget.spend(0.0)
    assert FrameBudget(left=0.0, at=0.0).spend(0.2)


def test_the_oldest_socket_makes_room_for_the_newest() -> None:
    sockets = OpenSockets()

    told = [sockets.add(1, number, most=5) for number in range(6)]
    sockets.discard(1, 0)

    assert told == [None] * 5 + [0]
    assert sockets.add(1, "next", most=5) == 1
    assert sockets.add(2, "other user", most=5) is None
