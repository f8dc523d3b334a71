"""Threads on which sockets read rows: left to asgiref, all of a process would wait for one another in a single one."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """So few that pages find a connection of DATABASE_POOL too: a thread holds one for as long as it works."""

    def __init__(self, most: int, *, name: str) -> None:
        self.most = most
        self.executor = ThreadPoolExecutor(most, thread_name_prefix=name)

    def lend(self, work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
        """The same to be awaited."""

        @wraps(work)
        def closed(*args: P.args, **kwargs: P.kwargs) -> T:
            close_old_connections()
            try:
                return work(*args, **kwargs)
            finally:
                close_old_connections()

        return sync_to_async(closed, thread_sensitive=False, executor=self.executor)
