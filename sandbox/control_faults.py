"""Makes things go wrong for a test."""

from typing import Any

from aiohttp import web

from sandbox.control_door import ControlDoor, body_of
from sandbox.faults import Fault, FaultError, Faults


class FaultControl:
    def __init__(self, door: ControlDoor, faults: Faults) -> None:
        self._door = door
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        guarded = self._door.guarded
        return [
            web.get("/control/faults", guarded(self._list_faults)),
            web.put("/control/faults", guarded(self._set_faults)),
            web.delete("/control/faults", guarded(self._clear_faults)),
        ]

    async def _list_faults(self, _request: web.Request) -> Any:
        return [fault.as_json() for fault in self._faults.remaining()]

    async def _set_faults(self, request: web.Request) -> Any:
        body = await body_of(request)
        if not isinstance(body, list):
            raise FaultError("faults are a JSON list")
        self._faults.replace([Fault.from_json(item) for item in body])
        return {"ok": True}

    async def _clear_faults(self, _request: web.Request) -> Any:
        self._faults.replace([])
        return {"ok": True}
