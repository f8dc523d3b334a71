"""One visit's token against the shipped server: it holds a handful of sockets, and none of them outlives its page."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from channels.db import database_sync_to_async
from django.db import connection

from sessions_app.models import VoiceSession
from sessions_app.visitor_page.consumers import MAX_FRAME_BYTES, REFRESH_SECONDS, SOCKETS_PER_SESSION
from sessions_app.visits import tokens
from tests import web_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

MANY = 60
SETTLED_SECONDS = 2
CLOSED_SECONDS = 20
# Longer than any socket asks again; on a busy machine what was under way takes its time.
ROUNDS = 4


@pytest.fixture(params=["daphne", "uvicorn"])
def url(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[str]:
    with web_process.running(request.param, port_from=9760, log=tmp_path / "web.log") as url:
        yield url


@database_sync_to_async
def last_look() -> datetime:
    """When the server last asked for a session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(query_start) FROM pg_stat_activity WHERE datname = current_database()"
            # This very question may have been asked before on another connection of the test's own.
            " AND query LIKE %s AND query NOT LIKE %s",
            ["%sessions_app_voicesession%", "%pg_stat_activity%"],
        )
        found: datetime = cursor.fetchone()[0]
        return found


async def until_closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def test_a_token_holds_few_sockets_and_nothing_goes_on_without_them(url: str, session: VoiceSession) -> None:
    hello = {"type": "hello", "token": tokens.issue(session.pk)}
    async with aiohttp.ClientSession() as http, AsyncExitStack() as opened:
        open_until = {}
        for _ in range(MANY):
            socket = await opened.enter_async_context(http.ws_connect(f"{url}/ws/prospect/", origin=url))
            await socket.send_json(hello)
            open_until[asyncio.create_task(until_closed(socket))] = socket
        waiting: set[asyncio.Task[None]] = set(open_until)
        while len(waiting) > SOCKETS_PER_SESSION:
            done, waiting = await asyncio.wait(waiting, timeout=CLOSED_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            assert done, f"{len(waiting)} sockets of one visit stay open"
        _, waiting = await asyncio.wait(waiting, timeout=SETTLED_SECONDS)
        assert len(waiting) == SOCKETS_PER_SESSION

        # Deeper than Python reads: an error of the server's own, where it is not seen to.
        for task in waiting:
            await open_until[task].send_str("[" * MAX_FRAME_BYTES)
        await asyncio.wait(waiting, timeout=CLOSED_SECONDS)

    for _ in range(ROUNDS):
        before = await last_look()
        await asyncio.sleep(REFRESH_SECONDS + SETTLED_SECONDS)
        if await last_look() == before:
            return
    pytest.fail("the server goes on asking for the session")
