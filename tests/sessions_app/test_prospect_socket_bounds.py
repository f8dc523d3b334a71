"""How much one page, one visit and one address may ask of the prospect's socket, and that all of it ends with it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import OperationalError
from pytest_django import Settings

from agileadapt.asgi import application
from sessions_app.http import sockets
from sessions_app.models import VoiceSession
from sessions_app.visitor_page import consumers
from sessions_app.visits import tokens

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_SECONDS = 20
Open = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
async def open_socket() -> AsyncIterator[Open]:
    """Opens sockets, each for a visit if one is named; None where the server refuses one."""
    async with AsyncExitStack() as opened:

        async def open_one(session: VoiceSession | None = None, *, address: str = "203.0.113.7") -> Any:
            host = settings.ALLOWED_HOSTS[0].encode()
            headers = [(b"host", host), (b"origin", b"http://" + host)]
            socket = WebsocketCommunicator(application, "/ws/prospect/", headers=headers)
            socket.scope["client"] = (address, 50_000)
            is_open, _ = await socket.connect(timeout=WAIT_SECONDS)
            if not is_open:
                return None
            opened.push_async_callback(leave, socket)
            if session is not None:
                await socket.send_json_to({"type": "hello", "token": tokens.issue(session.pk)})
                await told(socket)
            return socket

        yield open_one


async def leave(socket: Any) -> None:
    if not socket.future.done():
        await socket.disconnect()


async def told(socket: Any) -> dict[str, Any]:
    """The next state that the page is shown."""
    while True:
        frame: dict[str, Any] = await socket.receive_json_from(timeout=WAIT_SECONDS)
        if frame["type"] == "state":
            return frame


async def closed(socket: Any) -> int:
    """The code with which the server closes the socket."""
    while True:
        said = await socket.receive_output(timeout=WAIT_SECONDS)
        if said["type"] == "websocket.close":
            return int(said["code"])


def at_work() -> set[str]:
    """What goes on for prospects' sockets in this process."""
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}
    return {name for name in names if name.startswith("ProspectConsumer.")}


async def until_idle() -> None:
    for _ in range(WAIT_SECONDS * 50):
        if not at_work():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it still goes on: {at_work()}")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"text_data": "x" * (consumers.MAX_FRAME_BYTES + 1)}, sockets.TOO_BIG),
        ({"text_data": "ä" * (consumers.MAX_FRAME_BYTES // 2 + 1)}, sockets.TOO_BIG),
        ({"text_data": "[" * consumers.MAX_FRAME_BYTES}, sockets.MISBEHAVED),
        ({"text_data": "{"}, sockets.MISBEHAVED),
        ({"bytes_data": b"{}"}, sockets.MISBEHAVED),
    ],
    ids=["long", "long in bytes", "deep", "no JSON", "binary"],
)
async def test_what_no_page_sends_closes_the_socket(
    open_socket: Open, session: VoiceSession, frame: dict[str, Any], code: int
) -> None:
    socket = await open_socket(session)

    await socket.send_to(**frame)

    assert await closed(socket) == code
    await socket.disconnect()
    await until_idle()


async def test_more_frames_than_a_page_ever_sends_close_the_socket(open_socket: Open, session: VoiceSession) -> None:
    socket = await open_socket(session)

    for _ in range(2 * sockets.BURST_FRAMES):
        await socket.send_json_to({"type": "here"})

    assert await closed(socket) == sockets.MISBEHAVED


async def test_the_newest_pages_of_a_visit_stay(open_socket: Open, session: VoiceSession) -> None:
    pages = [await open_socket(session) for _ in range(consumers.SOCKETS_PER_SESSION + 2)]

    assert [await closed(page) for page in pages[:2]] == [sockets.MISBEHAVED] * 2
    for page in pages[2:]:
        await page.send_json_to({"type": "here"})
        assert not page.future.done()


async def test_an_address_opens_no_more_than_it_can_have_tokens_for(
    open_socket: Open, session: VoiceSession, settings: Settings
) -> None:
    settings.TOKEN_LIMIT_PER_ADDRESS = 1
    silent = [await open_socket() for _ in range(consumers.most_of_network())]

    assert await open_socket() is None
    assert await open_socket(address="203.0.113.8") is not None
    await silent[0].disconnect()
    assert await open_socket() is not None


async def test_behind_a_proxy_the_proxy_s_own_entry_counts(open_socket: Open, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT, settings.TOKEN_LIMIT_PER_ADDRESS = 1, 1
    consumer = consumers.ProspectConsumer()
    consumer.scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"192.0.2.1, 203.0.113.9")]}

    assert consumer._network() == "203.0.113.9"


async def test_nothing_goes_on_for_a_socket_that_the_server_gave_up(open_socket: Open, session: VoiceSession) -> None:
    """A server that has waited too long for us after a page went cancels us, and says nothing of an end."""
    socket = await open_socket(session)
    assert at_work()

    socket.future.cancel()

    await until_idle()
    assert consumers._of_session.count(f"session-{session.pk}") == consumers._of_network.count("203.0.113.7") == 0


async def test_nothing_goes_on_for_a_socket_whose_frame_fails(
    open_socket: Open, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await open_socket(session)
    monkeypatch.setattr(consumers.ProspectConsumer, "_seen", fail)

    await socket.send_json_to({"type": "here"})

    await until_idle()
    with pytest.raises(OperationalError):
        await socket.future


async def test_a_page_that_cannot_be_told_anything_more_hears_so(
    open_socket: Open, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await open_socket()
    monkeypatch.setattr(consumers.ProspectConsumer, "_state", fail)

    await socket.send_json_to({"type": "hello", "token": tokens.issue(session.pk)})

    assert await closed(socket) == sockets.FAILED


def fail(_: Any) -> None:
    raise OperationalError("the database is away")
