"""Makes things go wrong for a test."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox.control.door import ControlDoor, body_of
from sandbox.model.faults import Disorder, Fault, FaultError, Faults
from sandbox.rest.journal import CommandMemory


class FaultControl:
    def __init__(self, door: ControlDoor, faults: Faults, memory: CommandMemory) -> None:
        self._door = door
        self._memory = memory
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        guarded = self._door.guarded
        return [
            web.get("/control/faults", guarded(self.list_faults)),
            web.put("/control/faults", guarded(self.set_faults)),
            web.delete("/control/faults", guarded(self.clear_faults)),
            web.get("/control/disorder", guarded(self.disorder)),
            web.put("/control/disorder", guarded(self.set_disorder)),
            web.post("/control/command_ids/age", guarded(self.age_command_ids)),
        ]

    async def list_faults(self, _request: web.Request) -> Any:
        return [fault.as_json() for fault in self._faults.remaining()]

    async def set_faults(self, request: web.Request) -> Any:
        body = await body_of(request)
        if not isinstance(body, list):
            raise FaultError("faults are a JSON list")
        self._faults.replace([Fault.from_json(item) for item in body])
        return {"ok": True}

    async def clear_faults(self, _request: web.Request) -> Any:
        self._faults.replace([])
        self._faults.upset(Disorder())
        return {"ok": True}

    async def disorder(self, _request: web.Request) -> Any:
        return asdict(self._faults.disorder)

    async def set_disorder(self, request: web.Request) -> Any:
        self._faults.upset(Disorder.from_json(await body_of(request)))
        return {"ok": True}

    async def age_command_ids(self, request: web.Request) -> Any:
        """Let command ids be forgotten sooner, instead of waiting for a minute."""
        body = await body_of(request)
        seconds = body.get("seconds") if isinstance(body, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise ValueError("seconds must be a number of at least 0")
        self._memory.age(seconds)
        return {"ok": True}
