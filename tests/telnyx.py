"""Speaks for Telnyx: signed deliveries at our real addresses, and REST answers in Telnyx's own shapes."""

import base64
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import httpx
import respx
from django.conf import settings
from django.test import Client, TestCase
from django.utils import timezone
from nacl.signing import SigningKey

CALL_CONTROL = "/webhooks/telnyx/call-control"
INSIGHTS = "/webhooks/telnyx/insights"
DYNAMIC_VARIABLES = "/webhooks/telnyx/dynamic-variables"
DOORS = (CALL_CONTROL, INSIGHTS, DYNAMIC_VARIABLES)

OK = {"data": {"result": "ok"}}


def signature(key: SigningKey, body: bytes, *, at: datetime) -> dict[str, str]:
    """The two headers with which Telnyx signs a body."""
    seconds = str(int(at.timestamp()))
    signed = key.sign(seconds.encode() + b"|" + body).signature
    return {"telnyx-signature-ed25519": base64.b64encode(signed).decode(), "telnyx-timestamp": seconds}


def envelope(event_type: str, payload: dict[str, Any], *, event_id: str, occurred_at: datetime) -> bytes:
    data = {
        "record_type": "event",
        "event_type": event_type,
        "id": event_id,
        "occurred_at": occurred_at.isoformat(),
        "payload": payload,
    }
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


@dataclass
class Webhooks:
    """Delivers events, signed, through the URL that Telnyx knows."""

    client: Client
    key: SigningKey

    def deliver(self, body: bytes, *, path: str = CALL_CONTROL, content_type: str = "application/json") -> Any:
        headers = signature(self.key, body, at=timezone.now())
        return self.client.post(path, body, content_type=content_type, headers=headers)

    def use_tool(self, tool: str, arguments: dict[str, Any], *, headers: dict[str, str], query: str = "") -> Any:
        """Use a tool, signed; what is committed then goes out."""
        body = json.dumps(arguments).encode()
        with TestCase.captureOnCommitCallbacks(execute=True):
            return self.client.post(
                f"/webhooks/telnyx/tools/{tool}{query}",
                body,
                content_type="application/json",
                headers=signature(self.key, body, at=timezone.now()) | headers,
            )

    def event(
        self,
        event_type: str,
        payload: dict[str, Any],
        *,
        path: str = CALL_CONTROL,
        event_id: str = "",
        occurred_at: datetime | None = None,
    ) -> Any:
        """Deliver one event; it must be accepted, whatever becomes of it."""
        body = envelope(
            event_type, payload, event_id=event_id or str(uuid.uuid4()), occurred_at=occurred_at or timezone.now()
        )
        response = self.deliver(body, path=path)
        assert response.status_code == 200, response.content
        return response


@dataclass(frozen=True)
class Platform:
    """What Telnyx's documents leave open of legs at browsers, by the sandbox's names; the usual reading is the default.

    That is the documented one, or the one seen live, or else the harder one.
    """

    parked_direction: str = "outgoing"
    parked_state: str | None = "parked"
    parked_from: str = "sip_uri"
    custom_headers: str = "name"
    far_side: str = "same_session"
    far_side_direction: str = "incoming"
    far_side_first: bool = False

    def without_proof(self) -> bool:
        """Whether nothing in the event of a page's call says whose it is."""
        return self.parked_from == "number" and self.custom_headers == "withheld"

    def spelt(self, headers: dict[str, str]) -> list[dict[str, str]]:
        prefix = {"name": "", "header_name": "header_"}.get(self.custom_headers)
        if prefix is None:
            return []
        return [{f"{prefix}name": name, f"{prefix}value": value} for name, value in headers.items()]


OTHERWISE: dict[str, tuple[Any, ...]] = {
    "parked_direction": ("incoming",),
    "parked_state": (None,),
    "parked_from": ("username", "number"),
    "custom_headers": ("header_name", "withheld"),
    "far_side": ("own_session", "silent"),
    "far_side_direction": ("outgoing",),
    "far_side_first": (True,),
}
USUAL = Platform()
CALLER_NUMBER = "+61255501234"
SIP = "sip.telnyx.com"


