"""A small HTTP client, so that measuring a server costs less than serving."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile

from bench.deliveries import Delivery

ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    event_id: str
    status: int
    sent_at: float
    answered_at: float


class Connection:
    """One kept-alive connection, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def post(self, path: str, delivery: Delivery) -> Answer:
        sent_at = time.time()
        self.writer.write(request(path, delivery.headers, delivery.body))
        status = await asyncio.wait_for(self.read_answer(), ANSWER_SECONDS)
        return Answer(delivery.event_id, status, sent_at, time.time())

    async def read_answer(self) -> int:
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
        await self.reader.readexactly(length)
        return int(lines[0].split(" ")[1])

    def close(self) -> None:
        self.writer.close()


def request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def hurried(
    port: int, path: str, deliveries: Sequence[Delivery], *, connections: int, seconds: float
) -> list[Answer]:
    """Send as fast as the answers come, over so many connections, until nothing is left or the time is over."""
    waiting = iter(deliveries)
    deadline = time.monotonic() + seconds

    async def keep_sending() -> list[Answer]:
        connection = await Connection.open(port)
        in_time = takewhile(lambda _: time.monotonic() < deadline, waiting)
        answers = [await connection.post(path, delivery) for delivery in in_time]
        connection.close()
        return answers

    return list(chain.from_iterable(await asyncio.gather(*(keep_sending() for _ in range(connections)))))


async def paced(port: int, path: str, deliveries: Sequence[Delivery], *, a_second: float) -> list[Answer]:
    """Send at an even pace, whether or not earlier answers have come."""
    free: list[Connection] = []
    started = time.monotonic()

    async def send_one(delivery: Delivery) -> Answer:
        connection = free.pop() if free else await Connection.open(port)
        answer = await connection.post(path, delivery)
        free.append(connection)
        return answer

    tasks = []
    for number, delivery in enumerate(deliveries):
        await asyncio.sleep(max(0.0, started + number / a_second - time.monotonic()))
        tasks.append(asyncio.create_task(send_one(delivery)))
    answers = await asyncio.gather(*tasks)
    for connection in free:
        connection.close()
    return answers
