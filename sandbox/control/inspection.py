"""Looks inside for a test: state, requests, webhooks; sends a crafted webhook; forgets everything."""

import base64
import binascii
import json
import secrets
import time
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.assistant.conversations import Conversations
from sandbox.assistant.starting import Assistants
from sandbox.calling.switchboard import Switchboard
from sandbox.control.door import ControlDoor, body_of
from sandbox.control.leg_view import leg_json
from sandbox.model import clock
from sandbox.model.credentials import Credential
from sandbox.model.faults import Disorder, Faults
from sandbox.model.orders import NORMAL
from sandbox.model.signer import Signer
from sandbox.outbound import webhooks
from sandbox.rest.journal import CommandMemory, Journal

STALE_SECONDS = 3600
SIGNATURES = frozenset(("good", "bad", "stale", "none"))


class Control:
    def __init__(
        self,
        *,
        door: ControlDoor,
        switchboard: Switchboard,
        assistants: Assistants,
        conversations: Conversations,
        faults: Faults,
        journal: Journal,
        memory: CommandMemory,
        signer: Signer,
    ) -> None:
        self._door = door
        self._switchboard = switchboard
        self._assistants = assistants
        self._conversations = conversations
        self._faults = faults
        self._journal = journal
        self._memory = memory
        self._signer = signer

    def routes(self) -> list[web.RouteDef]:
        guarded = self._door.guarded
        return [
            web.get("/control/state", guarded(self.state)),
            web.get("/control/requests", guarded(self.requests)),
            web.get("/control/effective", guarded(self.effective)),
            web.get("/control/webhooks", guarded(self.webhooks)),
            web.post("/control/reset", guarded(self.reset)),
            web.post("/control/webhook", guarded(self.send_webhook)),
        ]

    async def state(self, _request: web.Request) -> Any:
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
                    "messages": [message.as_turn() for message in known.messages],
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
            "registered": self._switchboard.sessions.callee(credential.sip_username) is not None,
        }

    async def requests(self, request: web.Request) -> Any:
        since = _since(request)
        entries = [entry.as_json() for entry in self._journal.entries if entry.n > since]
        return {"next": entries[-1]["n"] if entries else since, "requests": entries}

    async def effective(self, request: web.Request) -> Any:
        """What was truly carried out, for every leg or for the one that is named."""
        entries = self._journal.effective(request.query.get("call_control_id"))
        return [{**entry.as_json(), "legs": list(entry.legs)} for entry in entries]

    async def webhooks(self, request: web.Request) -> Any:
        since = _since(request)
        return [webhooks.as_json(delivery) for delivery in self._switchboard.webhooks.log if delivery.n > since]

    async def reset(self, _request: web.Request) -> Any:
        """End all legs and forget everything except the configuration and the account that was kept."""
        for leg in self._switchboard.calls.alive():
            await self._switchboard.hang_up(leg, NORMAL, source="unknown")
        await self._switchboard.close()
        self._switchboard.calls.clear()
        self._switchboard.webhooks.forget()
        self._switchboard.capacity.forget()
        self._switchboard.credentials.clear()
        self._conversations.clear()
        self._assistants.forget()
        self._journal.forget()
        self._memory.forget()
        self._faults.replace([])
        self._faults.upset(Disorder())
        self._switchboard.platform.choose({})
        self._switchboard.account.reset()
        self._switchboard.destinations.replace({})
        sessions = self._switchboard.sessions.all()
        self._switchboard.sessions.clear()
        for session in sessions:
            if session.socket and not session.socket.closed:
                await session.socket.close()
        return {"ok": True}

    async def send_webhook(self, request: web.Request) -> Any:
        """Send one crafted delivery; `raw` (base64) replaces the usual envelope, `path` the usual door."""
        body = await body_of(request)
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
