"""A team's conversation and the browsers that look at it: real logins, real sockets, the real Redis layer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from channels.db import aclose_old_connections, database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from agileadapt.asgi import application
from dashboard.live import consumers, reads
from dashboard.render import fragments
from handoff.models import Closer, Handoff, Offer
from sessions_app import timeline
from sessions_app.models import CallLeg, Run, TimelineEntry, VoiceSession, WidgetConfig
from sessions_app.rules import plain_values
from tests import handoffs
from tests.people import logged_in

Connect = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_rendered_yet() -> Iterator[None]:
    """What one test rendered must not be served to the next."""
    yield
    fragments.forget()
    reads.forget()


def visit(widget: WidgetConfig, **values: Any) -> VoiceSession:
    values = {
        "created_at": timezone.now() - timedelta(minutes=2),
        "assistant_started_at": timezone.now(),
        "run_number": 1,
        **values,
    }
    session = VoiceSession.objects.create(
        widget=widget, team=widget.team, connection_mode=widget.connection_mode, **values
    )
    if values["assistant_started_at"] is not None:
        began = values["assistant_started_at"]
        session.current_run = Run.objects.create(session=session, number=1, requested_at=began, started_at=began)
        session.save(update_fields=["current_run"])
    tell(session, "session.created")
    return session


def tell(session: VoiceSession, kind: str, payload: dict[str, Any] | None = None) -> TimelineEntry:
    with transaction.atomic():
        return timeline.append(session, kind, payload or {})


def described(values: dict[str, str], *, at: datetime) -> list[plain_values.Row]:
    """What the visitor's page said, in the order of the list."""
    return plain_values.add([], values, source=plain_values.PAGE, at=at, order=list(values))


def hand_over(session: VoiceSession, closer: Closer | None = None, *, state: str = "ringing") -> Handoff:
    now = timezone.now()
    return handoffs.create(
        session=session,
        trigger="gather_complete",
        state=state,
        method="bridge",
        closer=closer,
        deadline_at=now + timedelta(seconds=25),
        triggered_at=now - timedelta(seconds=2),
        give_up_at=now + timedelta(seconds=60),
        accepted_at=now if closer else None,
    )


def ring(session: VoiceSession, closer: Closer) -> Offer:
    """What the hand-over writes when it rings a closer."""
    now = timezone.now()
    with transaction.atomic():
        offer = Offer.objects.create(
            handoff=hand_over(session),
            closer=closer,
            reason="longest idle, 6 min",
            offered_at=now,
            expires_at=now + timedelta(seconds=25),
        )
        tell(session, "handoff.offered", {"offer": str(offer.pk), "closer": closer.pk, "closer_name": str(closer)})
    return offer


@pytest.fixture
def session(widget: WidgetConfig) -> VoiceSession:
    return visit(widget)


@pytest.fixture
def alices_browser(alice: Closer) -> Client:
    return logged_in(alice.user)


@pytest.fixture
def bobs_browser(bob: Closer) -> Client:
    return logged_in(bob.user)


@pytest.fixture
def talking(session: VoiceSession, settings: Any) -> VoiceSession:
    """The assistant speaks on a leg of ours."""
    now = timezone.now()
    settings.TELNYX_CONNECTION_ID = "our-connection"
    session.current_leg = CallLeg.objects.create(
        session=session,
        role="prospect",
        call_control_id="v3:prospect",
        connection_id="our-connection",
        initiated_at=now,
        answered_at=now,
    )
    session.call_control_id = "v3:prospect"
    session.save(update_fields=["current_leg", "call_control_id"])
    return session


@pytest.fixture
def bens_browser(ben: Closer) -> Client:
    return logged_in(ben.user)


class Socket:
    """A dashboard page's end of the live line."""

    def __init__(self, browser: Client | None, *, origin: str | None = None) -> None:
        host = settings.ALLOWED_HOSTS[0].encode()
        headers = [(b"host", host), (b"origin", (origin or f"http://{host.decode()}").encode())]
        if browser:
            cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
            headers.append((b"cookie", cookie.encode()))
        self.line = WebsocketCommunicator(application, "/ws/dashboard/", headers=headers)

    async def open(self) -> bool:
        is_open, self.code = await self.line.connect(timeout=5)
        return is_open

    async def say(self, **frame: Any) -> None:
        await self.line.send_to(text_data=json.dumps(frame))

    async def hear(self, kind: str, *, seconds: float = 3) -> dict[str, Any]:
        """The next frame of this kind; others in between are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                frame: dict[str, Any] = json.loads(await self.line.receive_from(timeout=seconds))
                if frame["type"] == kind:
                    return frame

    async def hears_nothing(self, *kinds: str, seconds: float = 0.5) -> bool:
        """Whether none of these kinds arrives in this time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    # The communicator cancels its application when its own timeout ends, so ours ends first.
                    if json.loads(await self.line.receive_from(timeout=60))["type"] in kinds:
                        return False
        except TimeoutError:
            return True

    async def closed_with(self, *, seconds: float = 4) -> int:
        async with asyncio.timeout(seconds):
            while True:
                message = await self.line.receive_output(timeout=seconds)
                if message["type"] == "websocket.close":
                    return int(message["code"])

    async def hello(self, **fields: Any) -> dict[str, Any]:
        """Introduce the page and take the snapshot."""
        await self.say(type="hello", **({"epoch": None, "cursors": {}, "watching": None} | fields))
        return await self.hear("snapshot")


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Any]]:
    """Open a socket as the person of a browser; everything is closed at the end."""
    sockets: list[Socket] = []

    async def connected(browser: Client | None, **options: Any) -> Socket:
        socket = Socket(browser, **options)
        sockets.append(socket)
        await socket.open()
        return socket

    yield connected
    for socket in sockets:
        if not socket.line.future.done():
            await socket.line.disconnect()
    # While a communicator plays, Channels keeps connections open.
    await aclose_old_connections()


@database_sync_to_async
def silently(session: VoiceSession, kind: str) -> None:
    """Write an entry whose push is lost."""
    VoiceSession.objects.filter(pk=session.pk).update(last_seq=session.last_seq + 1)
    session.refresh_from_db()
    now = timezone.now()
    TimelineEntry.objects.create(session=session, seq=session.last_seq, kind=kind, occurred_at=now, recorded_at=now)


def standings() -> list[Any]:
    """The consumers behind the open sockets."""
    return [one for sockets in consumers._open._sockets.values() for one in sockets if one.closer is not None]


def standing(socket: Socket) -> Any:
    """The consumer behind a socket."""
    return standings()[0]


telling = database_sync_to_async(tell)
ringing = database_sync_to_async(ring)
visiting = database_sync_to_async(visit)
