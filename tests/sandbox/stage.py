"""The sandbox and a receiver of its webhooks, running in the test's own event loop."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from telnyx import AsyncTelnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID, DEFAULT_CONNECTION_ID, Config
from sandbox.model.signer import Signer
from sandbox.server import create_app
from tests.sandbox.phone import PATIENCE, STEP, Phone, eventually

SEED = bytes(range(32))
API_KEY, CONTROL_TOKEN, TOOL_SECRET = "KEY-of-the-test", "control-of-the-test", "secret-of-the-test"
PUBLIC_KEY = Signer(SEED).public_key
ANY_ANSWER = {"type": "array", "items": {"type": "object"}}
MCP_TOOLS = [
    {"name": "save_prospect_details", "inputSchema": {"properties": {"full_name": {}, "answers": ANY_ANSWER}}},
    {"name": "request_handoff", "inputSchema": {"type": "object"}},
    {"name": "book_callback", "inputSchema": {"type": "object"}},
]


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    raw: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        event: dict[str, Any] = body.get("data", body)
        return event

    @property
    def type(self) -> str:
        return str(self.event["event_type"])

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = self.event.get("payload", {})
        return payload

    @property
    def is_of_far_side(self) -> bool:
        """Whether it tells of a leg as the connection sees it at whose softphone it arrives."""
        payload = self.event.get("payload", {})
        is_of_connection = payload.get("connection_id") == DEFAULT_CONNECTION_ID
        return is_of_connection and str(payload.get("to", "")).startswith("gencred")


@dataclass
class Stage:
    url: str
    # An AsyncTelnyx; its models make every field optional, which would put an assertion before each use.
    client: Any
    http: aiohttp.ClientSession
    received: list[Received] = field(default_factory=list)
    # The application's own address, what its tools were asked, what they answer, and after how long.
    application: str = ""
    tools_used: list[Received] = field(default_factory=list)
    tool_answers: dict[str, Any] = field(default_factory=dict)
    tool_seconds: float = 0.0
    # What the application answers next; how long it takes; where it points when it answers with a redirect.
    statuses: list[int] = field(default_factory=list)
    slowness: float = 0.0
    moved_to: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    variables_seconds: float = 0.0
    phones: list[Phone] = field(default_factory=list)

    # People.

    async def credential(self, name: str = "prospect", **extra: Any) -> Any:
        expires_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        given = {"connection_id": DEFAULT_CONNECTION_ID, "name": name, "tag": "test", "expires_at": expires_at}
        return (await self.client.telephony_credentials.create(**(given | extra))).data

    async def phone(self, credential: Any = None, *, hertz: float = 200.0) -> Phone:
        """A signed-in browser; without a credential it is an anonymous visitor."""
        phone = Phone(self.url + "/", hertz=hertz)
        self.phones.append(phone)
        if credential is None:
            await phone.sign_in(target_type="ai_assistant", target_id=DEFAULT_ASSISTANT_ID)
        else:
            await phone.sign_in(login_token=await self.client.telephony_credentials.create_token(credential.id))
        return phone

    async def parked(self, **dialog: Any) -> tuple[Phone, str]:
        """A prospect whose call waits for our answer."""
        seen = self.count("call.initiated")
        phone = await self.phone(await self.credential())
        await phone.call(destination_number="agileadapt", **dialog)
        return phone, (await self.event("call.initiated", seen + 1)).payload["call_control_id"]

    async def answered(self, **dialog: Any) -> tuple[Phone, str]:
        phone, call = await self.parked(**dialog)
        await self.client.calls.actions.answer(call, webhook_url=self.webhook_url)
        await phone.until_answered()
        return phone, call

    @property
    def webhook_url(self) -> str:
        """Where the application hears of everything that its commands set off."""
        return f"{self.application}/webhooks/telnyx/call-control"

    async def closer(self) -> tuple[Phone, str]:
        """A closer's browser and the SIP address under which it rings."""
        credential = await self.credential("closer")
        # Nobody speaks in the same tone, so that one can hear who it is.
        phone = await self.phone(credential, hertz=300.0 + 150.0 * len(self.phones))
        return phone, f"sip:{credential.sip_username}@sip.telnyx.com"

    async def dialled(self, **extra: Any) -> tuple[Phone, str]:
        """A closer who has picked up."""
        phone, address = await self.closer()
        dialled = await self.client.calls.dial(connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234", **extra)
        await phone.pick_up()
        return phone, dialled.data.call_control_id

    # What the sandbox told.

    def of_type(self, event_type: str, *, far_side: bool = False) -> list[Received]:
        """What was told of this type; a leg that arrives at a softphone is told twice, and counts once."""
        return [item for item in self.received if item.type == event_type and item.is_of_far_side is far_side]

    def count(self, event_type: str) -> int:
        return len(self.of_type(event_type))

    async def event(self, event_type: str, count: int = 1) -> Received:
        """Wait for the n-th delivery of this type."""
        await eventually(lambda: self.count(event_type) >= count)
        return self.of_type(event_type)[count - 1]

    async def received_of_far_side(self, event_type: str) -> Received:
        await eventually(lambda: self.of_type(event_type, far_side=True))
        return self.of_type(event_type, far_side=True)[0]

    # The sandbox's own doors.

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
        async with self.http.request(method, f"{self.url}/control/{path}", json=body, headers=headers) as response:
            return await response.json()

    async def platform(self, **choices: str) -> None:
        """Choose how the platform behaves; what is not named is as usual."""
        assert await self.control("PUT", "platform", choices) == {"ok": True}

    async def limits(self, **limits: Any) -> None:
        """Say what the account allows; what is not named is as usual."""
        assert await self.control("PUT", "account/limits", limits) == {"ok": True}

    async def leg(self, call: str) -> dict[str, Any]:
        state = await self.control("GET", "state")
        return next(leg for leg in state["legs"] if leg["call_control_id"] == call)

    async def until(self, call: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the leg is as described."""
        for _ in range(int(PATIENCE / STEP)):
            leg = await self.leg(call)
            if condition(leg):
                return leg
            await asyncio.sleep(STEP)
        raise TimeoutError("the leg did not get there in time")

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with self.http.post(f"{self.url}/v2/{path}", json=body, headers=headers) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with self.http.get(f"{self.url}/v2/{path}", headers=headers) as response:
            return await response.json()

    async def command(self, call: str, name: str, **body: Any) -> tuple[int, Any]:
        return await self.post(f"calls/{call}/actions/{name}", body)

    async def receive(self, request: web.Request) -> web.Response:
        item = Received(request.path, dict(request.headers), await request.read(), time.monotonic())
        self.received.append(item)
        if request.path.endswith("/dynamic-variables"):
            await asyncio.sleep(self.variables_seconds)
            return web.json_response(self.variables)
        status = self.statuses.pop(0) if self.statuses else 200
        await asyncio.sleep(self.slowness)
        return web.Response(status=status, headers={"Location": self.moved_to} if 300 <= status < 400 else {})

    async def answer_tool(self, request: web.Request) -> web.Response:
        """The tools of the account: over MCP, or one address for each."""
        used = Received(request.path_qs, dict(request.headers), await request.read(), time.monotonic())
        self.tools_used.append(used)
        await asyncio.sleep(self.tool_seconds)
        if request.path != "/mcp/":
            answer = self.tool_answers.get(request.match_info["name"], {"text": "Done.", "status": "done"})
            return web.json_response(answer)
        asked = await request.json()
        answers = {
            "initialize": {"protocolVersion": "2025-06-18"},
            "tools/list": {"tools": MCP_TOOLS},
            "tools/call": {"content": [{"type": "text", "text": "Done."}]},
        }
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": answers[asked["method"]]})


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


def configuration(application: str) -> Config:
    return Config(
        host="127.0.0.1",
        port=0,
        api_key=API_KEY,
        signing_seed=SEED,
        webhook_base=f"{application}/webhooks/telnyx",
        connection_id=DEFAULT_CONNECTION_ID,
        call_control_app_id=DEFAULT_APP_ID,
        assistant_id=DEFAULT_ASSISTANT_ID,
        sip_domain="sip.telnyx.com",
        control_token=CONTROL_TOKEN,
    )


class Theatre:
    """Opens and closes a stage; `witness` is a middleware that sees everything that is asked over REST."""

    def __init__(self, *, witness: Any = None) -> None:
        self._witness = witness

    async def open(self) -> Stage:
        stage = Stage(url="", client=None, http=aiohttp.ClientSession())
        receiver = web.Application()
        receiver.router.add_post("/webhooks/telnyx/{door}", stage.receive)
        receiver.router.add_route("*", "/webhooks/telnyx/tools/{name}", stage.answer_tool)
        receiver.router.add_post("/mcp/", stage.answer_tool)
        self._receiver, stage.application = await serve(receiver)
        self.app = create_app(configuration(stage.application))
        if self._witness:
            self.app.middlewares.insert(0, self._witness)
        self._sandbox, stage.url = await serve(self.app)
        stage.client = AsyncTelnyx(api_key=API_KEY, base_url=f"{stage.url}/v2", timeout=5.0, max_retries=0)
        self._stage = stage
        return stage

    async def close(self) -> None:
        for phone in self._stage.phones:
            await phone.close()
        await self._stage.client.close()
        await self._stage.http.close()
        await self._sandbox.cleanup()
        await self._receiver.cleanup()