def alternatives(names: Iterable[str] = OTHERWISE) -> list[Platform]:
    """The usual platform, and for each choice the one that differs in it alone."""
    return [USUAL, *(replace(USUAL, **{name: value}) for name in names for value in OTHERWISE[name])]


def named(platform: Platform) -> str:
    others = [f"{name} {value}" for name in OTHERWISE if (value := getattr(platform, name)) != getattr(USUAL, name)]
    return ", ".join(others) or "usual"


@dataclass
class Leg:
    """One call leg as Telnyx names it; every method delivers what Telnyx would say of it.

    One without a `to` was placed by a page, whose credential is `username`. Of one that we dialled to a softphone
    Telnyx tells twice: its far side is a leg of our own connection.
    """

    webhooks: Webhooks
    connection_id: str
    call_control_id: str = field(default_factory=lambda: f"v3:{uuid.uuid4().hex}")
    call_leg_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    call_session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    client_state: str | None = None
    to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    username: str = "somebody"
    platform: Platform = USUAL

    @cached_property
    def far_side(self) -> "Leg | None":
        user = self.to.removeprefix("sip:").partition("@")[0]
        if not user.startswith("gencred") or self.platform.far_side == "silent":
            return None
        same = {"call_session_id": self.call_session_id} if self.platform.far_side == "same_session" else {}
        return Leg(self.webhooks, settings.TELNYX_CONNECTION_ID, to=user, platform=self.platform, **same)

    @property
    def reports(self) -> "list[Leg]":
        """This leg and its far side, in the order in which the platform tells of them."""
        legs = [leg for leg in (self, self.far_side) if leg is not None]
        return legs[::-1] if self.platform.far_side_first else legs

    def ends(self) -> dict[str, Any]:
        return {"from": CALLER_NUMBER, "to": self.to} if self.to else {}

    def ids(self) -> dict[str, Any]:
        return {
            "call_control_id": self.call_control_id,
            "call_leg_id": self.call_leg_id,
            "call_session_id": self.call_session_id,
            "connection_id": self.connection_id,
            "client_state": self.client_state,
        }

    def says(self, event_type: str, *, path: str = CALL_CONTROL, **payload: Any) -> Any:
        return self.webhooks.event(event_type, {**self.ids(), **payload}, path=path)

    def initiated(self, *, ticket: str = "", direction: str = "outgoing", from_: str = "") -> None:
        if not self.to and self.connection_id == settings.TELNYX_CONNECTION_ID:
            self.placed(ticket=ticket, username=from_ or self.username)
            return
        headers = self.platform.spelt(self.headers)
        for leg in self.reports:
            seen_from = direction if leg is self else self.platform.far_side_direction
            leg.says("call.initiated", direction=seen_from, state="bridging", custom_headers=headers, **leg.ends())

    def placed(self, *, ticket: str, username: str) -> None:
        """A page calls, and its call parks."""
        platform = self.platform
        caller = {"number": CALLER_NUMBER, "username": username}.get(platform.parked_from, f"{username}@{SIP}")
        ends = {"from": caller, "to": "61255501234", "to_sip_uri": f"61255501234@{SIP}"}
        if platform.parked_from == "sip_uri":
            ends["from_sip_uri"] = caller
        headers = platform.spelt({"X-Session-Ticket": ticket} if ticket else {})
        direction, state = platform.parked_direction, platform.parked_state
        self.says("call.initiated", direction=direction, state=state, custom_headers=headers, **ends)

    def answered(self) -> None:
        for leg in self.reports:
            leg.says("call.answered", state="answered", **leg.ends())

    def bridged(self) -> None:
        for leg in self.reports:
            leg.says("call.bridged", **leg.ends())

    def hung_up(self, *, source: str = "caller", cause: str = "normal_clearing", sip: str = "200") -> None:
        what = {"hangup_cause": cause, "hangup_source": source, "sip_hangup_cause": sip}
        for leg in self.reports:
            leg.says("call.hangup", **what, **leg.ends())

    def conversation_created(self, conversation_id: str) -> None:
        self.says("call.conversation.created", conversation_id=conversation_id)

    def partial(self, results: dict[str, Any], history: list[dict[str, str]] | None = None) -> None:
        self.says("call.ai_gather.partial_results", partial_results=results, message_history=history or [])

    def uses(self, tool: str, /, **arguments: Any) -> Any:
        """The assistant uses one of our tools as a webhook."""
        headers = {
            "authorization": f"Bearer {settings.MCP_SECRETS[0]}",
            "x-telnyx-call-control-id": self.call_control_id,
        }
        return self.webhooks.use_tool(tool, arguments, headers=headers)

    def ended_conversation(self, conversation_id: str = "", *, reason: str = "completed") -> None:
        ids = {"conversation_id": conversation_id} if conversation_id else {}
        self.says("call.conversation.ended", reason=reason, messages=[], **ids)

    def gathered(self, result: dict[str, Any], history: list[dict[str, str]] | None = None) -> None:
        self.says("call.ai_gather.ended", status="valid", result=result, message_history=history or [])


