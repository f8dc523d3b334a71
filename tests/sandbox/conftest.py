from collections.abc import AsyncIterator

import pytest_asyncio

from tests.sandbox.stage import Stage, Theatre


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    theatre = Theatre()
    yield await theatre.open()
    await theatre.close()
