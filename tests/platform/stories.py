"""The stories that must end the same whatever the platform does: told by people without browsers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.browser.scene import ANSWERS
from tests.faults.people import Closer, insist, origin, until
from tests.faults.world import World
from tests.sandbox.phone import Phone

SOON = 60.0
LOOK_SECONDS = 0.3
RUNNING = "select assistant_started_at, assistant_ended_at from sessions_app_voicesession where id = %s"


@dataclass
class Visitor:
    """A prospect whose page comes back on a new leg as soon as it is asked to."""

    world: World
    http: aiohttp.ClientSession
    session: dict[str, str]
    phone: Phone
    returns: int = 0
    page: asyncio.Task[None] | None = None
    left: list[Phone] = field(default_factory=list)

    @property
    def session_id(self) -> str:
        return self.session["id"]

    @classmethod
    async def arrive(cls, world: World, *, widget: str = "demo") -> "Visitor":
        base, sandbox = world.stack.base_url, world.stack.sandbox_url
        http = aiohttp.ClientSession(base_url=base, timeout=aiohttp.ClientTimeout(total=10))
        asked = {"widget": widget, "consent": {"version": "2026-11", "recording": True}}
        status, body = await insist(lambda: http.post("/api/orchestration/token", json=asked, headers=origin(base)))
        assert status == 201, body
        visitor = cls(world, http, body["session"], Phone(sandbox + "/"))
        world.people.append(visitor)  # type: ignore[arg-type]
        if body["credentials"]:
            await visitor.phone.sign_in(login_token=body["credentials"]["token"])
            await visitor.place(visitor.phone)
        else:
            await visitor.call_anonymously(widget)
        visitor.page = asyncio.create_task(visitor.heed())
        return visitor

    async def place(self, phone: Phone) -> None:
        headers = [{"name": "X-Session-Ticket", "value": self.session["ticket"]}]
        await phone.call(destination_number="+61255501234", custom_headers=headers)
        await phone.until_answered()

    async def call_anonymously(self, widget: str) -> None:
        query = "select assistant_id from sessions_app_widgetconfig where slug = %s"
        row = self.world.rows.execute(query, [widget]).fetchone() or {}
        await self.phone.sign_in(target_type="ai_assistant", target_id=row["assistant_id"])
        await self.place(self.phone)
        (leg,) = self.world.sandbox.legs(role="anonymous")
        status, body = await self.ask("claim", call_control_id=leg["call_control_id"])
        assert status == 204, body

    async def ask(self, what: str, **body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.session['token']}"}
        answer: tuple[int, Any] = await insist(
            lambda: self.http.post(f"/api/orchestration/{what}", json=body, headers=headers)
        )
        return answer

    async def heed(self) -> None:
        """Come back whenever there is something to come back to."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            status, body = await self.ask("rejoin")
            if status != 201:
                continue
            fresh = Phone(self.world.stack.sandbox_url + "/")
            await fresh.sign_in(login_token=body["credentials"]["token"])
            await self.place(fresh)
            before, self.phone = self.phone, fresh
            self.returns += 1
            self.left.append(before)
            with suppress(Exception):  # The other end may have ended it already.
                await before.hang_up()

    async def is_greeted(self) -> None:
        await until("the assistant", lambda: self.row()["assistant_started_at"], seconds=SOON)

    async def answer_everything(self) -> None:
        """Type the answers, each once the one before it is known."""
        for number, text in enumerate(ANSWERS.values(), start=1):
            status, body = await self.ask("message", text=text)
            assert status == 202, body
            await until(f"{number} answers", lambda number=number: self.answers() >= number, seconds=SOON)  # type: ignore[misc]

    def answers(self) -> int:
        query = "select count(*) as n from sessions_app_capturedfield where session_id = %s"
        return int((self.world.rows.execute(query, [self.session_id]).fetchone() or {})["n"])

    def row(self) -> dict[str, Any]:
        return self.world.rows.execute(RUNNING, [self.session_id]).fetchone() or {}

    async def close(self) -> None:
        if self.page:
            self.page.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.page
        for phone in [*self.left, self.phone]:
            await phone.close()
        await self.http.close()