@dataclass
class Rest:
    """Stands at Telnyx's REST address and answers what the real SDK asks; `requests` keeps all of it."""

    router: respx.MockRouter
    conversation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    dialled: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    answers: dict[str, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    canary: str = ""
    alive: bool = True
    registered: bool = True

    def __post_init__(self) -> None:
        self.next_conversation_id = self.conversation_id
        base = settings.TELNYX_API_BASE
        self.router.post(f"{base}/calls", name="dial").mock(side_effect=self._dial)
        self.router.get(url__regex=rf"{base}/calls/[^/]+$", name="status").mock(side_effect=self._status)
        credentials = f"{base}/telephony_credentials"
        self.router.post(credentials, name="credential").mock(side_effect=self._credential)
        self.router.post(url__regex=rf"{credentials}/[^/]+/token$", name="token").mock(side_effect=self._token)
        self.router.delete(url__regex=rf"{credentials}/[^/]+$", name="revoke").respond(204)
        self.router.patch(url__regex=rf"{credentials}/[^/]+$", name="extend").mock(side_effect=self._extend)
        self.router.get(f"{base}/sip_registration_status", name="registration").mock(side_effect=self._registration)
        self.router.post(f"{base}/conferences", name="conference").respond(json={"data": {"id": "conf-1"}})
        starts = rf"{base}/calls/[^/]+/actions/(gather_using_ai|ai_assistant_start)$"
        self.router.post(url__regex=starts, name="conversation").mock(side_effect=self._conversation)
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

    def _command(self, request: httpx.Request) -> httpx.Response:
        """`refusals` says which commands are answered with which status and code, `answers` which with what else."""
        name = request.url.path.rsplit("/", 1)[-1]
        if name in self.answers:
            return self.answers[name](request)
        if name not in self.refusals:
            asked = json.loads(request.content or b"{}").get("command_id")
            if name == "hangup" and self.ended.setdefault(request.url.path, asked) != asked:
                return httpx.Response(422, json={"errors": [{"code": "90018", "title": "Call has already ended"}]})
            return httpx.Response(200, json=OK)
        status, code = self.refusals[name]
        return httpx.Response(status, json={"errors": [{"code": code, "title": "Refused"}]})

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

    def _extend(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": json.loads(request.content)})

    def _registration(self, request: httpx.Request) -> httpx.Response:
        """Not wrapped in `data`, as the SDK's model has it."""
        return httpx.Response(200, json={"registered": self.registered, "credential_type": "telephony_credential"})

    def _status(self, request: httpx.Request) -> httpx.Response:
        ids = {"call_control_id": "x", "call_leg_id": "x", "call_session_id": "x", "record_type": "call"}
        return httpx.Response(200, json={"data": {**ids, "is_alive": self.alive}})

    def _conversation(self, request: httpx.Request) -> httpx.Response:
        """The first conversation has the id that the tests know; each further one has an id of its own."""
        conversation_id, self.next_conversation_id = self.next_conversation_id, str(uuid.uuid4())
        return httpx.Response(200, json={"data": {"result": "ok", "conversation_id": conversation_id}})
