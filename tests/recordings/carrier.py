"""Stands at Telnyx's REST address for many visits at once and answers each as its recording was answered."""

import base64
import binascii
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from flight_recorder.replay.script import Script

OK = {"data": {"result": "ok"}}
# Telnyx's names of what the ledger calls otherwise.
KINDS = {
    "gather_using_ai": "start_gather",
    "ai_assistant_start": "start_assistant",
    "ai_assistant_stop": "stop_assistant",
    "hangup": "hang_up",
    "conferences": "create_conference",
    "join": "join_conference",
    "leave": "leave_conference",
}
JOINING = {"transfer", "bridge", "create_conference"}


@dataclass
class Told:
    """One visit of a recorded story, as the carrier knows it. `sent` has each command's key and when it came.

    `effective` counts, by hand-over and attempt, how often two people were brought together; `over` are dead legs.
    """

    script: Script
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex[:10])
    sent: dict[str, float] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    handoffs: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    effective: Counter[str] = field(default_factory=Counter)
    command_ids: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)

    def take(self, kind: str, body: Mapping[str, Any], leg: str) -> Mapping[str, Any]:
        """Note a command and return what the recorded one was answered; {} for one that was not recorded."""
        if body.get("command_id") in self.command_ids:
            return {}
        self.command_ids.add(str(body.get("command_id")))
        mark = body.get("target_leg_client_state") or body.get("client_state") or ""
        key = self._key(kind, leg.removesuffix(self.nonce), self._read(mark))
        if mark:
            self._keep_mark(kind, key, mark)
        self.sent[key] = time.time()
        recorded = self.script.commands.get(key, {})
        if kind in JOINING and recorded.get("state") != "failed":
            self.effective[key.rsplit(":", 1)[0]] += 1
        return recorded

    def _key(self, kind: str, leg: str, subject: str) -> str:
        """The n-th command of a kind is the n-th recorded one; for what names itself, its name tells."""
        names = {str(one["call_control_id"]): str(one["leg"]) for one in self.script.recording["legs"]}
        if kind in {"answer", "hang_up"}:
            return f"{names.get(leg, 'unknown')}:{kind}"
        if kind == "speak":
            return subject
        recorded = [key for key, one in self.script.commands.items() if one["kind"] == kind and one["sent_at"]]
        number = self.counted[kind]
        self.counted[kind] += 1
        return recorded[number] if number < len(recorded) else f"unrecorded:{number}:{kind}"

    def _read(self, mark: str) -> str:
        """“handoff-1:say:waiting:0” from our own mark, whose text anybody may read and nobody may write."""
        try:
            name, _, subject = base64.b64decode(mark, validate=True).decode().rpartition(":")[0].partition(".")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        if not subject:
            return ""
        if name not in self.handoffs:
            self.handoffs.append(name)
        return f"handoff-{self.handoffs.index(name) + 1}:{subject}"

    def _keep_mark(self, kind: str, key: str, mark: str) -> None:
        if kind.startswith("start_"):
            self.marks[f"<mark {key.partition(':')[0]} start>"] = mark
        elif subject := self._read(mark):
            handoff, _, rest = subject.partition(":")
            self.marks[f"<mark {handoff} {rest}>"] = mark


class Carrier:
    def __init__(self) -> None:
        self.visits: dict[str, Told] = {}
        self.by_session: dict[str, Told] = {}
        self.app = web.Application()
        self.app.router.add_route("*", "/v2/{path:.*}", self._answer)

    def add(self, session_id: str, told: Told) -> None:
        self.visits[told.nonce] = told
        self.by_session[session_id] = told

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        if path.startswith("telephony_credentials"):
            return await self._credential(request, path)
        if request.method == "GET":
            return self._looked_up(path)
        body = await request.json()
        leg = str(body.get("call_control_id") or path.split("/")[1] if "/" in path else body.get("call_control_id", ""))
        told = self._visit(leg, body)
        if told is None:
            return web.json_response({"errors": [{"code": "10005", "title": "unknown"}]}, status=404)
        name = path.rsplit("/", 1)[-1]
        kind = "dial" if path == "calls" else KINDS.get(name, name)
        recorded = told.take(kind, body, leg)
        if recorded.get("state") in {"failed", "unknown"}:
            return web.json_response({"errors": [{"code": "90018", "title": "as recorded"}]}, status=422)
        return web.json_response(_body(kind, recorded, told.nonce))

    def _visit(self, leg: str, body: Mapping[str, Any]) -> Told | None:
        if leg[-10:] in self.visits:
            return self.visits[leg[-10:]]
        headers = {one["name"]: one["value"] for one in body.get("custom_headers") or []}
        return self.by_session.get(headers.get("X-Session-Id", ""))

    def _looked_up(self, path: str) -> web.Response:
        if path.startswith("ai/"):
            return web.json_response({"data": [], "meta": {"total_pages": 1}})
        leg = re.sub(r"^calls/", "", path)
        told = self.visits.get(leg[-10:])
        ended = told is not None and leg.removesuffix(told.nonce) in told.over
        ids = dict.fromkeys(("call_control_id", "call_leg_id", "call_session_id"), leg)
        return web.json_response({"data": {**ids, "record_type": "call", "is_alive": not ended}})

    async def _credential(self, request: web.Request, path: str) -> web.Response:
        if request.method == "DELETE":
            return web.Response(status=204)
        if path.endswith("/token"):
            return web.Response(status=201, text="eyJhbGciOiJub25lIn0.e30.c2ln")
        made = {"id": str(uuid.uuid4()), "sip_username": f"gencred{uuid.uuid4().hex}", "sip_password": uuid.uuid4().hex}
        return web.json_response({"data": {**(await request.json()), **made, "record_type": "credential"}}, status=201)


def _body(kind: str, recorded: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    answer = {name: f"{value}{nonce}" for name, value in recorded.get("answer", {}).items() if isinstance(value, str)}
    if kind == "create_conference":
        return {"data": {"id": answer.get("conference_id", "conference")}}
    if kind == "dial":
        made = answer or dict.fromkeys(("call_control_id", "call_leg_id", "call_session_id"), f"unrecorded-{nonce}")
        return {"data": {**made, "record_type": "call", "is_alive": False}}
    return {"data": {"result": "ok", **answer}} if kind.startswith("start_") else OK
