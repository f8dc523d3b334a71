"""Commands that move a call overtake those that can wait, in the real broker."""

import uuid
from collections.abc import Iterator

import pytest

from agileadapt.celery import app
from handoff.commands import dispatch
from handoff.commands.kinds import CAN_WAIT, CommandKind

QUEUE = "calls"


@pytest.fixture
def empty_queue() -> Iterator[None]:
    drain()
    yield
    drain()


def drain() -> list[str]:
    """The commands that wait, in the order in which a worker takes them."""
    found = []
    with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE) as waiting:
        while True:
            try:
                message = waiting.get(block=True, timeout=0.2)
            except waiting.Empty:
                return found
            found.append(message.payload[0][0])
            message.ack()


@pytest.mark.usefixtures("empty_queue")
def test_a_flood_of_messages_is_overtaken_by_a_bridge() -> None:
    typed = [uuid.uuid4() for _ in range(20)]
    bridge = uuid.uuid4()
    for command in typed:
        dispatch.send(command, CommandKind.ADD_MESSAGE)
    dispatch.send_again(bridge, CommandKind.BRIDGE)
    dispatch._dispatcher.finish()

    assert drain() == [str(bridge), *map(str, typed)]


def test_nothing_that_can_wait_moves_a_call() -> None:
    assert CommandKind.ADD_MESSAGE in CAN_WAIT
    assert not CAN_WAIT & {CommandKind.ANSWER, CommandKind.BRIDGE, CommandKind.DIAL, CommandKind.HANG_UP}
