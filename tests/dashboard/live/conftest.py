"""What sockets leave behind."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from dashboard.live import reads


@pytest.fixture(scope="session", autouse=True)
def no_connection_left(django_db_setup: None) -> Iterator[None]:
    """Channels' communicator keeps connections open for the test that it plays in; the database is to be dropped."""
    yield
    together = threading.Barrier(reads.THREADS)

    def close() -> None:
        together.wait(10)
        connections.close_all()

    for closing in [reads._threads.submit(close) for _ in range(reads.THREADS)]:
        closing.result()
