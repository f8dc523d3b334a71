"""A browser without a screen: speaks the SDK's signalling and carries real WebRTC audio."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp
import numpy as np

from sandbox.media.audio import SAMPLE_RATE, Loop, Pcm
from sandbox.media.webrtc import Media

PATIENCE = 40.0
STEP = 0.01
SPEECH_RMS = 1000.0
TONE_RMS = 3000.0
QUIET_RMS = 100.0
TONE_AMPLITUDE = 3000.0
FAINT_AMPLITUDE = 300.0


async def eventually(look: Callable[[], Any]) -> Any:
    """Look again and again until there is something, and return it."""
    for _ in range(int(PATIENCE / STEP)):
        if found := look():
            return found
        await asyncio.sleep(STEP)
    raise TimeoutError("it did not happen in time")


def tone(hertz: float, amplitude: int = 6000) -> Pcm:
    """One second of a steady tone that loops without a click."""
    seconds = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * seconds), dtype=np.int16)


class Recorder:
    """Keeps the last 200 ms of what a phone hears, and tells which tones are in it."""

    def __init__(self) -> None:
        self.muted = False
        self._latest: Pcm = np.zeros(0, np.int16)

    def push(self, pcm: Pcm) -> None:
        self._latest = np.concatenate((self._latest, pcm))[-SAMPLE_RATE // 5 :]

    def amplitude(self, hertz: float) -> float:
        """How strong this tone is, on the scale of `tone`; 0 until 200 ms were heard."""
        count = len(self._latest)
        if count < SAMPLE_RATE // 5:
            return 0.0
        wave = np.exp(-2j * np.pi * hertz * np.arange(count) / SAMPLE_RATE)
        return float(2 * abs(np.dot(self._latest.astype(np.float64), wave)) / count)


class Phone:
    def __init__(self, url: str, *, hertz: float = 700.0) -> None:
        self._url = url
        self.hertz = hertz
        self._tone = tone(hertz)
        self._recorder = Recorder()
        self._http = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.frames: list[dict[str, Any]] = []
        self.arrived = asyncio.Condition()
        self.sessid = ""
        self.call_id = ""
        self.media: Media | None = None

    async def close(self) -> None:
        if self.media:
            await self.media.close()
        await self.drop_socket()
        await self._http.close()

    async def drop_socket(self) -> None:
        if self._reader:
            self._reader.cancel()
        if self._socket:
            await self._socket.close()

    # Signing in.

    async def open(self) -> None:
        self._socket = await self._http.ws_connect(self._url)
        self._reader = asyncio.create_task(self._read(self._socket))

    async def sign_in(self, **params: Any) -> dict[str, Any]:
        """Log in with `login_token`, `login`/`passwd`, or as an anonymous visitor with `target_id`."""
        await self.open()
        method = "anonymous_login" if "target_id" in params else "login"
        reply = await self.ask(method, {"reconnection": False, **params})
        if "result" in reply:
            self.sessid = reply["result"]["sessid"]
            await self.frame("telnyx_rtc.clientReady")
            state = await self.ask("telnyx_rtc.gatewayState", {})
            assert state["result"]["params"]["state"] == "REGED"
        return reply

    # Calls.

    async def call(self, **dialog: Any) -> str:
        """Place a call and return its id; the answer may come much later."""
        self.media = Media(on_lost=lambda: None)
        self.call_id = str(uuid.uuid4())
        sdp = await self.media.offer()
        reply = await self.ask("telnyx_rtc.invite", {"sdp": sdp, "dialogParams": {"callID": self.call_id, **dialog}})
        assert reply["result"]["message"] == "CALL CREATED"
        return self.call_id

    async def until_answered(self) -> dict[str, Any]:
        answer = await self.frame("telnyx_rtc.answer")
        assert self.media
        await self.media.accept(answer["sdp"])
        await self.until_connected()
        return answer

    async def pick_up(self) -> dict[str, Any]:
        """Answer the call that rings here."""
        invite = await self.frame("telnyx_rtc.invite")
        self.media = Media(on_lost=lambda: None)
        self.call_id = invite["callID"]
        sdp = await self.media.answer(invite["sdp"])
        reply = await self.ask("telnyx_rtc.answer", {"sdp": sdp, "dialogParams": {"callID": self.call_id}})
        assert reply["result"]["message"] == "CALL ANSWERED"
        await self.until_connected()
        return invite

    async def hang_up(self) -> None:
        await self.ask("telnyx_rtc.bye", {"dialogParams": {"callID": self.call_id}, "cause": "NORMAL_CLEARING"})

    async def until_dropped(self) -> None:
        """Wait until the other end has closed the socket."""
        socket = self._socket
        assert socket
        await eventually(lambda: socket.closed)

    async def until_connected(self) -> None:
        media = self.media
        assert media
        await eventually(lambda: media.connected)

    # Sound.

    def speak(self) -> None:
        assert self.media
        self.media.outlet.base = Loop(self._tone, name="tone")

    def be_quiet(self) -> None:
        assert self.media
        self.media.outlet.base = None

    async def say_something(self, seconds: float = 0.4) -> None:
        """One spoken turn; the silence after it is left to the listener."""
        self.speak()
        await asyncio.sleep(seconds)
        self.be_quiet()

    async def until_loud(self, above: float = SPEECH_RMS) -> float:
        """Wait until 200 ms of sound are louder than this, and return how loud."""
        return float(await eventually(lambda: self._rms() > above and self._rms()))

    async def until_hears(self, other: "Phone", *, above: float = TONE_AMPLITUDE) -> None:
        """Wait until the other phone's tone is heard here."""
        await eventually(lambda: self._amplitude(other) > above)

    async def until_deaf_to(self, other: "Phone") -> None:
        await eventually(lambda: self._amplitude(other) < FAINT_AMPLITUDE)

    async def stays_deaf_to(self, other: "Phone", *, seconds: float = 0.6) -> None:
        """Fail when the other phone's tone is heard here within this time."""
        for _ in range(int(seconds / STEP)):
            assert self._amplitude(other) < FAINT_AMPLITUDE
            await asyncio.sleep(STEP)

    def _amplitude(self, other: "Phone") -> float:
        assert self.media
        self.media.taps.add(self._recorder)
        return self._recorder.amplitude(other.hertz)

    async def until_quiet(self) -> None:
        await eventually(lambda: self._rms() < QUIET_RMS)

    def _rms(self) -> float:
        assert self.media
        return self.media.meter.rms if self.media.meter.frames > 10 else QUIET_RMS

    # Frames.

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        frame_id = str(uuid.uuid4())
        self._replies[frame_id] = asyncio.get_running_loop().create_future()
        await self.send({"jsonrpc": "2.0", "id": frame_id, "method": method, "params": params})
        return await asyncio.wait_for(self._replies[frame_id], PATIENCE)

    async def send(self, frame: Any) -> None:
        assert self._socket
        await self._socket.send_json(frame)

    async def frame(self, method: str, count: int = 1) -> dict[str, Any]:
        """Wait for the n-th frame of this method and return its params."""

        def matching() -> list[dict[str, Any]]:
            return [frame["params"] for frame in self.frames if frame["method"] == method]

        async with self.arrived, asyncio.timeout(PATIENCE):
            await self.arrived.wait_for(lambda: len(matching()) >= count)
        return matching()[count - 1]

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = message.json()
            if "method" in frame:
                async with self.arrived:
                    self.frames.append(frame)
                    self.arrived.notify_all()
            elif frame["id"] in self._replies:
                self._replies.pop(frame["id"]).set_result(frame)
