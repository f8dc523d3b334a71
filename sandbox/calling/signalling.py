"""The browser signalling: JSON-RPC over a WebSocket, as the Telnyx browser SDK speaks it."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.calling.bridging import Bridging
from sandbox.calling.frames import browser_ids, farewell
from sandbox.calling.logins import Logins, ending_of
from sandbox.calling.switchboard import Switchboard
from sandbox.media.webrtc import Media, MediaError
from sandbox.model.legs import ASSISTANTS_OWN, Leg, Session
from sandbox.model.orders import BUSY, REFUSED, Ending
from sandbox.model.sessions import refuse

PING_SECONDS = 30.0
MAX_FRAME_BYTES = 1_000_000
AUTHENTICATION_REQUIRED = -32_000
BAD_REQUEST = -32_602
HOLD_ACTIONS = {"hold": True, "unhold": False}

Params = dict[str, Any]
Handler = Callable[[Session, Any, Params], Awaitable[None]]


class Signalling:
    """`start_assistant` starts, on a visitor's leg that was answered, the assistant that the visitor signed in to."""

    def __init__(
        self,
        switchboard: Switchboard,
        bridging: Bridging,
        logins: Logins,
        *,
        start_assistant: Callable[[Leg, str], None],
    ) -> None:
        self._switchboard = switchboard
        self._logins = logins
        self._bridging = bridging
        self._start_assistant = start_assistant
        self._handlers: dict[str, Handler] = {
            "telnyx_rtc.gatewayState": logins.gateway_state,
            "telnyx_rtc.invite": self.invite,
            "telnyx_rtc.answer": self.answer,
            "telnyx_rtc.bye": self.bye,
            "telnyx_rtc.modify": self.modify,
            "telnyx_rtc.attach": self.attach,
            "ai_conversation": self.ai_conversation,
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
                self._logins.lost(session)
        return socket

    async def _frame(self, socket: web.WebSocketResponse, session: Session | None, text: str) -> Session | None:
        frame = _decoded(text)
        method, frame_id = frame.get("method"), frame.get("id")
        params = frame.get("params")
        params = params if isinstance(params, dict) else {}
        if not isinstance(method, str):
            return session  # an acknowledgement of one of our requests
        if method in ("login", "anonymous_login"):
            return await self._logins.sign_in(socket, session, frame_id, method, params)
        if session is None:
            await refuse(socket, frame_id, AUTHENTICATION_REQUIRED, "Authentication Required")
            return None
        handler = self._handlers.get(method)
        if handler:
            await handler(session, frame_id, params)
        elif frame_id is not None:
            await session.reply(frame_id, {})
        return session

    # Calls.

    async def invite(self, session: Session, frame_id: Any, params: Params) -> None:
        dialog = _dialog(params)
        leg = self._caller_leg(session, str(params.get("sdp", "")), dialog)
        result = {"message": "CALL CREATED", "callID": leg.call_id, "sessid": session.sessid}
        await session.reply(frame_id, result)
        refusal = self._refusal(session, leg)
        if refusal:
            await session.request("telnyx_rtc.bye", farewell(leg, refusal))
            return
        await session.request("telnyx_rtc.ringing", browser_ids(leg))
        self._switchboard.receive(leg, session)
        if leg.role == "anonymous":
            await self._switchboard.answer(leg)
            if leg.is_answered:
                self._start_assistant(leg, session.assistant_id)

    def _refusal(self, session: Session, leg: Leg) -> Ending | None:
        """Say why a browser's call is turned away before anybody is told of it."""
        credentials = self._switchboard.credentials
        if session.credential and not credentials.usable(credentials.get(session.credential.id)):
            return REFUSED
        shortage = self._switchboard.capacity.shortage(leg.connection_id) if session.credential else None
        return shortage.ending if shortage else None

    def _caller_leg(self, session: Session, sdp: str, dialog: Params) -> Leg:
        credential = session.credential
        username = credential.sip_username if credential else "anonymous"
        domain = self._switchboard.config.sip_domain
        destination = str(dialog.get("destination_number") or "")
        to = destination if credential else f"{session.assistant_id}.{domain}"
        from_, from_sip_uri = self._caller(username, domain, str(dialog.get("caller_id_number") or ""))
        return Leg(
            role="prospect" if credential else "anonymous",
            state="parked" if credential else "ringing",
            connection_id=credential.connection_id if credential else f"{ASSISTANTS_OWN}{session.assistant_id}",
            from_=from_ if credential else username,
            to=to,
            call_id=str(dialog.get("callID") or uuid.uuid4()),
            from_display_name=str(dialog.get("caller_id_name") or ""),
            from_sip_uri=from_sip_uri,
            to_sip_uri=f"{to}@{domain}",
            sip_username=username,
            sip_domain=domain,
            custom_headers=_headers(dialog.get("custom_headers")),
            session=session,
            offer=sdp,
        )

    def _caller(self, username: str, domain: str, number: str) -> tuple[str, str]:
        """Say by which name a credential calls; a number that the page sends takes the place of every name."""
        known_as = self._switchboard.platform.parked_from
        if number or known_as == "number":
            number = number or self._switchboard.config.caller_number
            return number, f"{number}@{domain}"
        address = f"{username}@{domain}"
        return (address if known_as == "sip_uri" else username), address

    async def answer(self, session: Session, frame_id: Any, params: Params) -> None:
        leg = session.legs.get(str(_dialog(params).get("callID")))
        if leg is None or leg.state != "ringing":
            await refuse(session.socket, frame_id, BAD_REQUEST, "CALL DOES NOT EXIST")
            return
        # The page shows the call as active on this result, so it must not wait for the media.
        await session.reply(frame_id, {"message": "CALL ANSWERED", "callID": leg.call_id, "sessid": session.sessid})
        await self._switchboard.picked_up(leg, str(params.get("sdp", "")))

    async def bye(self, session: Session, frame_id: Any, params: Params) -> None:
        call_id = str(_dialog(params).get("callID"))
        result = {"message": "CALL ENDED", "callID": call_id, "cause": "NORMAL_CLEARING", "causeCode": 16}
        await session.reply(frame_id, result)
        leg = session.legs.get(call_id)
        if leg is None:
            return
        await self._switchboard.hang_up(leg, ending_of(leg, BUSY), source=leg.end, tell_browser=False)

    async def modify(self, session: Session, frame_id: Any, params: Params) -> None:
        action = str(params.get("action"))
        leg = session.legs.get(str(_dialog(params).get("callID") or params.get("callID")))
        if leg is None or not isinstance(leg.media, Media):
            await refuse(session.socket, frame_id, BAD_REQUEST, "CALL DOES NOT EXIST")
            return
        result: Params = {"callID": leg.call_id, "action": action}
        if action == "updateMedia":
            try:
                result["sdp"] = await leg.media.answer(str(params.get("sdp", "")))
            except MediaError:
                await refuse(session.socket, frame_id, BAD_REQUEST, "SDP REFUSED")
                return
        else:
            self._bridging.hold(leg, HOLD_ACTIONS.get(action, not leg.on_hold))
            result["holdState"] = "held" if leg.on_hold else "active"
        await session.reply(frame_id, result)

    async def attach(self, session: Session, frame_id: Any, params: Params) -> None:
        leg = session.legs.get(str(_dialog(params).get("callID")))
        if leg is None or not isinstance(leg.media, Media):
            await refuse(session.socket, frame_id, BAD_REQUEST, "CALL DOES NOT EXIST")
            return
        try:
            await leg.media.accept(str(params.get("sdp", "")))
        except MediaError:
            await refuse(session.socket, frame_id, BAD_REQUEST, "SDP REFUSED")
            return
        await session.reply(frame_id, browser_ids(leg))

    async def ai_conversation(self, session: Session, frame_id: Any, params: Params) -> None:
        item = params.get("item")
        text = _typed_text(item) if isinstance(item, dict) else ""
        for leg in tuple(session.legs.values()):
            if text and leg.run and leg.role == "anonymous":
                leg.run.type(text)
        if frame_id is not None:
            await session.reply(frame_id, {})


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


async def _ping(socket: web.WebSocketResponse) -> None:
    while not socket.closed:
        await asyncio.sleep(PING_SECONDS)
        try:
            await socket.send_json(
                {"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": "telnyx_rtc.ping", "params": {}}
            )
        except (ConnectionError, RuntimeError):
            return
