"""Sockets are told in order and in the background, whatever happens to a single push."""

import asyncio
import os
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.layers import get_channel_layer

from sessions_app.timeline import groups, live

TEAM = 4711
RECEIVE_SECONDS = 20


class Layer:
    """Stands where the channel layer stands; the first push goes wrong in the way that is given."""

    def __init__(self, first: Exception | float) -> None:
        self.first = first
        self.sent: list[int] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        wrong, self.first = self.first, 0.0
        if isinstance(wrong, Exception):
            raise wrong
        await asyncio.sleep(wrong)
        self.sent.append(message["seq"])


def announce(session_id: UUID, seq: int) -> None:
    live.announce(team_id=TEAM, session_id=session_id, seq=seq, kind="field.captured")


def wait_for(layer: Layer, pushes: int) -> None:
    deadline = time.monotonic() + RECEIVE_SECONDS
    while len(layer.sent) < pushes and time.monotonic() < deadline:
        time.sleep(0.01)


async def test_a_socket_is_told_of_everything_in_order() -> None:
    layer, session_id = get_channel_layer(), uuid4()
    channel = await layer.new_channel()
    await layer.group_add(groups.session(session_id), channel)

    for seq in range(1, 51):
        live.announce(team_id=TEAM, session_id=session_id, seq=seq, kind=f"kind.{seq}")

    seqs, kinds = [0], []
    while seqs[-1] < 50:
        push = await asyncio.wait_for(layer.receive(channel), RECEIVE_SECONDS)
        seqs.append(push["seq"])
        kinds += push["kinds"]
    assert seqs == sorted(set(seqs))
    assert kinds == [f"kind.{seq}" for seq in range(1, 51)]


def test_what_waits_for_the_same_sockets_is_one_push() -> None:
    def entry(group: str, session: str, seq: int, kind: str) -> live.Push:
        return group, {"type": "live.event", "session": session, "seq": seq, "kinds": [kind]}

    roster: live.Push = ("team-1", {"type": "live.roster"})
    waiting = [entry("team-1", "a", 1, "x"), roster, entry("team-1", "b", 1, "y"), entry("team-1", "a", 2, "z"), roster]

    assert live.together(waiting) == [
        ("team-1", {"type": "live.event", "session": "a", "seq": 2, "kinds": ["x", "z"]}),
        roster,
        entry("team-1", "b", 1, "y"),
    ]


async def test_a_forked_process_tells_sockets_too() -> None:
    layer, session_id = get_channel_layer(), uuid4()
    channel = await layer.new_channel()
    await layer.group_add(groups.session(session_id), channel)
    announce(session_id, 1)  # The parent's thread runs before the fork.
    await asyncio.wait_for(layer.receive(channel), RECEIVE_SECONDS)

    child = os.fork()
    if child == 0:
        announce(session_id, 2)
        live._publisher.finish()
        os._exit(0)

    told = await asyncio.wait_for(layer.receive(channel), RECEIVE_SECONDS)
    await asyncio.to_thread(os.waitpid, child, 0)
    assert told["seq"] == 2


def test_who_tells_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Layer(first=0.5)
    monkeypatch.setattr(live, "get_channel_layer", lambda: slow)

    started = time.monotonic()
    announce(uuid4(), 1)
    took = time.monotonic() - started
    wait_for(slow, pushes=2)

    assert took < 0.25
    assert slow.sent == [1, 1]


@pytest.mark.parametrize("error", [ConnectionResetError(), ValueError("unforeseen")])
def test_a_push_that_fails_does_not_end_the_later_ones(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    broken = Layer(first=error)
    monkeypatch.setattr(live, "get_channel_layer", lambda: broken)

    announce(uuid4(), 1)
    announce(uuid4(), 2)
    wait_for(broken, pushes=3)

    assert broken.sent == [1, 2, 2]
