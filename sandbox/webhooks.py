"""Delivers events: signed, retried with growing pauses, never in the way of the call."""

import asyncio
import itertools
import json
import logging
import uuid
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

from sandbox import clock
from sandbox.faults import Fault, Faults
from sandbox.signer import Signer

logger = logging.getLogger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=2.0)
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
LOG_LENGTH = 20_000
Body = dict[str, Any]


@dataclass
class Delivery:
    n: int
    event_id: str
    event_type: str
    path: str
    at: str
    attempts: int = 0
    status: int | None = None
    acked_at: str | None = None


class Webhooks:
    def __init__(self, *, base: str, signer: Signer, faults: Faults) -> None:
        self._base = base
        self._signer = signer
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._overtaken = asyncio.Event()
        self.log: deque[Delivery] = deque(maxlen=LOG_LENGTH)
        # What truly happened, whatever becomes of the telling of it.
        self.happened: deque[Body] = deque(maxlen=LOG_LENGTH)

    def send_event(self, event_type: str, payload: Body) -> str:
        """Send one Call Control event in the background and return its id."""
        event_id, at = str(uuid.uuid4()), clock.iso(clock.now())
        data = {"record_type": "event", "event_type": event_type, "id": event_id, "occurred_at": at}
        if event_type.startswith("call.conversation."):
            data["created_at"] = at
        self.happened.append({**data, "payload": payload})
        self.send("call-control", event_type, {"data": {**data, "payload": payload}, "meta": {}}, event_id)
        return event_id

    def send(self, path: str, event_type: str, body: Body, event_id: str) -> None:
        fault = self._faults.for_webhook(event_type, _call_control_id(body))
        pauses = self._faults.pauses(event_type) * (2 if fault and fault.mode == "duplicate" else 1)
        if fault and fault.mode == "drop":
            pauses = []
        for pause in pauses or (None,):
            delivery = Delivery(next(self._numbers), event_id, event_type, path, clock.iso(clock.now()))
            self.log.append(delivery)
            if pause is not None:
                self._start(delivery, body, fault, pause)
        if not (fault and fault.mode == "reorder"):
            self._overtaken.set()

    async def ask(self, path: str, event_type: str, body: Body, *, seconds: float) -> Any:
        """Send a request whose answer matters; return the decoded answer, or None when there is none in time."""
        delivery = Delivery(next(self._numbers), body["data"]["id"], event_type, path, clock.iso(clock.now()))
        self.log.append(delivery)
        fault = self._faults.for_webhook(event_type)
        await self._hold_back(fault)
        if fault and fault.mode == "drop":
            return None
        raw = json.dumps(body).encode()
        delivery.attempts = 1
        try:
            async with self._client().post(
                f"{self._base}/{path}", data=raw, headers=self._headers(raw), timeout=aiohttp.ClientTimeout(seconds)
            ) as response:
                delivery.status = response.status
                answer = await response.json(content_type=None) if response.status == 200 else None
                delivery.acked_at = clock.iso(clock.now())
                return answer
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            logger.warning("%s was not answered (%s)", event_type, type(error).__name__)
            return None

    async def send_once(self, raw: bytes, headers: dict[str, str], path: str) -> tuple[int, str]:
        """Send one crafted delivery and return the status and text of the answer."""
        async with self._client().post(f"{self._base}/{path}", data=raw, headers=headers) as response:
            return response.status, await response.text()

    def forget(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.log.clear()
        self.happened.clear()

    async def close(self) -> None:
        self.forget()
        if self._session:
            await self._session.close()

    def _start(self, delivery: Delivery, body: Body, fault: Fault | None, pause: float) -> None:
        task = asyncio.create_task(self._deliver(delivery, body, fault, pause))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery, body: Body, fault: Fault | None, held_back: float) -> None:
        await asyncio.sleep(held_back)
        await self._hold_back(fault)
        for pause in (*BACKOFF_SECONDS, None):
            delivery.attempts += 1
            if await self._attempt(delivery, body):
                delivery.acked_at = clock.iso(clock.now())
                return
            if pause is not None:
                await asyncio.sleep(pause)
        logger.warning("%s %s was given up", delivery.event_type, delivery.event_id)

    async def _hold_back(self, fault: Fault | None) -> None:
        if fault and fault.mode == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault and fault.mode == "reorder":
            self._overtaken.clear()
            try:
                await asyncio.wait_for(self._overtaken.wait(), fault.seconds)
                await asyncio.sleep(0.1)  # lets the overtaking delivery arrive first
            except TimeoutError:
                return

    async def _attempt(self, delivery: Delivery, body: Body) -> bool:
        url = f"{self._base}/{delivery.path}"
        if "meta" in body:
            body = {**body, "meta": {"attempt": delivery.attempts, "delivered_to": url}}
        raw = json.dumps(body).encode()
        try:
            async with self._client().post(url, data=raw, headers=self._headers(raw), timeout=TIMEOUT) as response:
                delivery.status = response.status
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError) as error:
            logger.debug("%s attempt %d: %s", delivery.event_type, delivery.attempts, type(error).__name__)
            return False

    def _headers(self, raw: bytes) -> dict[str, str]:
        return {**self._signer.headers(raw), "Content-Type": "application/json", "User-Agent": "telnyx-webhooks"}

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
        return self._session


def _call_control_id(body: Body) -> str:
    payload = body.get("data", body).get("payload", {})
    return str(payload.get("call_control_id") or "")


def as_json(delivery: Delivery) -> Body:
    return asdict(delivery)
