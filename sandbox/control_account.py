"""Shows and replaces what the account holds, for a test."""

from typing import Any

from aiohttp import web

from sandbox.account import Account
from sandbox.control_door import ControlDoor, body_of


class AccountControl:
    def __init__(self, door: ControlDoor, account: Account) -> None:
        self._door = door
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/account", self._door.guarded(self._show)),
            web.put("/control/account", self._door.guarded(self._replace)),
        ]

    async def _show(self, _request: web.Request) -> Any:
        return self._account.everything()

    async def _replace(self, request: web.Request) -> Any:
        self._account.replace(await body_of(request))
        return {"ok": True}