async def connected(world: World, visitor: Visitor) -> dict[str, Any]:
    """Two people talk, and both hear the other one and nobody else."""
    handoff = await world.until_state(visitor, "connected", seconds=SOON)  # type: ignore[arg-type]
    await until("two voices", lambda: joined(world), seconds=SOON)
    return handoff


def joined(world: World) -> bool:
    """By the sandbox's own record: one pair of legs is joined, and no assistant speaks on either."""
    legs = [leg for leg in world.sandbox.state()["legs"] if leg["state"] == "bridged"]
    return len(legs) == 2 and not any(leg["assistant"]["running"] for leg in legs)


async def take(world: World, alice: Closer, visitor: Visitor) -> None:
    """Take the call from the assistant: the closer's line waits beside it."""
    status, body = await alice.post(f"/dashboard/sessions/{visitor.session_id}/take", {"immediately": False})
    assert status == 200, body
    assert alice.phone
    await alice.phone.pick_up_next()
    await world.until_state(visitor, "seated", "bridging", "connected", seconds=SOON)  # type: ignore[arg-type]


def end_assistant(world: World) -> None:
    (leg,) = [leg for leg in world.sandbox.state()["legs"] if leg["assistant"]["running"]]
    world.sandbox.end_assistant(leg["call_control_id"])


# --- the stories


async def default_conversation(world: World) -> None:
    alice = await world.closer("alice")
    visitor = await Visitor.arrive(world)
    await visitor.is_greeted()
    await visitor.answer_everything()
    await alice.take_ring()
    handoff = await connected(world, visitor)
    assert handoff["trigger"] == "fields_known"


async def warm_seat(world: World) -> None:
    alice = await world.closer("alice")
    visitor = await Visitor.arrive(world)
    await visitor.is_greeted()
    await take(world, alice, visitor)
    end_assistant(world)
    await connected(world, visitor)


async def no_answer(world: World) -> None:
    """Nobody is there: a call is promised, and the assistant is back to arrange it."""
    visitor = await Visitor.arrive(world)
    await visitor.is_greeted()
    end_assistant(world)
    await world.until_state(visitor, "unanswered", seconds=SOON)  # type: ignore[arg-type]
    query = (
        "select count(*) as n from sessions_app_run"
        " where session_id = %s and purpose = 'callback' and started_at is not null"
    )
    await until(
        "the assistant's return",
        lambda: (world.rows.execute(query, [visitor.session_id]).fetchone() or {})["n"],
        seconds=SOON,
    )


async def anonymous(world: World) -> None:
    alice = await world.closer("alice")
    visitor = await Visitor.arrive(world, widget="demo-anonymous")
    await visitor.is_greeted()
    end_assistant(world)
    await alice.take_ring()
    await connected(world, visitor)
    assert visitor.returns == 1


async def request_handoff(world: World) -> None:
    alice = await world.closer("alice")
    visitor = await Visitor.arrive(world)
    await visitor.is_greeted()
    status, body = await visitor.ask("request")
    assert status == 202, body
    await alice.take_ring()
    handoff = await connected(world, visitor)
    assert handoff["wants_person"]


async def hand_back(world: World) -> None:
    alice = await world.closer("alice")
    visitor = await Visitor.arrive(world)
    await visitor.is_greeted()
    await take(world, alice, visitor)
    end_assistant(world)
    handoff = await connected(world, visitor)
    status, body = await alice.post(f"/dashboard/handoffs/{handoff['id']}/hand-back", {"instruction": "Ask for more."})
    assert status == 200, body
    await until(
        "the assistant's return",
        lambda: any(leg["assistant"]["running"] for leg in world.sandbox.state()["legs"]),
        seconds=SOON,
    )


STORIES: dict[str, Callable[[World], Awaitable[None]]] = {
    story.__name__: story
    for story in (default_conversation, warm_seat, no_answer, anonymous, request_handoff, hand_back)
}
