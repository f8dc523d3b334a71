"""Sets the scene for a test: who says what, who answers where, what the platform allows."""

from typing import Any

from aiohttp import web

from sandbox.assistant.run import run_on
from sandbox.assistant.script import Scenario
from sandbox.assistant.starting import Assistants
from sandbox.assistant.transfer import TransferTool
from sandbox.calling.switchboard import Switchboard
from sandbox.control.door import ControlDoor, body_of
from sandbox.model.legs import Leg
from sandbox.model.orders import NORMAL


class SceneControl:
    def __init__(
        self, door: ControlDoor, switchboard: Switchboard, assistants: Assistants, transfer_tool: TransferTool
    ) -> None:
        self._door = door
        self._switchboard = switchboard
        self._assistants = assistants
        self._transfer_tool = transfer_tool

    def routes(self) -> list[web.RouteDef]:
        guarded = self._door.guarded
        return [
            web.put("/control/scenario", guarded(self.set_scenario)),
            web.post("/control/assistant/end", guarded(self.end_assistant)),
            web.post("/control/assistant/transfer", guarded(self.transfer)),
            web.post("/control/assistant/tool", guarded(self.use_tool)),
            web.post("/control/hangup", guarded(self.hang_up)),
            web.get("/control/platform", guarded(self.platform)),
            web.put("/control/platform", guarded(self.set_platform)),
            web.get("/control/destinations", guarded(self.destinations)),
            web.put("/control/destinations", guarded(self.set_destinations)),
        ]

    async def set_scenario(self, request: web.Request) -> Any:
        scenario = Scenario.from_json(await body_of(request))
        call_control_id = request.query.get("call_control_id")
        if call_control_id is None:
            self._assistants.scenario = scenario
            return {"ok": True}
        self._assistants.set_scenario(self._leg({"call_control_id": call_control_id}), scenario)
        return {"ok": True}

    async def platform(self, _request: web.Request) -> Any:
        return self._switchboard.platform.as_json()

    async def set_platform(self, request: web.Request) -> Any:
        self._switchboard.platform.choose(await body_of(request))
        return {"ok": True}

    async def destinations(self, _request: web.Request) -> Any:
        return self._switchboard.destinations.as_json()

    async def set_destinations(self, request: web.Request) -> Any:
        self._switchboard.destinations.replace(await body_of(request))
        return {"ok": True}

    async def end_assistant(self, request: web.Request) -> Any:
        body = await body_of(request)
        run = run_on(self._leg(body))
        if run is None:
            raise ValueError("no assistant is running on this call")
        await run.finish(str(body.get("reason") or "normal"))
        return {"ok": True}

    async def hang_up(self, request: web.Request) -> Any:
        await self._switchboard.hang_up(self._leg(await body_of(request)), NORMAL, source="unknown")
        return {"ok": True}

    async def transfer(self, request: web.Request) -> Any:
        """Let the assistant use its transfer tool now."""
        body = await body_of(request)
        leg = self._leg(body)
        target = self._transfer_tool.use(leg, name=body.get("target"), reason=str(body.get("reason") or ""))
        return {"ok": True, "call_control_id": target.call_control_id}

    async def use_tool(self, request: web.Request) -> Any:
        """Let the assistant use a tool now; its answer comes back."""
        body = await body_of(request)
        run, arguments = run_on(self._leg(body)), body.get("arguments", {})
        if run is None or not isinstance(arguments, dict):
            raise ValueError("an assistant that is running uses a tool with an object of arguments")
        answer = await run.habits.use(str(body.get("name")), arguments, door=str(body.get("door") or ""))
        return answer.as_json()

    def _leg(self, body: Any) -> Leg:
        leg = self._switchboard.calls.get(str(body.get("call_control_id"))) if isinstance(body, dict) else None
        if leg is None:
            raise ValueError("call_control_id names no call")
        return leg
