"""The prospect's socket: who may open it, and what proves that somebody is at its other end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.utils import timezone

from accounts import roles
from accounts.roles import Action
from agileadapt.asgi import application
from sessions_app.models import VoiceSession
from sessions_app.visitor_page.consumers import UNKNOWN_SESSION
from sessions_app.visits import tokens, visits

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_SECONDS = 20


@pytest.fixture
async def socket() -> AsyncIterator[Any]:
    host = settings.ALLOWED_HOSTS[0].encode()
    headers = [(b"host", host), (b"origin", b"http://" + host)]
    opened = WebsocketCommunicator(application, "/ws/prospect/", headers=headers)
    is_open, _ = await opened.connect(timeout=WAIT_SECONDS)
    assert is_open
    yield opened
    await opened.disconnect()


async def hear(socket: Any, kind: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = await socket.receive_json_from(timeout=WAIT_SECONDS)
        if frame["type"] == kind:
            return frame


async def seen_at(session: VoiceSession) -> Any:
    await session.arefresh_from_db(fields=["page_seen_at"])
    return session.page_seen_at


async def first_seen(session: VoiceSession) -> Any:
    for _ in range(WAIT_SECONDS * 20):
        if moment := await seen_at(session):
            return moment
        await asyncio.sleep(0.05)
    raise AssertionError("the page was never seen")


async def test_the_page_is_told_the_state_and_asked_whether_it_is_there(socket: Any, session: VoiceSession) -> None:
    await socket.send_json_to({"type": "hello", "token": tokens.issue(session.pk)})

    assert (await hear(socket, "state"))["phase"] == "connecting"


async def test_an_answer_proves_that_the_page_is_open(socket: Any, session: VoiceSession) -> None:
    await socket.send_json_to({"type": "hello", "token": tokens.issue(session.pk)})
    await hear(socket, "ping")
    assert await seen_at(session) is None, "an open socket proves nothing"

    await socket.send_json_to({"type": "here"})

    assert await first_seen(session)


async def test_an_answer_that_nobody_asked_for_is_no_proof(socket: Any, session: VoiceSession) -> None:
    await socket.send_json_to({"type": "hello", "token": tokens.issue(session.pk)})
    await hear(socket, "ping")
    await socket.send_json_to({"type": "here"})
    first = await first_seen(session)

    for _ in range(3):
        await socket.send_json_to({"type": "here"})
    await hear_after_change(socket, session)

    assert await seen_at(session) == first


async def hear_after_change(socket: Any, session: VoiceSession) -> None:
    """By the time the page hears of a change, what it had sent before has been read."""
    end = database_sync_to_async(visits.end)
    await end(session, reason="test", now=timezone.now())
    while (await hear(socket, "state"))["phase"] != "ended":
        pass


@pytest.mark.parametrize("frame", [{"type": "here"}, ["here"], {"type": 7}, {}])
async def test_nothing_is_said_before_the_introduction(socket: Any, frame: Any, session: VoiceSession) -> None:
    await socket.send_json_to(frame)

    assert await socket.receive_nothing(timeout=0.2)
    assert await seen_at(session) is None


@pytest.mark.parametrize("token", ["", "x", None])
async def test_a_stranger_is_refused(socket: Any, session: VoiceSession, token: str | None) -> None:
    forged = tokens.ticket(session.pk) if token is None else token
    await socket.send_json_to({"type": "hello", "token": forged})

    closed = await socket.receive_output(timeout=WAIT_SECONDS)
    assert (closed["type"], closed["code"]) == ("websocket.close", UNKNOWN_SESSION)


async def test_whether_a_page_may_follow_is_asked_of_the_table(
    socket: Any, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Action.VISIT_FOLLOW: {}})

    await socket.send_json_to({"type": "hello", "token": tokens.issue(session.pk)})

    assert (await socket.receive_output(timeout=WAIT_SECONDS))["code"] == UNKNOWN_SESSION
    assert await seen_at(session) is None
