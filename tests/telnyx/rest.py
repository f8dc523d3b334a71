"""Telnyx's REST interface: answers in its own shapes to the real SDK, and refusals with its own codes."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import respx
from django.conf import settings

OK = {"data": {"result": "ok"}}
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Rest:
    """Stands at Telnyx's REST address and answers what the real SDK asks; `requests` keeps all of it.

    `refusals` says which requests are answered with which status and code, `answers` which with what else; both by the
    name of the command (“hangup”) or of the route below (“dial”).
    """

    router: respx.MockRouter
    told: list[dict[str, Any]] = field(default_factory=list)
    conversations: list[dict[str, Any]] = field(default_factory=list)
    conversation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    dialled: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    canary: str = ""
    alive: bool = True
    registered: bool = True
    lists: bool = False

    def __post_init__(self) -> None:
        self.next_conversation_id = self.conversation_id
        base = settings.TELNYX_API_BASE
        logins, one = f"{base}/telephony_credentials", "[^/]+"
        self._at("dial", "POST", self._dial, url=f"{base}/calls")
        self._at("status", "GET", self._status, url__regex=rf"{base}/calls/{one}$")
        self._at("credential", "POST", self._credential, url=logins)
        self._at("token", "POST", self._token, url__regex=rf"{logins}/{one}/token$")
        self._at("revoke", "DELETE", self._revoke, url__regex=rf"{logins}/{one}$")
        self._at("extend", "PATCH", self._extend, url__regex=rf"{logins}/{one}$")
        self._at("registration", "GET", self._registration, url=f"{base}/sip_registration_status")
        self._at("conference", "POST", self._conference, url=f"{base}/conferences")
        self._at("public_key", "GET", self._public_key, url=f"{base}/public_key")
        self._at("call_events", "GET", self._call_events, url=f"{base}/call_events")
        self._at("conversations", "GET", self._conversations, url=f"{base}/ai/conversations")
        starts = rf"{base}/calls/{one}/actions/(gather_using_ai|ai_assistant_start)$"
        self._at("conversation", "POST", self._command, url__regex=starts)
        self.router.post(url__regex=rf"{base}/(calls|conferences)/[^/]+/actions/[a-z_]+$").mock(
            side_effect=self._command
        )
        messages = f"{base}/ai/conversations/{self.conversation_id}"
        self.router.get(url__regex=rf"{messages}/messages").respond(json={"data": [], "meta": {"total_pages": 1}})
        self.router.get(url__regex=rf"{messages}/conversations-insights").respond(json={"data": []})

    @property
    def requests(self) -> list[tuple[str, dict[str, Any]]]:
        """(last part of the path, body) of every POST, oldest first."""
        posts = [call.request for call in self.router.calls if call.request.method == "POST"]
        return [(request.url.path.rsplit("/", 1)[-1], json.loads(request.content or b"{}")) for request in posts]

    @property
    def hang_ups(self) -> list[httpx.Request]:
        return [call.request for call in self.router.calls if call.request.url.path.endswith("/actions/hangup")]

    def asked(self, name: str) -> list[dict[str, Any]]:
        return [body for path, body in self.requests if path == name]

    def _at(self, name: str, method: str, usual: Answer, **where: str) -> None:
        self.router.route(method=method, name=name, **where).mock(side_effect=self._unless_told(name, usual))

    def _unless_told(self, name: str, usual: Answer) -> Answer:
        def answer(request: httpx.Request) -> httpx.Response:
            if name in self.answers:
                return self.answers[name](request)
            return refusal(*self.refusals[name]) if name in self.refusals else usual(request)

        return answer

    def _command(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        starts = {"gather_using_ai": self._conversation, "ai_assistant_start": self._conversation}
        return self._unless_told(name, {"hangup": self._end_once, **starts}.get(name, self._obey))(request)

    def _obey(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=OK)

    def _end_once(self, request: httpx.Request) -> httpx.Response:
        """The same command again is answered as before; another one finds no call."""
        asked = json.loads(request.content or b"{}").get("command_id")
        if self.ended.setdefault(request.url.path, asked) != asked:
            return refusal(422, "90018")
        return httpx.Response(200, json=OK)

    def _dial(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        leg = {
            "call_control_id": f"v3:{uuid.uuid4().hex}",
            "call_leg_id": str(uuid.uuid4()),
            "call_session_id": str(uuid.uuid4()),
            "is_alive": False,
            "record_type": "call",
        }
        headers = {header["name"]: header["value"] for header in body.get("custom_headers") or []}
        self.dialled.append({**leg, "client_state": body["client_state"], "to": body["to"], "headers": headers})
        return httpx.Response(200, json={"data": leg})

    def _credential(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        made = {
            **asked,
            "id": str(uuid.uuid4()),
            "sip_username": f"gencred{uuid.uuid4().hex[:20]}",
            "sip_password": f"{self.canary}{uuid.uuid4().hex}",
            "record_type": "credential",
        }
        self.credentials.append(made)
        return httpx.Response(201, json={"data": made})

    def _token(self, request: httpx.Request) -> httpx.Response:
        token = f"eyJhbGciOiJIUzUxMiJ9.{self.canary}{uuid.uuid4().hex}.c2ln"
        self.tokens.append(token)
        return httpx.Response(201, text=token)

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(204)

    def _extend(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": json.loads(request.content)})

    def _registration(self, request: httpx.Request) -> httpx.Response:
        """Not wrapped in `data`, as the SDK's model has it."""
        return httpx.Response(200, json={"registered": self.registered, "credential_type": "telephony_credential"})

    def _conference(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": {"id": "conf-1"}})

    def _public_key(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": public_key(settings.TELNYX_PUBLIC_KEYS[0])})

    def _status(self, request: httpx.Request) -> httpx.Response:
        ids = {"call_control_id": "x", "call_leg_id": "x", "call_session_id": "x", "record_type": "call"}
        named = unquote(request.url.path.rsplit("/", 1)[-1])
        ended = {one["payload"].get("call_control_id") for one in self.told if one["event_type"] == "call.hangup"}
        return httpx.Response(200, json={"data": {**ids, "is_alive": self.alive and named not in ended}})

    def _call_events(self, request: httpx.Request) -> httpx.Response:
        wanted = request.url.params.get("filter[leg_id]")
        found = [listed(one) for one in self.told if wanted in (None, one["payload"].get("call_leg_id"))]
        return self._list(found, request)

    def _conversations(self, request: httpx.Request) -> httpx.Response:
        return self._list(self.conversations, request)

    def _list(self, rows: list[dict[str, Any]], request: httpx.Request) -> httpx.Response:
        if not self.lists:
            raise httpx.ConnectError("out of reach", request=request)
        return httpx.Response(200, json={"data": rows, "meta": {"total_pages": 1}})

    def _conversation(self, request: httpx.Request) -> httpx.Response:
        """The first conversation has the id that the tests know; each further one has an id of its own."""
        conversation_id, self.next_conversation_id = self.next_conversation_id, str(uuid.uuid4())
        return httpx.Response(200, json={"data": {"result": "ok", "conversation_id": conversation_id}})


def refusal(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"code": code, "title": "Refused"}]})


def public_key(key: str) -> dict[str, str]:
    return {"public": key, "record_type": "public_key", "organization_id": "o-1"}


def listed(event: dict[str, Any]) -> dict[str, Any]:
    """An event in the account's list of what was sent."""
    return {
        "call_leg_id": event["payload"].get("call_leg_id"),
        "call_session_id": event["payload"].get("call_session_id"),
        "event_timestamp": event["occurred_at"],
        "name": event["event_type"],
        "type": "webhook",
        "metadata": event,
    }
