"""A worker at hand: what is asked of the background queue goes through the real broker, and is done at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import after_task_publish

from agileadapt.celery import app


@pytest.fixture
def workers() -> Iterator[None]:
    """Take each message from the broker as soon as it is there, within the test's own transaction."""
    queue = app.conf.task_default_queue
    with app.connection_for_write() as connection:
        waiting = connection.SimpleQueue(queue)
        waiting.clear()

        def take(**_: Any) -> None:
            message = waiting.get(timeout=5)
            message.ack()
            arguments, named, _chain = message.payload
            app.tasks[message.headers["task"]].apply(arguments, named)

        after_task_publish.connect(take)
        yield
        after_task_publish.disconnect(take)
        waiting.close()
