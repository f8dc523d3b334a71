"""A dashboard without a page: a real WebSocket client with a closer's cookies that notes when each event arrives."""

import json
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from bench.recorder import Position

START_SECONDS = 10.0


class ListenerError(Exception):
    """The socket did not open or was closed by the server."""


class Listener:
    """Listens on a thread between `__enter__` and `__exit__`; `arrived` holds Unix seconds by session and number."""

    def __init__(self, base_url: str, cookies: Mapping[str, str]) -> None:
        self.url = base_url.replace("http", "ws", 1) + "/ws/dashboard/"
        self.headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        self.base_url = base_url
        self.arrived: dict[Position, float] = {}
        self.ready = threading.Event()

    def __enter__(self) -> Self:
        self.socket = connect(self.url, additional_headers=self.headers, origin=Origin(self.base_url), max_size=None)
        self.thread = threading.Thread(target=self.listen, name="dashboard-socket", daemon=True)
        self.thread.start()
        self.hello()
        if not self.ready.wait(START_SECONDS):
            raise ListenerError("the dashboard's socket sent no snapshot")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()
        self.thread.join(START_SECONDS)

    def hello(self) -> None:
        self.socket.send(json.dumps({"type": "hello", "epoch": None, "cursors": {}, "watching": None}))

    def listen(self) -> None:
        try:
            for text in self.socket:
                self.take(json.loads(text), time.time())
        except ConnectionClosed:
            return  # `missing` figures in the report say what was not heard

    def take(self, frame: dict[str, Any], now: float) -> None:
        match frame["type"]:
            case "event":
                self.arrived.setdefault((frame["session"], frame["seq"]), now)
            case "snapshot":
                self.ready.set()
            case "beat":
                self.socket.send(json.dumps({"type": "ping"}))
            case "reload":
                self.hello()
