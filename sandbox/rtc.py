"""The browser signalling: JSON-RPC over a WebSocket, as the Telnyx browser SDK speaks it."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.assistants import Assistants
from sandbox.bridging import Bridging
from sandbox.calls import Leg
from sandbox.credentials import Credential
from sandbox.frames import browser_ids, farewell, invitation
from sandbox.media import Media, MediaError
from sandbox.orders import BUSY, CANCELLED, NORMAL, REFUSED, UNREACHABLE, Ending
from sandbox.sessions import KEPT_SECONDS, Session
from sandbox.switchboard import Switchboard

logger = logging.getLogger(__name__)

PING_SECONDS = 30.0
# A browser that lost its socket may still talk; one that lost both is gone.
SILENT_SECONDS = 4.0
# A page that kept its sound over the loss of its socket is never silent for as long as this.
QUIET_SECONDS = 1.0
WATCH_SECONDS = 0.5
MAX_FRAME_BYTES = 1_000_000
LOGIN_INCORRECT = -32_001
BAD_REQUEST = -32_602
HOLD_ACTIONS = {"hold": True, "unhold": False}

Params = dict[str, Any]
Handler = Callable[[Session, Any, Params], Awaitable[None]]


class Signalling:
    def __init__(self, switchboard: Switchboard, bridging: Bridging, assistants: Assistants) -> None:
        self._switchboard = switchboard
        self._bridging = bridging
        self._assistants = assistants
        self._handlers: dict[str, Handler] = {
            "telnyx_rtc.gatewayState": self._gateway_state,
            "telnyx_rtc.invite": self._invite,
            "telnyx_rtc.answer": self._answer,
            "telnyx_rtc.bye": self._bye,
            "telnyx_rtc.modify": self._modify,
            "telnyx_rtc.attach": self._attach,
            "ai_conversation": self._ai_conversation,
        }

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(text="AgileAdapt sandbox\n")
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME_BYTES)
        await socket.prepare(request)
        session: Session | None = None
        pinger = asyncio.create_task(_ping(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._frame(socket, session, message.data)
        finally:
            pinger.cancel()
            if session and session.socket is socket:
                self._lost(session)
        return socket

    async def _frame(self, socket: web.WebSocketResponse, session: Session | None, text: str) -> Session | None:
        frame = _decoded(text)
        method, frame_id = frame.get("method"), frame.get("id")
        params = frame.get("params")
        params = params if isinstance(params, dict) else {}
        if not isinstance(method, str):
            return session  # an acknowledgement of one of our requests
        if method in ("login", "anonymous_login"):
            return await self._sign_in(socket, session, frame_id, method, params)
        if session is None:
            await _refuse(socket, frame_id, -32_000, "Authentication Required")
            return None
        handler = self._handlers.get(method)
        if handler:
            await handler(session, frame_id, params)
        elif frame_id is not None:
            await session.reply(frame_id, {})
        return session

    # Signing in, and coming back.

    async def _sign_in(
        self, socket: web.WebSocketResponse, current: Session | None, frame_id: Any, method: str, params: Params
    ) -> Session | None:
        session = await self._login(socket, frame_id, method, params)
        if session and current and session is not current:
            current.socket = None
        return session or current

    async def _login(self, socket: web.WebSocketResponse, frame_id: Any, method: str, params: Params) -> Session | None:
        candidate = self._candidate(method, params)
        if candidate is None:
            await _refuse(socket, frame_id, LOGIN_INCORRECT, "Login Incorrect")
            return None
        sessions = self._switchboard.sessions
        returning = params.get("reconnection") is True or params.get("sessid")
        session = sessions.resume(str(params.get("sessid")), candidate) if returning else None
        session = session or sessions.add(candidate)
        previous, session.socket = session.socket, socket
        await session.reply(frame_id, {"message": "logged in", "sessid": session.sessid})
        await session.request("telnyx_rtc.clientReady", {"reattached_sessions": list(session.legs)})
        if previous and previous is not socket and not previous.closed:
            await previous.close()
        for leg in session.legs.values():
            if leg.is_answered:
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
        credential = self._credential(params)
        return Session(credential=credential) if credential else None

    def _credential(self, params: Params) -> Credential | None:
        credentials = self._switchboard.credentials
        if params.get("login_token"):
            return credentials.by_token(str(params["login_token"]))
        return credentials.by_password(str(params.get("login", "")), str(params.get("passwd", "")))

    async def _gateway_state(self, session: Session, frame_id: Any, _params: Params) -> None:
        state = {"state": "REGED", "call_report_id": session.call_report_id, "dc": "sandbox", "region": "local"}
        await session.reply(frame_id, {"params": state, "sessid": session.sessid})

    def _lost(self, session: Session) -> None:
        session.lost_at = time.monotonic()
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
                    await self._switchboard.hang_up(leg, _ending(leg, UNREACHABLE), source=leg.end, tell_browser=False)

    # Calls.

    async def _invite(self, session: Session, frame_id: Any, params: Params) -> None:
        dialog = _dialog(params)
        leg = self._caller_leg(session, str(params.get("sdp", "")), dialog)
        result = {"message": "CALL CREATED", "callID": leg.call_id, "sessid": session.sessid}
        await session.reply(frame_id, result)
        if session.credential and not self._is_current(session.credential):
            await session.request("telnyx_rtc.bye", farewell(leg, REFUSED))
            return
        await session.request("telnyx_rtc.ringing", browser_ids(leg))
        self._switchboard.receive(leg, session)
        if leg.role == "anonymous":
            await self._switchboard.answer(leg)
            if leg.is_answered:
                self._assistants.start_anonymous(leg, session.assistant_id)

    def _is_current(self, credential: Credential) -> bool:
        credentials = self._switchboard.credentials
        return credentials.usable(credentials.get(credential.id)) is not None

    def _caller_leg(self, session: Session, sdp: str, dialog: Params) -> Leg:
        credential = session.credential
        username = credential.sip_username if credential else "anonymous"
        domain = self._switchboard.config.sip_domain
        destination = str(dialog.get("destination_number") or "")
        return Leg(
            role="prospect" if credential else "anonymous",
            state="parked" if credential else "ringing",
            connection_id=credential.connection_id if credential else f"texml-{session.assistant_id}",
            from_=str(dialog.get("caller_id_number") or username),
            to=destination if credential else f"{session.assistant_id}.{domain}",
            call_id=str(dialog.get("callID") or uuid.uuid4()),
            from_display_name=str(dialog.get("caller_id_name") or ""),
            sip_username=username,
            sip_domain=domain,
            custom_headers=_headers(dialog.get("custom_headers")),
            session=session,
            offer=sdp,
        )

    async def _answer(self, session: Session, frame_id: Any, params: Params) -> None:
        leg = session.legs.get(str(_dialog(params).get("callID")))
        if leg is None or leg.state != "ringing":
            await _refuse(session.socket, frame_id, BAD_REQUEST, "CALL DOES NOT EXIST")
            return
        # The page shows the call as active on this result, so it must not wait for the media.
        await session.reply(frame_id, {"message": "CALL ANSWERED", "callID": leg.call_id, "sessid": session.sessid})
        await self._switchboard.picked_up(leg, str(params.get("sdp", "")))

    async def _bye(self, session: Session, frame_id: Any, params: Params) -> None:
        call_id = str(_dialog(params).get("callID"))
        result = {"message": "CALL ENDED", "callID": call_id, "cause": "NORMAL_CLEARING", "causeCode": 16}
        await session.reply(frame_id, result)
        leg = session.legs.get(call_id)
        if leg is None:
            return
        await self._switchboard.hang_up(leg, _ending(leg, BUSY), source=leg.end, tell_browser=False)

    async def _modify(self, session: Session, frame_id: Any, params: Params) -> None:
        action = str(params.get("action"))
        leg = session.legs.get(str(_dialog(params).get("callID") or params.get("callID")))
        if leg is None or not isinstance(leg.media, Media):
            await _refuse(session.socket, frame_id, BAD_REQUEST, "CALL DOES NOT EXIST")
            return
        result: Params = {"callID": leg.call_id, "action": action}
        if action == "updateMedia":
            try:
                result["sdp"] = await leg.media.answer(str(params.get("sdp", "")))
            except MediaError:
                await _refuse(session.socket, frame_id, BAD_REQUEST, "SDP REFUSED")
                return
        else:
            self._bridging.hold(leg, HOLD_ACTIONS.get(action, not leg.on_hold))
            result["holdState"] = "held" if leg.on_hold else "active"
        await session.reply(frame_id, result)

    async def _attach(self, session: Session, frame_id: Any, params: Params) -> None:
        leg = session.legs.get(str(_dialog(params).get("callID")))
        if leg is None or not isinstance(leg.media, Media):
            await _refuse(session.socket, frame_id, BAD_REQUEST, "CALL DOES NOT EXIST")
            return
        try:
            await leg.media.accept(str(params.get("sdp", "")))
        except MediaError:
            await _refuse(session.socket, frame_id, BAD_REQUEST, "SDP REFUSED")
            return
        await session.reply(frame_id, browser_ids(leg))

    async def _ai_conversation(self, session: Session, frame_id: Any, params: Params) -> None:
        item = params.get("item")
        text = _typed_text(item) if isinstance(item, dict) else ""
        for leg in tuple(session.legs.values()):
            if text and leg.run and leg.role == "anonymous":
                leg.run.type(text)
        if frame_id is not None:
            await session.reply(frame_id, {})


def _ending(leg: Leg, unanswered: Ending) -> Ending:
    """Name the end of a leg whose browser has gone; `unanswered` is for a leg that was ringing there."""
    before_answer = CANCELLED if leg.is_incoming else unanswered
    return NORMAL if leg.is_answered else before_answer


def _decoded(text: str) -> Params:
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}


def _dialog(params: Params) -> Params:
    dialog = params.get("dialogParams")
    return dialog if isinstance(dialog, dict) else {}


def _headers(value: Any) -> list[dict[str, str]]:
    entries = value if isinstance(value, list) else []
    return [
        {"name": str(entry["name"]), "value": str(entry["value"])}
        for entry in entries
        if isinstance(entry, dict) and {"name", "value"} <= entry.keys()
    ]


def _typed_text(item: Params) -> str:
    content = item.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(part["text"]) for part in parts if isinstance(part, dict) and part.get("text"))


async def _refuse(socket: web.WebSocketResponse | None, frame_id: Any, code: int, message: str) -> None:
    if socket and not socket.closed:
        await socket.send_json({"jsonrpc": "2.0", "id": frame_id, "error": {"code": code, "message": message}})


async def _ping(socket: web.WebSocketResponse) -> None:
    while not socket.closed:
        await asyncio.sleep(PING_SECONDS)
        try:
            await socket.send_json(
                {"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": "telnyx_rtc.ping", "params": {}}
            )
        except (ConnectionError, RuntimeError):
            return
