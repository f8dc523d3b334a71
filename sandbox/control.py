"""The test bench's own door: look inside, set the scene, make things go wrong."""

import base64
import binascii
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from sandbox import clock, webhooks
from sandbox.assistants import Assistants
from sandbox.calls import Leg
from sandbox.conversations import Conversations
from sandbox.credentials import Credential
from sandbox.faults import Fault, FaultError, Faults
from sandbox.journal import CommandMemory, Journal
from sandbox.orders import NORMAL
from sandbox.script import Scenario
from sandbox.signer import Signer
from sandbox.switchboard import Switchboard

STALE_SECONDS = 3600
SIGNATURES = frozenset(("good", "bad", "stale", "none"))
Handler = Callable[[web.Request], Awaitable[Any]]


class Control:
    def __init__(
        self,
        *,
        switchboard: Switchboard,
        assistants: Assistants,
        conversations: Conversations,
        faults: Faults,
        journal: Journal,
        memory: CommandMemory,
        signer: Signer,
    ) -> None:
        self._switchboard = switchboard
        self._assistants = assistants
        self._conversations = conversations
        self._faults = faults
        self._journal = journal
        self._memory = memory
        self._signer = signer
        self._authorization = f"Bearer {switchboard.config.control_token}".encode()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/state", self._guarded(self._state)),
            web.get("/control/requests", self._guarded(self._requests)),
            web.get("/control/webhooks", self._guarded(self._webhooks)),
            web.post("/control/reset", self._guarded(self._reset)),
            web.put("/control/scenario", self._guarded(self._set_scenario)),
            web.post("/control/assistant/end", self._guarded(self._end_assistant)),
            web.post("/control/hangup", self._guarded(self._hang_up)),
            web.get("/control/platform", self._guarded(self._platform)),
            web.put("/control/platform", self._guarded(self._set_platform)),
            web.get("/control/destinations", self._guarded(self._destinations)),
            web.put("/control/destinations", self._guarded(self._set_destinations)),
            web.get("/control/faults", self._guarded(self._list_faults)),
            web.put("/control/faults", self._guarded(self._set_faults)),
            web.delete("/control/faults", self._guarded(self._clear_faults)),
            web.post("/control/webhook", self._guarded(self._send_webhook)),
        ]

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            offered = request.headers.get("Authorization", "").encode()
            if not secrets.compare_digest(offered, self._authorization):
                return web.json_response({"error": "the control token is missing or wrong"}, status=401)
            try:
                return web.json_response(await handler(request))
            except ValueError as error:
                return web.json_response({"error": str(error)}, status=400)

        return guarded

    async def _state(self, _request: web.Request) -> Any:
        switchboard = self._switchboard
        return {
            "at": time.time(),
            "monotonic": time.monotonic(),
            "legs": [leg_json(leg) for leg in switchboard.calls.all()],
            "credentials": [self._credential_json(known) for known in switchboard.credentials.all()],
            "conferences": [
                {**known.as_json(), "participants": list(known.participants)}
                for known in switchboard.calls.conferences()
            ],
            "conversations": [
                {
                    **known.as_json(),
                    "results": known.results,
                    "messages": known.history(),
                    "given": known.given,
                    "added": known.added,
                }
                for known in self._conversations.all()
            ],
        }

    def _credential_json(self, credential: Credential) -> dict[str, Any]:
        return {
            "id": credential.id,
            "name": credential.name,
            "tag": credential.tag,
            "sip_username": credential.sip_username,
            "expires_at": clock.iso(credential.expires_at) if credential.expires_at else None,
            "expired": credential.expired,
            "registered": self._switchboard.sessions.newest(credential.sip_username) is not None,
        }

    async def _requests(self, request: web.Request) -> Any:
        since = _since(request)
        entries = [entry.as_json() for entry in self._journal.entries if entry.n > since]
        return {"next": entries[-1]["n"] if entries else since, "requests": entries}

    async def _webhooks(self, request: web.Request) -> Any:
        since = _since(request)
        return [webhooks.as_json(delivery) for delivery in self._switchboard.webhooks.log if delivery.n > since]

    async def _reset(self, _request: web.Request) -> Any:
        """End all legs and forget everything except the configuration."""
        for leg in self._switchboard.calls.alive():
            await self._switchboard.hang_up(leg, NORMAL, source="unknown")
        await self._switchboard.close()
        self._switchboard.calls.clear()
        self._switchboard.webhooks.forget()
        self._switchboard.credentials.clear()
        self._conversations.clear()
        self._assistants.forget()
        self._journal.forget()
        self._memory.forget()
        self._faults.replace([])
        self._switchboard.platform.choose({})
        self._switchboard.destinations.replace({})
        await self._drop_browsers()
        return {"ok": True}

    async def _drop_browsers(self) -> None:
        for session in self._switchboard.sessions.all():
            self._switchboard.sessions.remove(session)
            if session.socket and not session.socket.closed:
                await session.socket.close()

    async def _set_scenario(self, request: web.Request) -> Any:
        scenario = Scenario.from_json(await _body(request))
        call_control_id = request.query.get("call_control_id")
        if call_control_id is None:
            self._assistants.scenario = scenario
            return {"ok": True}
        self._assistants.set_scenario(self._leg({"call_control_id": call_control_id}), scenario)
        return {"ok": True}

    async def _platform(self, _request: web.Request) -> Any:
        return self._switchboard.platform.as_json()

    async def _set_platform(self, request: web.Request) -> Any:
        self._switchboard.platform.choose(await _body(request))
        return {"ok": True}

    async def _destinations(self, _request: web.Request) -> Any:
        return self._switchboard.destinations.as_json()

    async def _set_destinations(self, request: web.Request) -> Any:
        self._switchboard.destinations.replace(await _body(request))
        return {"ok": True}

    async def _end_assistant(self, request: web.Request) -> Any:
        body = await _body(request)
        leg = self._leg(body)
        if leg.run is None:
            raise ValueError("no assistant is running on this call")
        await leg.run.finish(str(body.get("reason") or "normal"))
        return {"ok": True}

    async def _hang_up(self, request: web.Request) -> Any:
        await self._switchboard.hang_up(self._leg(await _body(request)), NORMAL, source="unknown")
        return {"ok": True}

    def _leg(self, body: Any) -> Leg:
        leg = self._switchboard.calls.get(str(body.get("call_control_id"))) if isinstance(body, dict) else None
        if leg is None:
            raise ValueError("call_control_id names no call")
        return leg

    async def _list_faults(self, _request: web.Request) -> Any:
        return [fault.as_json() for fault in self._faults.remaining()]

    async def _set_faults(self, request: web.Request) -> Any:
        body = await _body(request)
        if not isinstance(body, list):
            raise FaultError("faults are a JSON list")
        self._faults.replace([Fault.from_json(item) for item in body])
        return {"ok": True}

    async def _clear_faults(self, _request: web.Request) -> Any:
        self._faults.replace([])
        return {"ok": True}

    async def _send_webhook(self, request: web.Request) -> Any:
        """Send one crafted delivery; `raw` (base64) replaces the usual envelope, `path` the usual door."""
        body = await _body(request)
        if not isinstance(body, dict) or body.get("sign", "good") not in SIGNATURES:
            raise ValueError(f"sign must be one of {', '.join(sorted(SIGNATURES))}")
        raw = _raw(body)
        headers = {"Content-Type": str(body.get("content_type", "application/json"))}
        headers |= self._signature(raw, str(body.get("sign", "good")))
        try:
            status, text = await self._switchboard.webhooks.send_once(
                raw, headers, str(body.get("path", "call-control"))
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            return {"status": None, "body": type(error).__name__}
        return {"status": status, "body": text}

    def _signature(self, raw: bytes, kind: str) -> dict[str, str]:
        if kind == "none":
            return {}
        return self._signer.headers(
            raw + b"altered" if kind == "bad" else raw, age_seconds=STALE_SECONDS if kind == "stale" else 0
        )


def leg_json(leg: Leg) -> dict[str, Any]:
    media = leg.media
    heard, spoken = (media.meter, media.outlet.meter) if media else (None, None)
    return {
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "connection_id": leg.connection_id,
        "role": leg.role,
        "state": leg.state,
        "source": media.outlet.source if media else "silence",
        "peer": leg.peer.call_control_id if leg.peer else None,
        "conference": leg.conference.id if leg.conference else None,
        "supervises": leg.supervises.call_control_id if leg.supervises else None,
        "supervisor_role": leg.supervisor_role if leg.supervises else None,
        "frames_in": heard.frames if heard else 0,
        "frames_out": spoken.frames if spoken else 0,
        "rms_in": round(heard.rms, 1) if heard else 0.0,
        "rms_out": round(spoken.rms, 1) if spoken else 0.0,
        "first_voice_in_at": heard.first_voice_at if heard else None,
        "first_voice_in_monotonic": heard.first_voice_monotonic if heard else None,
        "last_voice_in_at": heard.last_voice_at if heard else None,
        "first_voice_out_at": spoken.first_voice_at if spoken else None,
        "last_voice_out_at": spoken.last_voice_at if spoken else None,
        "voice_in": list(heard.stretches) if heard else [],
        "voice_out": list(spoken.stretches) if spoken else [],
        "connected": media.connected if media else False,
        "started_at": clock.iso(leg.started_at),
        "answered_at": clock.iso(leg.answered_at) if leg.answered_at else None,
        "bridged_at": clock.iso(leg.bridged_at) if leg.bridged_at else None,
        "ended_at": clock.iso(leg.ended_at) if leg.ended_at else None,
        "hangup_cause": leg.hangup_cause,
        "from": leg.from_,
        "to": leg.to,
        "sip_username": leg.sip_username,
        "client_state": leg.client_state,
        "custom_headers": leg.custom_headers,
        "display_name": leg.from_display_name,
        "ring_seconds": leg.ring_seconds,
        "sip_region": leg.sip_region,
        "on_hold": leg.on_hold,
        "assistant": {
            "running": leg.run is not None,
            "conversation_id": leg.run.conversation.id if leg.run else None,
            "question": leg.run.question.name if leg.run and leg.run.question else None,
        },
    }


async def _body(request: web.Request) -> Any:
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise ValueError("the body is not JSON") from error


def _since(request: web.Request) -> int:
    text = request.query.get("since", "0")
    if not text.isascii() or not text.isdigit():
        raise ValueError("since must be a number")
    return int(text)


def _raw(body: dict[str, Any]) -> bytes:
    if body.get("raw") is not None:
        try:
            return base64.b64decode(str(body["raw"]), validate=True)
        except binascii.Error as error:
            raise ValueError("raw is not base64") from error
    data = {
        "record_type": "event",
        "event_type": body.get("event_type"),
        "id": str(body.get("id") or f"crafted-{secrets.token_hex(8)}"),
        "occurred_at": str(body.get("occurred_at") or clock.iso(clock.now())),
        "payload": body.get("payload", {}),
    }
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()
