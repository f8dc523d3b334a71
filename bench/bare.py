"""The measure for the webhook door: an ASGI application that commits one row for each request, and does nothing else.

Served as `daphne bench.bare:application`, whatever serves the product: the figures of years are compared with it.
"""

import asyncio
import os
from typing import Any

from psycopg_pool import AsyncConnectionPool

TABLE = "CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, body bytea NOT NULL)"
INSERT = "INSERT INTO bench_bare (body) VALUES (%s)"


class Application:
    def __init__(self) -> None:
        self.pool: AsyncConnectionPool | None = None
        self.opening = asyncio.Lock()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        async with (await self.opened()).connection() as connection:
            await connection.execute(INSERT, [body])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def opened(self) -> AsyncConnectionPool:
        """Not at start: daphne has no lifespan events."""
        async with self.opening:
            if self.pool is None:
                pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=12, open=False)
                await pool.open()
                async with pool.connection() as connection:
                    await connection.execute(TABLE)
                self.pool = pool
        return self.pool


application = Application()
