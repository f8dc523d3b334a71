"""People without browsers: they speak the pages' HTTP and sockets and carry real audio, and come back when cut off."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from sandbox.media.webrtc import Media
from tests.sandbox.phone import Phone

PASSWORD = "talk-to-alice"
DOMAIN = "agileadapt.example"
WIDGET = "demo"
# A machine that others use too may need this long to start a worker again.
PATIENCE = 90.0
STEP = 0.05
RETRY_SECONDS = 0.3

Result = TypeVar("Result")


class NotInTime(AssertionError):
    """Something did not happen."""


async def until(what: str, look: Callable[[], Result], *, seconds: float = PATIENCE) -> Result:
    """Look again and again until there is something, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(STEP)
    return found


async def insist(ask: Callable[[], Awaitable[aiohttp.ClientResponse]], *, seconds: float = PATIENCE) -> Any:
    """Ask again while the server is away, as the pages do; return status and decoded body."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            response = await ask()
            if response.status < 500:
                text = await response.text()
                return response.status, json.loads(text) if text.startswith(("{", "[")) else text
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            response = error
        if time.monotonic() > deadline:
            raise NotInTime(f"no answer: {response!r}")
        await asyncio.sleep(RETRY_SECONDS)


class Softphone(Phone):
    """A phone that knows how often it was rung."""

    rung = 0

    def is_ringing(self) -> bool:
        return sum(frame["method"] == "telnyx_rtc.invite" for frame in self.frames) > self.rung

    async def next_ring(self) -> dict[str, Any]:
        await until("the softphone's ring", self.is_ringing)
        self.rung += 1
        return await self.frame("telnyx_rtc.invite", self.rung)

    async def pick_up_next(self) -> dict[str, Any]:
        invite = await self.next_ring()
        self.media = Media(on_lost=lambda: None)
        self.call_id = invite["callID"]
        sdp = await self.media.answer(invite["sdp"])
        # Refused when the call was taken back in the very moment.
        await self.ask("telnyx_rtc.answer", {"sdp": sdp, "dialogParams": {"callID": self.call_id}})
        return invite

    async def reject_next(self) -> None:
        invite = await self.next_ring()
        self.call_id = invite["callID"]
        await self.hang_up()


@dataclass
class Frame:
    at: float
    body: dict[str, Any]


@dataclass
class Closer:
    """A closer's dashboard and softphone."""

    name: str
    base_url: str
    sandbox_url: str
    http: aiohttp.ClientSession
    frames: list[Frame] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    epoch: str | None = None
    gaps: list[str] = field(default_factory=list)
    phone: Softphone | None = None
    line: asyncio.Task[None] | None = None

    @classmethod
    async def log_in(cls, name: str, base_url: str, sandbox_url: str) -> "Closer":
        http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=10), base_url=base_url
        )
        closer = cls(name, base_url, sandbox_url, http)
        await http.get("/accounts/login/")
        form = {"username": f"{name}@{DOMAIN}", "password": PASSWORD, "csrfmiddlewaretoken": closer.csrf()}
        response = await http.post("/accounts/login/", data=form, headers={"Referer": f"{base_url}/accounts/login/"})
        assert response.url.path == "/dashboard/", f"{name} is not logged in"
        return closer

    def csrf(self) -> str:
        return next(cookie.value for cookie in self.http.cookie_jar if cookie.key == "csrftoken")

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"X-CSRFToken": self.csrf(), "Referer": f"{self.base_url}/dashboard/"}
        answer: tuple[int, Any] = await insist(lambda: self.http.post(path, json=body or {}, headers=headers))
        return answer

    async def take_calls(self) -> None:
        """Open the socket, register the softphone, say that calls are wanted."""
        self.line = asyncio.create_task(self._stay_connected())
        _, login = await self.post("/dashboard/softphone/login")
        self.phone = Softphone(self.sandbox_url + "/", hertz=450.0)
        await self.phone.sign_in(login_token=login["token"])
        status, _ = await self.post("/dashboard/availability", {"available": True})
        assert status == 200
        await until("the dashboard's snapshot", lambda: self.epoch)

    async def leave(self) -> None:
        """The tab dies: socket and softphone are gone at once."""
        if self.line:
            self.line.cancel()
            with suppress(asyncio.CancelledError):
                await self.line
            self.line = None
        if self.phone:
            phone, self.phone = self.phone, None
            await phone.close()

    async def close(self) -> None:
        await self.leave()
        await self.http.close()

    # The live line.

    async def _stay_connected(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self.http.ws_connect("/ws/dashboard/", origin=self.base_url) as socket:
                    await socket.send_json({"type": "hello", "epoch": self.epoch, "cursors": self.cursors})
                    await self._listen(socket)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        presence = {"type": "presence", "softphone": True, "microphone": True, "sound": True}
        await socket.send_json(presence)
        async for message in socket:
            body = json.loads(message.data)
            self.frames.append(Frame(time.time(), body))
            match body["type"]:
                case "beat":
                    await socket.send_json(presence)
                case "snapshot":
                    self.epoch, self.cursors = body["epoch"], dict(body["cursors"])
                case "reload":
                    self.epoch, self.cursors = None, {}
                    await socket.send_json({"type": "hello", "epoch": None, "cursors": {}})
                case "event":
                    self._count(body["session"], body["seq"])

    def _count(self, session: str, seq: int) -> None:
        expected = self.cursors.get(session, 0) + 1
        if seq != expected:
            self.gaps.append(f"{session}: {seq} instead of {expected}")
        self.cursors[session] = seq

    # The call.

    def ring(self) -> dict[str, Any] | None:
        """The call that rings on the dashboard now."""
        shown: dict[str, Any] | None = None
        for frame in self.frames:
            body = frame.body
            if body["type"] == "ring":
                shown = body
            elif body["type"] == "ring_over" or (body["type"] == "desk" and not body.get("ring")):
                shown = None
        return shown

    async def rung(self, *, seconds: float = PATIENCE) -> str:
        """Wait for a ring and return its offer."""
        return str((await until(f"{self.name}'s ring", self.ring, seconds=seconds) or {})["offer"])

    async def accept(self, offer: str) -> tuple[int, Any]:
        return await self.post(f"/dashboard/offers/{offer}/accept")

    async def decline(self, offer: str) -> tuple[int, Any]:
        return await self.post(f"/dashboard/offers/{offer}/decline")

    async def take_ring(self) -> str:
        """Accept the ring and pick up; returns the hand-over."""
        status, body = await self.accept(await self.rung())
        assert status == 200, body
        assert self.phone
        await self.phone.pick_up_next()
        return str(body["handoff"])

    async def hang_up(self, handoff: str) -> tuple[int, Any]:
        return await self.post(f"/dashboard/handoffs/{handoff}/hang-up")

    async def complete(self, handoff: str) -> tuple[int, Any]:
        return await self.post(f"/dashboard/handoffs/{handoff}/complete", {"disposition": "follow_up"})


@dataclass
class Prospect:
    """A visitor on a line."""

    session_id: str
    token: str
    phone: Phone
    http: aiohttp.ClientSession

    @classmethod
    async def call(cls, base_url: str, sandbox_url: str) -> "Prospect":
        """Consent, get a credential, call, and be answered."""
        http = aiohttp.ClientSession(base_url=base_url, timeout=aiohttp.ClientTimeout(total=10))
        asked = {"widget": WIDGET, "consent": {"version": "2026-11", "recording": True}}
        status, body = await insist(lambda: http.post("/api/orchestration/token", json=asked, headers=origin(base_url)))
        assert status == 201, body
        phone = Phone(sandbox_url + "/")
        await phone.sign_in(login_token=body["credentials"]["token"])
        await phone.call(destination_number="agileadapt")
        await phone.until_answered()
        return cls(body["session"]["id"], body["session"]["token"], phone, http)

    async def hang_up(self) -> None:
        await self.phone.hang_up()

    async def close(self) -> None:
        await self.phone.close()
        await self.http.close()


def origin(base_url: str) -> dict[str, str]:
    return {"Origin": base_url}
