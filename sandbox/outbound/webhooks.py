"""Delivers events: signed, repeated where the answer allows it, never in the way of the call."""

import asyncio
import itertools
import json
import logging
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urljoin

import aiohttp

from sandbox.model import clock
from sandbox.model.faults import Fault, Faults
from sandbox.model.signer import Signer
from sandbox.outbound.receivers import Receiver

logger = logging.getLogger(__name__)

LOG_LENGTH = 20_000
# https://developers.telnyx.com/docs/voice/programmable-voice/voice-api-webhooks (2026-04): these and 5xx are repeated,
# every other refusal is final; up to three redirects are followed.
REPEATED = frozenset((408, 429))
MAX_REDIRECTS = 3
# These say within their payload when they happened, and not beside it.
TIMED_WITHIN = frozenset(("conference.created", "conference.ended"))
Body = dict[str, Any]


@dataclass
class Delivery:
    """One webhook on its way; `url` is where it was tried last."""

    n: int
    event_id: str
    event_type: str
    path: str
    at: str
    url: str
    attempts: int = 0
    status: int | None = None
    acked_at: str | None = None


@dataclass(frozen=True)
class Letter:
    """What is sent to whom; `event` is the Call Control event in it."""

    path: str
    event_type: str
    body: Body
    event_id: str
    receiver: Receiver
    event: Body | None = None

    def delivery(self, number: int) -> Delivery:
        at = clock.iso(clock.now())
        return Delivery(number, self.event_id, self.event_type, self.path, at, self.receiver.url)


def envelope(event_type: str, payload: Body) -> Body:
    """Wrap a payload; where the time stands differs by type. Source: the SDK's models of the webhooks."""
    now = clock.iso(clock.now())
    data: Body = {"record_type": "event", "event_type": event_type, "id": str(uuid.uuid4())}
    if event_type in TIMED_WITHIN:
        return {**data, "payload": {**payload, "occurred_at": now}}
    if event_type.startswith("call.conversation."):
        data["created_at"] = now
    return {**data, "occurred_at": now, "payload": payload}


def is_repeated(status: int) -> bool:
    return status in REPEATED or status >= 500


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
        # What truly happened and was to be told, whatever becomes of the telling of it.
        self.happened: deque[tuple[Body, Delivery]] = deque(maxlen=LOG_LENGTH)

    def send_event(self, event_type: str, payload: Body, receivers: Sequence[Receiver]) -> None:
        """Tell one Call Control event to its receivers, in the background."""
        event = envelope(event_type, payload)
        for receiver in receivers:
            self._spread(Letter("call-control", event_type, {"data": event, "meta": {}}, event["id"], receiver, event))

    def send(self, path: str, event_type: str, body: Body, event_id: str) -> None:
        """Send a body of another kind, to a whole address or to one below the application's own."""
        self._spread(self._letter(path, event_type, body, event_id))

    def _letter(self, path: str, event_type: str, body: Body, event_id: str) -> Letter:
        url = path if path.startswith(("http://", "https://")) else f"{self._base}/{path}"
        return Letter(url.removeprefix(f"{self._base}/"), event_type, body, event_id, Receiver(url))

    def _spread(self, letter: Letter) -> None:
        """Send as many copies as the weather makes of it."""
        told = letter.body.get("data", letter.body).get("payload", {})
        fault = self._faults.for_webhook(letter.event_type, str(told.get("call_control_id") or ""))
        pauses = self._faults.pauses(letter.event_type) * (2 if fault and fault.mode == "duplicate" else 1)
        if fault and fault.mode == "drop":
            pauses = []
        copies = [(letter.delivery(next(self._numbers)), pause) for pause in pauses or (None,)]
        self.log.extend(delivery for delivery, _ in copies)
        if letter.event:
            self.happened.append((letter.event, copies[0][0]))
        for delivery, pause in copies:
            if pause is not None:
                task = asyncio.create_task(self._deliver(letter, delivery, fault, pause))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if not (fault and fault.mode == "reorder"):
            self._overtaken.set()

    async def ask(self, path: str, event_type: str, body: Body, *, seconds: float) -> Any:
        """Send a request whose answer matters; return the decoded answer, or None when there is none in time."""
        letter = self._letter(path, event_type, body, str(body["data"]["id"]))
        delivery = letter.delivery(next(self._numbers))
        self.log.append(delivery)
        fault = self._faults.for_webhook(event_type)
        await self._hold_back(fault)
        if fault and fault.mode == "drop":
            return None
        raw = json.dumps(body).encode()
        delivery.attempts = 1
        try:
            async with self._client().post(
                delivery.url, data=raw, headers=self._headers(raw), timeout=aiohttp.ClientTimeout(seconds)
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

    async def _deliver(self, letter: Letter, delivery: Delivery, fault: Fault | None, held_back: float) -> None:
        await asyncio.sleep(held_back)
        await self._hold_back(fault)
        for url in (letter.receiver.url, letter.receiver.failover_url):
            if not url:
                continue
            for pause in (*letter.receiver.pauses, None):
                status = await self._attempt(letter, delivery, url)
                if status is not None and 200 <= status < 300:
                    delivery.acked_at = clock.iso(clock.now())
                    return
                if status is not None and not is_repeated(status):
                    logger.warning("%s %s was refused (%d)", delivery.event_type, delivery.event_id, status)
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

    async def _attempt(self, letter: Letter, delivery: Delivery, url: str) -> int | None:
        """Try once; return the status of the answer, or None when there was none in time."""
        delivery.attempts += 1
        delivery.url, delivery.status = url, None
        body = letter.body
        if "meta" in body:
            body = {**body, "meta": {"attempt": delivery.attempts, "delivered_to": url}}
        try:
            delivery.status = await self._posted(url, json.dumps(body).encode(), letter.receiver.timeout_seconds)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            logger.debug("%s attempt %d: %s", delivery.event_type, delivery.attempts, type(error).__name__)
        return delivery.status

    async def _posted(self, url: str, raw: bytes, seconds: float) -> int:
        """Post, also to where the answer points, and return the last answer's status."""
        status = 0
        for _ in range(1 + MAX_REDIRECTS):
            async with self._client().post(
                url,
                data=raw,
                headers=self._headers(raw),
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                status, location = response.status, response.headers.get("Location")
            if not 300 <= status < 400 or not location:
                break
            url = urljoin(url, location)
        return status

    def _headers(self, raw: bytes) -> dict[str, str]:
        return {**self._signer.headers(raw), "Content-Type": "application/json", "User-Agent": "telnyx-webhooks"}

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
        return self._session


def as_json(delivery: Delivery) -> Body:
    return asdict(delivery)
