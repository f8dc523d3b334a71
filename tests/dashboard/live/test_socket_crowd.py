"""What many sockets do together: nothing is announced, read or rendered once for each of them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard.live import consumers, hub, limits, reads
from dashboard.render import roster, snapshot
from handoff import actions
from handoff.models import Closer
from sessions_app.http import sockets
from sessions_app.models import VoiceSession
from sessions_app.timeline import groups, live
from tests.dashboard.conftest import Connect, silently, standings, telling
from tests.people import Clock

pytestmark = pytest.mark.django_db(transaction=True)


class Counted:
    """A function, and how often it was called."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work, self.calls = work, 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        return self.work(*arguments, **named)


async def test_a_page_that_lives_on_changes_no_roster(
    connect: Connect, alices_browser: Client, alice: Closer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database_sync_to_async(Closer.objects.update)(seen_at=None, sound_unlocked=False)
    socket = await connect(alices_browser)
    await socket.hello()
    announced = Counted(live.announce_roster)
    monkeypatch.setattr(live, "announce_roster", announced)

    for _beat in range(5):
        clock.advance(consumers.BEAT_SECONDS)
        await socket.say(type="presence", softphone=True, microphone=True, sound=True, page=str(uuid4()))
        await socket.say(type="ping")
        await socket.hear("pong")

    # The first one only: the closer has come. From then on what the connection found when it began is long past.
    assert announced.calls == 1


async def test_sockets_that_compare_share_one_look_at_the_rows(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [await connect(alices_browser) for _ in range(4)]
    for socket in lines:
        await socket.hello()
        await socket.hear("roster")
    standing, rendered = Counted(snapshot.standing), Counted(roster.read)
    monkeypatch.setattr(snapshot, "standing", standing)
    monkeypatch.setattr(roster, "read", rendered)
    await silently(session, "call.answered")

    await asyncio.gather(*(one.compare_positions() for one in standings()))

    assert [(await socket.hear("event"))["seq"] for socket in lines] == [2] * 4
    assert (standing.calls, rendered.calls) == (1, 0)


async def test_what_happens_while_rows_are_compared_is_no_reason_to_reload(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    read, gate = reads.standing_soon, asyncio.Event()

    async def slowly(*arguments: Any) -> reads.Standing:
        told = await read(*arguments)
        await gate.wait()
        return told

    monkeypatch.setattr(reads, "standing_soon", slowly)
    comparing = asyncio.create_task(standings()[0].compare_positions())
    await asyncio.sleep(1.5)
    await telling(session, "call.answered")
    assert (await socket.hear("event"))["seq"] == 2
    gate.set()
    await comparing

    assert await socket.hears_nothing("reload", "gone")


async def test_one_slow_page_holds_up_nobody(
    connect: Connect,
    alices_browser: Client,
    bens_browser: Client,
    session: VoiceSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alices, bens = await connect(alices_browser), await connect(bens_browser)
    for socket in (alices, bens):
        await socket.hello()
    gate, show = threading.Event(), snapshot.watch_frame
    monkeypatch.setattr(snapshot, "watch_frame", lambda *given: gate.wait(10) and show(*given))

    await alices.say(type="watch", session=str(session.pk))
    try:
        await telling(session, "call.answered")
        assert (await bens.hear("event"))["seq"] == 2
        assert await alices.hears_nothing("watching", seconds=0.1)
    finally:
        gate.set()

    assert (await alices.hear("watching"))["session"] == str(session.pk)


async def test_no_thread_keeps_a_connection(alice: Closer) -> None:
    together = threading.Barrier(reads.threads.most)

    def look() -> int:
        together.wait(5)
        return Closer.objects.count()

    def is_held() -> bool:
        together.wait(5)
        return connection.connection is not None

    assert (
        await asyncio.gather(*(reads.threads.lend(look)() for _ in range(together.parties))) == [1] * together.parties
    )

    loop = asyncio.get_running_loop()
    held = [loop.run_in_executor(reads.threads.executor, is_held) for _ in range(together.parties)]
    assert await asyncio.gather(*held) == [False] * together.parties


async def test_a_process_listens_once_for_all_its_sockets(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    lines = [await connect(alices_browser) for _ in range(4)]
    for socket in lines:
        await socket.hello()

    channels = get_channel_layer()._get_layer().channels
    assert len(channels) == len(hub.of_this_loop().groups) == 2

    for socket in lines:
        await socket.line.disconnect()
    await asyncio.sleep(0.1)
    assert len(channels) == len(hub.of_this_loop().groups) == 0


async def test_lines_to_which_nothing_is_pushed_any_more_are_closed(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    group = hub.of_this_loop().groups[groups.team(session.team_id)]

    group.layer._get_layer().channels[group.channel].put_nowait(b"not what a layer says")

    assert await socket.closed_with() == sockets.FAILED
    again = await connect(alices_browser)
    await again.hello()
    await telling(session, "call.answered")
    assert (await again.hear("event"))["seq"] == 2


async def test_an_entry_does_not_wait_for_the_roster(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    await socket.hear("roster")

    async def never(*_: Any, **__: Any) -> Awaitable[str]:
        return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(reads, "team_state", never)
    await telling(session, "handoff.triggered")
    await asyncio.sleep(0.2)
    await telling(session, "call.answered")

    assert [(await socket.hear("event"))["seq"] for _ in range(2)] == [2, 3]


async def test_a_roster_that_came_late_does_not_replace_a_later_one(
    connect: Connect, alices_browser: Client, alice: Closer
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    await socket.hear("roster")
    (consumer,) = standings()
    early = consumer.told
    await database_sync_to_async(actions.set_available)(alice, False, now=timezone.now())
    await socket.hear("roster")

    await consumer._send_team(early)

    assert consumer.told.number > early.number
    assert await socket.hears_nothing("roster")


async def test_a_page_that_takes_nothing_is_told_nothing_until_it_answers(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    await socket.hear("roster")
    monkeypatch.setattr(limits, "MOST_UNANSWERED", standings()[0].unanswered - 1)

    for _ in range(3):
        await telling(session, "call.answered")
    assert await socket.hears_nothing("event", "reload")
    assert await socket.hear("beat", seconds=2)

    await socket.say(type="ping")
    assert await socket.hear("reload")
    assert (await socket.hello())["cursors"] == {str(session.pk): 4}
    await telling(session, "assistant.ended")
    assert (await socket.hear("event"))["seq"] == 5


async def test_one_thing_is_told_however_long_it_is(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped, it would be asked for again, and dropped again, and no ring would be heard meanwhile."""
    socket = await connect(alices_browser)
    await socket.hello()
    await socket.hear("roster")
    monkeypatch.setattr(limits, "MOST_UNANSWERED", 0)
    standings()[0].unanswered = 0

    await telling(session, "call.answered")

    assert (await socket.hear("event"))["seq"] == 2


async def test_a_line_that_goes_while_it_is_told_something_is_over(
    connect: Connect,
    alices_browser: Client,
    session: VoiceSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    (line,) = standings()

    async def gone(message: object) -> None:
        raise OSError

    monkeypatch.setattr(line, "base_send", gone)
    await telling(session, "call.answered")
    await asyncio.sleep(0.3)
    await socket.line.disconnect()
    await asyncio.sleep(0.3)

    assert line.tasks == set()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_what_is_shared_is_read_on_as_far_as_there_is_more(
    connect: Connect, alices_browser: Client, bens_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    alices, bens = await connect(alices_browser), await connect(bens_browser)
    for socket in (alices, bens):
        await socket.hello()
        await socket.hear("roster")
    busy = next(one for one in standings() if one.user_id != alice.user_id)

    async with busy.turn:
        await telling(session, "call.answered")
        assert (await alices.hear("event"))["seq"] == 2
        await telling(session, "call.bridged")
        assert (await alices.hear("event"))["seq"] == 3
        await asyncio.sleep(0.2)

    assert [(await bens.hear("event"))["seq"] for _ in range(2)] == [2, 3]


async def test_a_page_that_was_away_is_told_all_that_others_were_told_one_by_one(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    there = await connect(alices_browser)
    known = await there.hello()
    for kind in ("call.answered", "call.bridged", "call.hangup"):
        await telling(session, kind)
        await there.hear("event")

    back = await connect(alices_browser)
    await back.say(type="hello", epoch=known["epoch"], cursors=known["cursors"], watching=None)
    await back.hear("resumed")

    assert [(await back.hear("event"))["seq"] for _ in range(3)] == [2, 3, 4]


async def test_pushes_wait_once_for_each_session(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    (behind,) = standings()

    async with behind.turn:
        for _ in range(5):
            await telling(session, "call.answered")
        await asyncio.sleep(0.2)
        assert {key: seq for key, (seq, _) in behind.pushed.items()} == {str(session.pk): 6}

    assert [(await socket.hear("event"))["seq"] for _ in range(5)] == [2, 3, 4, 5, 6]


async def test_a_line_that_fails_is_closed_so_that_its_page_comes_back(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    async def fails(*_: Any, **__: Any) -> None:
        raise OSError("no connection")

    monkeypatch.setattr(reads, "frames", fails)
    await telling(session, "call.answered")

    assert await socket.closed_with() == sockets.FAILED
