"""What a page may not say over the live line."""

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from dashboard import permissions
from dashboard.live import limits
from sessions_app.http import sockets
from tests.dashboard.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "{",
        "[]",
        "null",
        "[" * 20_000,
        '{"type":"teleport"}',
        '{"type":"watch","session":"team-1"}',
        '{"type":"watch","session":7}',
        '{"type":"hello","epoch":7}',
        '{"type":"hello","epoch":null,"cursors":{"x":1}}',
        '{"type":"hello","epoch":null,"cursors":{"8f2c8d0e-8f3b-4b1c-9d0a-1d2e3f405162":-1}}',
        '{"type":"hello","epoch":null,"cursors":{"8f2c8d0e-8f3b-4b1c-9d0a-1d2e3f405162":true}}',
        '{"type":"presence","softphone":1,"microphone":true,"sound":true}',
        '{"type":"presence"}',
        *(
            f'{{"type":"presence","softphone":true,"microphone":true,"sound":true,{more}}}'
            for more in (
                '"page":"mine"',
                '"page":7',
                '"username":7',
                '"username":"a\\u0000"',
                f'"username":"{"x" * 101}"',
            )
        ),
    ],
)
async def test_a_frame_that_is_not_ours_closes_the_line(connect: Connect, alices_browser: Client, text: str) -> None:
    socket = await connect(alices_browser)

    await socket.line.send_to(text_data=text)

    assert await socket.closed_with() == sockets.MISBEHAVED


async def test_bytes_close_the_line(connect: Connect, alices_browser: Client) -> None:
    socket = await connect(alices_browser)

    await socket.line.send_to(bytes_data=b'{"type":"ping"}')

    assert await socket.closed_with() == sockets.MISBEHAVED


async def test_a_long_frame_closes_the_line(connect: Connect, alices_browser: Client) -> None:
    socket = await connect(alices_browser)

    await socket.line.send_to(text_data=json.dumps({"type": "ping", "padding": "é" * 40_000}))

    assert await socket.closed_with() == sockets.TOO_BIG


async def test_a_flood_closes_the_line(connect: Connect, alices_browser: Client) -> None:
    socket = await connect(alices_browser)

    for _ in range(sockets.BURST_FRAMES + 5):
        await socket.say(type="ping")

    assert await socket.closed_with() == sockets.MISBEHAVED


async def test_the_sixth_dashboard_closes_the_first(connect: Connect, alices_browser: Client) -> None:
    opened = [await connect(alices_browser) for _ in range(limits.SOCKETS_PER_USER + 1)]

    assert await opened[0].closed_with() == sockets.MISBEHAVED
    await opened[-1].say(type="ping")
    assert await opened[-1].hear("pong")


async def test_nothing_goes_on_for_a_dashboard_that_the_server_gave_up(
    connect: Connect, alices_browser: Client
) -> None:
    """A server that has waited too long for us after a page went cancels us, and says nothing of an end."""
    socket = await connect(alices_browser)
    assert at_work()

    socket.line.future.cancel()

    async with asyncio.timeout(5):
        await asyncio.gather(socket.line.future, *at_work(), return_exceptions=True)
    assert not at_work()


def at_work() -> list[Any]:
    return [task for task in asyncio.all_tasks() if "DashboardConsumer." in task.get_coro().__qualname__]


def test_a_server_may_close_with_our_codes() -> None:
    """Daphne raises an error at others than 1000 and those of an application's own."""
    codes = (sockets.MISBEHAVED, sockets.TOO_BIG, sockets.FAILED, permissions.SIGNED_OUT, permissions.NO_CLOSER)

    assert all(3000 <= code < 5000 for code in codes)
