"""What a page may not say over the live line."""

import json

import pytest
from django.test import Client

from dashboard.live import limits
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

    assert await socket.closed_with() == limits.MISBEHAVED


async def test_bytes_close_the_line(connect: Connect, alices_browser: Client) -> None:
    socket = await connect(alices_browser)

    await socket.line.send_to(bytes_data=b'{"type":"ping"}')

    assert await socket.closed_with() == limits.MISBEHAVED


async def test_a_long_frame_closes_the_line(connect: Connect, alices_browser: Client) -> None:
    socket = await connect(alices_browser)

    await socket.line.send_to(text_data=json.dumps({"type": "ping", "padding": "é" * 40_000}))

    assert await socket.closed_with() == limits.TOO_BIG


async def test_a_flood_closes_the_line(connect: Connect, alices_browser: Client) -> None:
    socket = await connect(alices_browser)

    for _ in range(limits.BURST_FRAMES + 5):
        await socket.say(type="ping")

    assert await socket.closed_with() == limits.MISBEHAVED


async def test_the_sixth_dashboard_closes_the_first(connect: Connect, alices_browser: Client) -> None:
    sockets = [await connect(alices_browser) for _ in range(limits.SOCKETS_PER_USER + 1)]

    assert await sockets[0].closed_with() == limits.MISBEHAVED
    await sockets[-1].say(type="ping")
    assert await sockets[-1].hear("pong")
