"""Shows and replaces what the account holds, for a test."""

from typing import Any

from aiohttp import web

from sandbox.control.door import ControlDoor, body_of
from sandbox.model.account import Account


class AccountControl:
    def __init__(self, door: ControlDoor, account: Account) -> None:
        self._door = door
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        guarded = self._door.guarded
        return [
            web.get("/control/account", guarded(self.show)),
            web.put("/control/account", guarded(self.replace)),
            web.post("/control/account/keep", guarded(self.keep)),
            web.get("/control/account/limits", guarded(self.limits)),
            web.put("/control/account/limits", guarded(self.set_limits)),
        ]

    async def show(self, _request: web.Request) -> Any:
        return self._account.everything()

    async def replace(self, request: web.Request) -> Any:
        self._account.replace(await body_of(request))
        return {"ok": True}

    async def keep(self, _request: web.Request) -> Any:
        """Let every reset return to the account as it is now; tell all of it, as it can be set again."""
        self._account.keep()
        return self._account.whole()

    async def limits(self, _request: web.Request) -> Any:
        return self._account.limits.as_json()

    async def set_limits(self, request: web.Request) -> Any:
        self._account.limits.choose(await body_of(request))
        return {"ok": True}
