"""Signing in, coming back, and going away: what ties a page to its session, and for how long."""

import asyncio
import logging
import time
from typing import Any

from aiohttp import web

from sandbox.calling.frames import invitation
from sandbox.calling.switchboard import Switchboard
from sandbox.media.webrtc import Media, MediaError
from sandbox.model.credentials import Credential
from sandbox.model.faults import Faults
from sandbox.model.legs import Leg, Session
from sandbox.model.orders import CANCELLED, NORMAL, UNREACHABLE, Ending
from sandbox.model.sessions import KEPT_SECONDS, refuse

logger = logging.getLogger(__name__)

# A browser that lost its socket may still talk; one that lost both is gone.
SILENT_SECONDS = 4.0
# A page that kept its sound over the loss of its socket is never silent for as long as this.
QUIET_SECONDS = 1.0
WATCH_SECONDS = 0.5
REGISTERS_SECONDS = 0.3
LOGIN_INCORRECT = -32_001

Params = dict[str, Any]


class Logins:
    def __init__(self, switchboard: Switchboard, faults: Faults) -> None:
        self._switchboard = switchboard
        self._faults = faults

    async def sign_in(
        self, socket: web.WebSocketResponse, current: Session | None, frame_id: Any, method: str, params: Params
    ) -> Session | None:
        """Let a page in. Who is in already logs in anew on the same session, whatever it says of the session.

        The SDK sends its session's id only within 90 s of storing it, so a later renewal names none.
        Source: https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/util/reconnect.ts
        """
        candidate = self._candidate(method, params)
        if candidate is None:
            await refuse(socket, frame_id, LOGIN_INCORRECT, "Login Incorrect")
            return current
        sessions = self._switchboard.sessions
        is_renewal = current is not None and current.socket is socket and current.is_same_kind(candidate)
        kept = current if is_renewal else sessions.resume(str(params.get("sessid")), candidate)
        session = kept or sessions.add(candidate)
        if current and session is not current:
            current.socket = None
        lost_calls = [] if is_renewal or self._switchboard.platform.reattach == "keep" else list(session.legs.values())
        previous, session.socket = session.socket, socket
        sessions.register(session, candidate)
        self._expire_at(session, candidate.expires_at)
        await session.reply(frame_id, {"message": "logged in", "sessid": session.sessid})
        known = [call_id for call_id, leg in session.legs.items() if leg not in lost_calls]
        await session.request("telnyx_rtc.clientReady", {"reattached_sessions": known})
        if previous and previous is not socket and not previous.closed:
            await previous.close()
        for leg in lost_calls:
            await self._switchboard.hang_up(leg, ending_of(leg, UNREACHABLE), source=leg.end, tell_browser=False)
        for leg in session.legs.values():
            if leg.is_answered and not is_renewal:
                self._switchboard.background(self._give_back(session, leg))
        return session

    async def _give_back(self, session: Session, leg: Leg) -> None:
        """A page that was reloaded has lost the call's sound: offer it anew."""
        media, returned_at = leg.media, session.registered_at
        if not isinstance(media, Media):
            return
        if not media.is_lost:
            # It may be back sooner than its old connection is known to be gone.
            await asyncio.sleep(QUIET_SECONDS)
        is_silent = media.is_lost or time.monotonic() - media.heard_at > QUIET_SECONDS
        if not leg.is_alive or not is_silent or session.registered_at != returned_at:
            return
        try:
            await session.request("telnyx_rtc.attach", invitation(leg, await media.renew()))
        except MediaError:
            logger.info("leg %s: ended before it could be given back", leg.call_leg_id)

    def _candidate(self, method: str, params: Params) -> Session | None:
        if method == "anonymous_login":
            assistant_id = str(params.get("target_id"))
            is_open = self._switchboard.account.admits_everybody(assistant_id)
            is_meant = is_open and params.get("target_type") == "ai_assistant"
            return Session(assistant_id=assistant_id) if is_meant else None
        credentials = self._switchboard.credentials
        if params.get("login_token"):
            token = str(params["login_token"])
            return _session(credentials.by_token(token), credentials.end_of(token))
        return _session(credentials.by_password(str(params.get("login", "")), str(params.get("passwd", ""))))

    # How the gateway sees a session.

    async def gateway_state(self, session: Session, frame_id: Any, _params: Params) -> None:
        fault = self._faults.for_socket("telnyx_rtc.gatewayState")
        state = fault.code if fault and fault.code else self._state(session)
        params = {"state": state, "call_report_id": session.call_report_id, "dc": "sandbox", "region": "local"}
        await session.reply(frame_id, {"params": params, "sessid": session.sessid})
        if state == "TRYING":
            self._switchboard.background(self._registered_later(session))

    def _state(self, session: Session) -> str:
        # The words: https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/webrtc/constants.ts
        credential = session.credential
        if credential is None or self._switchboard.sessions.callee(credential.sip_username) is session:
            return "REGED"
        return "EXPIRED" if credential.expired else "UNREGED"

    async def _registered_later(self, session: Session) -> None:
        await asyncio.sleep(REGISTERS_SECONDS)
        await session.request("telnyx_rtc.gatewayState", {"state": self._state(session)})

    # Going away.

    def _expire_at(self, session: Session, moment: float | None) -> None:
        """Drop the page when its login has run out, unless it logs in anew before."""
        session.stop_expiry()
        if moment is not None:
            session.expiry = asyncio.get_running_loop().call_later(
                max(0.0, moment - time.time()), lambda: self._switchboard.background(self._expire(session))
            )

    async def _expire(self, session: Session) -> None:
        logger.info("session %s: the login has run out", session.sessid)
        socket, session.socket = session.socket, None
        self._switchboard.sessions.remove(session)
        for leg in tuple(session.legs.values()):
            await self._switchboard.hang_up(leg, ending_of(leg, UNREACHABLE), source=leg.end, tell_browser=False)
        if socket and not socket.closed:
            await socket.close()

    def lost(self, session: Session) -> None:
        """The page's socket is gone; the page may come back for its calls."""
        self._switchboard.sessions.lost(session)
        if session.legs:
            self._switchboard.background(self._watch(session))

    async def _watch(self, session: Session) -> None:
        """End the legs of a browser that neither comes back nor sends sound any more."""
        lost_at = session.lost_at
        while session.lost_at == lost_at and session.legs:
            await asyncio.sleep(WATCH_SECONDS)
            away = time.monotonic() - (lost_at or 0)
            for leg in tuple(session.legs.values()):
                silent = leg.media is None or time.monotonic() - leg.media.heard_at > SILENT_SECONDS
                if session.lost_at == lost_at and (away > KEPT_SECONDS or (away > SILENT_SECONDS and silent)):
                    ending = ending_of(leg, UNREACHABLE)
                    await self._switchboard.hang_up(leg, ending, source=leg.end, tell_browser=False)


def ending_of(leg: Leg, unanswered: Ending) -> Ending:
    """Name the end of a leg whose browser has gone; `unanswered` is for a leg that was ringing there."""
    before_answer = CANCELLED if leg.is_from_browser else unanswered
    return NORMAL if leg.is_answered else before_answer


def _session(credential: Credential | None, token_end: float | None = None) -> Session | None:
    """A session lives as long as what opened it: the credential, or its token where that ends sooner."""
    if credential is None:
        return None
    ends = [moment for moment in (credential.ends_at, token_end) if moment is not None]
    return Session(credential=credential, expires_at=min(ends, default=None))
