"""Hands commands to the workers. Nobody waits for the broker: what it does not take, the sweep finds in its row."""

import atexit
import logging
import os
import queue
import time
from dataclasses import dataclass
from threading import Lock, Thread
from uuid import UUID

from celery import current_app
from kombu.exceptions import OperationalError

from handoff.commands.kinds import CAN_WAIT
from sessions_app import faults
from sessions_app.faults import Point

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000
LAST_SECONDS = 1.0
# The next sweep asks again, so a message that no worker took by then need not wait in the queue.
ASKED_AGAIN_SECONDS = 2.0
# Two of the steps that the transport tells apart: `priority_steps` of kombu's Redis transport.
AT_ONCE, LATER = 0, 6


@dataclass(frozen=True)
class Message:
    """`expires` is in seconds: the queue forgets a message that nobody took by then.

    Of those that wait, a worker takes one with a lower `priority` first.
    """

    command_id: UUID
    task: str = "run_command"
    expires: float | None = None
    priority: int = AT_ONCE


class Dispatcher:
    """Sends on a thread of its own: a webhook or a click must not wait for a broker that does not answer."""

    def __init__(self) -> None:
        self.starting = Lock()
        self.thread: Thread | None = None
        self.waiting: queue.Queue[Message] = queue.Queue(MOST_WAITING)

    def put(self, message: Message) -> None:
        if self.thread is None:
            self._start()
        try:
            self.waiting.put_nowait(message)
        except queue.Full:
            logger.warning("command %s not queued: too many are waiting", message.command_id)

    def finish(self) -> None:
        """Let what is waiting go out before the process ends."""
        deadline = time.monotonic() + LAST_SECONDS
        while self.waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _start(self) -> None:
        with self.starting:
            if self.thread is None:
                self.thread = Thread(target=self._run, name="dispatch", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        while True:
            message = self.waiting.get()
            try:
                # The queue follows from the task, by CELERY_TASK_ROUTES.
                current_app.send_task(
                    f"handoff.tasks.{message.task}",
                    args=[str(message.command_id)],
                    ignore_result=True,
                    expires=message.expires,
                    priority=message.priority,
                )
                faults.reach(Point.QUEUED)
            except (OperationalError, OSError) as error:
                # The row is due; the sweep sends it when the broker is back.
                logger.warning("command %s not queued: %s", message.command_id, type(error).__name__)
            except Exception:  # One message that fails must not end all later ones.
                logger.exception("Could not queue a command")
            self.waiting.task_done()


def send(command_id: UUID, kind: str) -> None:
    """Have a worker send a command that is due."""
    faults.reach(Point.COMMITTED)
    _dispatcher.put(Message(command_id, priority=_priority(kind)))


def send_again(command_id: UUID, kind: str) -> None:
    """As `send`, for a command whose first message may be lost or still be waiting."""
    _dispatcher.put(Message(command_id, expires=ASKED_AGAIN_SECONDS, priority=_priority(kind)))


def _priority(kind: str) -> int:
    return LATER if kind in CAN_WAIT else AT_ONCE


def rescue(command_id: UUID) -> None:
    """Have the background's worker send it: those of the calls are dead or all busy."""
    _dispatcher.put(Message(command_id, task="rescue_command", expires=ASKED_AGAIN_SECONDS))


_dispatcher = Dispatcher()
atexit.register(_dispatcher.finish)
# A thread does not survive a fork: the child begins with one of its own.
os.register_at_fork(after_in_child=_dispatcher.__init__)  # type: ignore[misc]
