"""Threads in which tools reach the database and the counters, so that the event loop goes on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
Result = TypeVar("Result")

# A call takes milliseconds; more threads would only take connections away from pages and webhooks.
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tools")


async def run(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Call a function that blocks."""
    return await asyncio.get_running_loop().run_in_executor(
        _THREADS, lambda: _with_connection(function, *args, **kwargs)
    )


def _with_connection(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Django gives connections back at the end of its own requests only, and this is none."""
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
