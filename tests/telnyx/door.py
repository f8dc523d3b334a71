"""The door for webhooks in this process: what it stores is a part of the test's own transaction, and folded at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpResponse
from django.test import Client

from handoff.events import dynamic_variables
from sessions_app.http.uploads import Bounded
from sessions_app.inbox import intake
from sessions_app.inbox.door import LANES, Door, Kept
from sessions_app.inbox.store import Incoming

T = TypeVar("T")


class InTest:
    """An inbox on the test's own connection."""

    async def keep(self, incoming: Incoming) -> Kept:
        delivery = await self.ask(
            lambda: intake.take(
                incoming.event,
                body=incoming.body,
                content_type=incoming.content_type,
                door=incoming.door,
                now=incoming.received_at,
            )
        )
        folded = asyncio.get_running_loop().create_future()
        folded.set_result(None)
        return Kept(delivery.pk, folded)

    async def ask(self, look: Callable[[], T]) -> T:
        return await sync_to_async(look)()


DOOR = Door(InTest(), {**LANES, dynamic_variables.PATH: dynamic_variables.lane(within=timedelta(minutes=1))})


class DoorClient(Client):
    """Django's client, with the door in front of Django as the server has it."""

    def request(self, **environ: Any) -> Any:
        wanted = {**self._base_environ(), **environ}
        if wanted["PATH_INFO"] not in DOOR.lanes:
            return super().request(**environ)
        sent: list[dict[str, Any]] = []
        pieces = [{"type": "http.request", "body": wanted["wsgi.input"].read(), "more_body": False}]

        async def receive() -> dict[str, Any]:
            return pieces.pop()

        async def send(message: Any) -> None:
            sent.append(message)

        async_to_sync(Bounded(DOOR))(_scope(wanted), receive, send)
        start, body = sent
        response = HttpResponse(body["body"], status=start["status"])
        del response.headers["Content-Type"]
        for name, value in start["headers"]:
            response.headers[name.decode().title()] = value.decode()
        response.json = partial(self._parse_json, response)  # type: ignore[attr-defined]
        return response


def _scope(environ: dict[str, Any]) -> dict[str, Any]:
    headers = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    headers |= {
        name: environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name) not in {None, ""}
    }
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "headers": [
            (name.replace("_", "-").lower().encode(), str(value).encode("latin-1", "replace"))
            for name, value in headers.items()
        ],
    }
