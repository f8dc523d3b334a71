"""Places, answers and ends legs; every step is told by webhook and to the browser concerned."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from sandbox.calling.capacity import Capacity
from sandbox.calling.frames import browser_ids, farewell, invitation
from sandbox.config import Config
from sandbox.media.audio import Loop, Playback, ringback
from sandbox.media.far_end import FarEnd
from sandbox.media.line import Line
from sandbox.media.speech import NOTICE, Speech
from sandbox.media.webrtc import Media, MediaError
from sandbox.model import clock
from sandbox.model.account import Account
from sandbox.model.calls import Calls
from sandbox.model.credentials import Credential, CredentialStore
from sandbox.model.destinations import ANSWER, Destination, Destinations
from sandbox.model.legs import Leg, Session
from sandbox.model.orders import (
    CANCELLED,
    INCOMPATIBLE,
    NORMAL,
    TIME_LIMIT,
    TIMED_OUT,
    UNKNOWN_NUMBER,
    UNREACHABLE,
    URI_CALLS_REFUSED,
    Ending,
    Order,
)
from sandbox.model.platform import Platform
from sandbox.model.sessions import Sessions
from sandbox.outbound import events
from sandbox.outbound.receivers import Receivers
from sandbox.outbound.webhooks import Webhooks

logger = logging.getLogger(__name__)

RINGBACK = ringback()
CLOSE_SECONDS = 1.0
RETURN_SECONDS = 4.0


class Switchboard:
    def __init__(
        self,
        *,
        config: Config,
        calls: Calls,
        sessions: Sessions,
        credentials: CredentialStore,
        webhooks: Webhooks,
        speech: Speech,
        platform: Platform,
        destinations: Destinations,
        account: Account,
    ) -> None:
        self.config = config
        self.calls = calls
        self.sessions = sessions
        self.credentials = credentials
        self.webhooks = webhooks
        self.speech = speech
        self.platform = platform
        self.account = account
        self.destinations = destinations
        self.capacity = Capacity(calls, account)
        self.receivers = Receivers(account, platform, fallback=f"{config.webhook_base}/call-control")
        # A leg arrives at a browser; an event was told of a leg.
        self.on_arrived: list[Callable[[Leg, Credential], None]] = []
        self.on_told: list[Callable[[Leg, str, dict[str, Any]], None]] = []
        self.on_answered: list[Callable[[Leg], None]] = []
        self.on_leaving: list[Callable[[Leg], None]] = []
        self.on_rewired: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def emit(self, leg: Leg, event_type: str, payload: dict[str, Any]) -> None:
        told = events.told(leg, payload, self.platform)
        self.webhooks.send_event(event_type, told, self.receivers.of(leg, event_type))
        logger.info("leg %s: %s", leg.call_leg_id, event_type)
        for tell in self.on_told:
            tell(leg, event_type, payload)

    def background(self, coroutine: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Incoming: a browser calls.

    def receive(self, leg: Leg, session: Session) -> None:
        """A browser's invite has arrived; credential legs wait parked for a command."""
        self.calls.add(leg)
        self.capacity.started(leg)
        session.legs[leg.call_id] = leg
        self.emit(leg, "call.initiated", events.initiated(leg, self.platform))

    async def answer(self, leg: Leg) -> None:
        """Give the caller's browser its media."""
        media = self._open_media(leg)
        try:
            sdp = await media.answer(leg.offer)
        except MediaError:
            await self.hang_up(leg, INCOMPATIBLE, source="unknown")
            return
        if leg.is_alive and leg.session:
            self._mark_answered(leg)
            await leg.session.request("telnyx_rtc.answer", {**browser_ids(leg), "sdp": sdp})

    # Outgoing: we call a browser or a telephone.

    def dial(
        self, order: Order, *, role: Any = "dialled", session_id: str | None = None, supervises: Leg | None = None
    ) -> Leg:
        """Create leg B and start ringing it; the outcome follows by webhook."""
        username, _, domain = order.to.removeprefix("sip:").partition("@")
        leg = Leg(
            role=role,
            state="ringing",
            connection_id=order.connection_id,
            from_=order.from_,
            to=order.to,
            from_display_name=order.from_display_name,
            from_sip_uri=f"{order.from_}@{self.config.sip_domain}",
            to_sip_uri=order.to.removeprefix("sip:").partition(";")[0],
            sip_username=username if domain else "",
            sip_domain=domain.partition(";")[0] or self.config.sip_domain,
            client_state=order.client_state,
            custom_headers=order.headers,
            ring_seconds=order.timeout_seconds,
            sip_region=order.sip_region,
            supervises=supervises,
            supervisor_role=order.supervisor_role,
            webhooks=order.webhooks,
        )
        leg.call_session_id = session_id or leg.call_session_id
        shortage = self.capacity.shortage(order.connection_id)
        self.calls.add(leg)
        self.capacity.started(leg)
        self.emit(leg, "call.initiated", events.initiated(leg, self.platform))
        if shortage:
            self.background(self.hang_up(leg, shortage.ending, source="unknown"))
        else:
            self.background(self._ring(leg, order))
        return leg

    async def _ring(self, leg: Leg, order: Order) -> None:
        destination = self.destinations.find(order.to)
        if destination:
            await self._ring_outside(leg, order, destination)
            return
        session = self._callee(leg)
        if isinstance(session, Ending):
            await self.hang_up(leg, session, source="callee")
            return
        leg.session = session
        session.legs[leg.call_id] = leg
        if session.credential:
            for tell in self.on_arrived:
                tell(leg, session.credential)
        media = self._open_media(leg)
        try:
            sdp = await media.offer()
        except MediaError:
            await self.hang_up(leg, UNREACHABLE, source="callee")
            return
        if leg.is_alive:
            self._set_timer(leg, order.timeout_seconds, TIMED_OUT)
            leg.time_limit_seconds = order.time_limit_seconds
            await session.request("telnyx_rtc.invite", invitation(leg, sdp))

    async def _ring_outside(self, leg: Leg, order: Order, destination: Destination) -> None:
        """Ring a telephone; nobody but its line knows what is said there."""
        sentences = [await self.speech.say(sentence) for sentence in destination.sentences]
        leg.time_limit_seconds = order.time_limit_seconds
        self._set_timer(leg, order.timeout_seconds, TIMED_OUT)
        await asyncio.sleep(destination.after_seconds)
        if not leg.is_alive:
            return
        if destination.ending:
            await self.hang_up(leg, destination.ending, source="callee")
        elif destination.behaviour == ANSWER:
            leg.media = FarEnd(sentences)
            self._answered(leg)
            if destination.hangs_up_after_seconds is not None:
                await asyncio.sleep(destination.hangs_up_after_seconds)
                await self.hang_up(leg, NORMAL, source="callee")

    def _set_timer(self, leg: Leg, seconds: float, ending: Ending) -> None:
        loop = asyncio.get_running_loop()
        self._stop_timer(leg)
        leg.timer = loop.call_later(seconds, lambda: self.background(self.hang_up(leg, ending, source="unknown")))

    def _stop_timer(self, leg: Leg) -> None:
        if leg.timer:
            leg.timer.cancel()
            leg.timer = None

    def _callee(self, leg: Leg) -> Session | Ending:
        """Return the page that rings, or why none does."""
        known = leg.sip_domain == self.config.sip_domain and self.credentials.by_username(leg.sip_username)
        if known and not self.account.takes_calls(known.connection_id):
            return URI_CALLS_REFUSED
        session = self.sessions.callee(leg.sip_username) if known else None
        if session is None:
            return UNKNOWN_NUMBER if self.platform.stale_registration == "404" else UNREACHABLE
        return session

    async def picked_up(self, leg: Leg, sdp: str) -> None:
        """The called browser has answered; a description that cannot be used ends the leg."""
        try:
            await self._open_media(leg).accept(sdp)
        except MediaError:
            await self.hang_up(leg, INCOMPATIBLE, source="callee")
            return
        if leg.state != "ringing":
            return
        self._answered(leg)

    def _answered(self, leg: Leg) -> None:
        self._mark_answered(leg)
        for tell in self.on_answered:
            tell(leg)

    # Both ways.

    def _mark_answered(self, leg: Leg) -> None:
        leg.state, leg.answered_at = "answered", clock.now()
        allowed = self.account.limits.allowance.seconds_per_call
        self._set_timer(leg, min(leg.time_limit_seconds, allowed or leg.time_limit_seconds), TIME_LIMIT)
        self.emit(leg, "call.answered", events.answered(leg))

    def _open_media(self, leg: Leg) -> Media:
        media = leg.media
        if not isinstance(media, Media):
            media = leg.media = Media(on_lost=lambda: self._media_lost(leg))
        return media

    def _media_lost(self, leg: Leg) -> None:
        if leg.is_answered:
            self.background(self._await_return(leg))

    async def _await_return(self, leg: Leg) -> None:
        """A page that is reloaded loses its sound first and comes back for it."""
        await asyncio.sleep(RETURN_SECONDS)
        if leg.is_alive and leg.media and leg.media.is_lost:
            await self.hang_up(leg, NORMAL, source=leg.end)

    async def hang_up(self, leg: Leg, ending: Ending, *, source: str, tell_browser: bool = True) -> None:
        """End the leg and whatever hangs on it. Ending a dead leg does nothing."""
        if not leg.is_alive:
            return
        leg.state, leg.hangup_cause, leg.ended_at = "ended", ending.cause, clock.now()
        self.calls.ended(leg)
        self._stop_timer(leg)
        if leg.run:
            leg.run.cut_off()
        self.emit(leg, "call.hangup", events.hangup(leg, self.platform, source=source, sip_cause=ending.sip))
        if self.account.connection(leg.connection_id).get("call_cost_in_webhooks") is True:
            self.emit(leg, "call.cost", events.cost(leg))
        if leg.session:
            leg.session.legs.pop(leg.call_id, None)
            if tell_browser:
                await leg.session.request("telnyx_rtc.bye", farewell(leg, ending))
        await self._release(leg)
        self._close_media(leg)

    def _close_media(self, leg: Leg) -> None:
        if leg.media:
            task = asyncio.get_running_loop().create_task(_close(leg.media))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _release(self, leg: Leg) -> None:
        self.leave_rooms(leg)
        peer = self.unlink(leg)
        if peer and peer.is_alive and not peer.parks_after_unbridge:
            await self.hang_up(peer, NORMAL, source="unknown")
        waiting = leg.ringing_for
        leg.ringing_for = None
        if waiting and waiting.is_alive:
            self.quiet(waiting)
        for other in self.calls.alive():
            if other.ringing_for is leg:
                await self.hang_up(other, CANCELLED, source="caller")

    def make_way(self, leg: Leg) -> None:
        """End an assistant before humans are joined, where the platform does; else it goes on talking between them."""
        if leg.run and self.platform.bridge_over_assistant == "ends":
            leg.run.hand_over()

    def leave_rooms(self, leg: Leg) -> None:
        for tell in self.on_leaving:
            tell(leg)

    def unlink(self, leg: Leg) -> Leg | None:
        """Take a bridge apart and return the other leg, silent and answered."""
        peer, leg.peer = leg.peer, None
        for one in (leg, peer):
            if one is None:
                continue
            if one.media:
                one.media.relays.clear()
            self.quiet(one)
            if one.state == "bridged":
                one.state = "answered"
        if peer:
            peer.peer = None
        self.rewired()
        return peer

    def rewired(self) -> None:
        """Tell those concerned that legs were joined or taken apart."""
        for tell in self.on_rewired:
            tell()

    def quiet(self, leg: Leg) -> None:
        if leg.media:
            leg.media.outlet.base = None

    def play_ringback(self, leg: Leg) -> None:
        if leg.media and not leg.peer:
            leg.media.outlet.base = Loop(RINGBACK, name="ringback")

    async def say(self, leg: Leg, text: str, *, name: str = "speak") -> bool:
        """Speak to the leg; True when it was heard to the end, False when cut off."""
        pcm = await self.speech.say(text)
        if not leg.media or not leg.is_answered:
            return False
        ended = asyncio.Event()
        playback = Playback(pcm, name=name, on_end=ended.set)
        leg.media.outlet.say(playback)
        await ended.wait()
        return playback.finished

    def announced(self, text: str) -> str:
        """What is truly said when a machine is to say this."""
        return f"{NOTICE} {text}" if self.account.limits.allowance.prefixes_speech else text

    async def speak(self, leg: Leg, text: str, client_state: str | None) -> None:
        payload = {**events.identity(leg), "client_state": client_state or leg.client_state}
        self.emit(leg, "call.speak.started", payload)
        finished = await self.say(leg, self.announced(text))
        # What is said of a sentence that another one cut off is not documented.
        status = "completed" if finished or leg.is_alive else "call_hangup"
        self.emit(leg, "call.speak.ended", {**payload, "status": status})

    async def close(self) -> None:
        """Stop every leg's media without telling anybody; for reset and shut-down."""
        for leg in self.calls.all():
            self._stop_timer(leg)
        for task in tuple(self._tasks):
            task.cancel()
        for leg in self.calls.alive():
            self._close_media(leg)
        await asyncio.gather(*self._closing, return_exceptions=True)


async def _close(media: Line) -> None:
    try:
        await asyncio.wait_for(media.close(), CLOSE_SECONDS)
    except TimeoutError:
        logger.warning("a peer connection did not close in time")
