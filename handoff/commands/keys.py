"""The names of commands: wanting the same thing twice makes the same key, so that it exists once. Pure.

A key is built here and compared as a whole. Nothing is ever read out of it: what a command is about stands in its row.
"""

from datetime import datetime
from uuid import UUID

from handoff.commands.kinds import CommandKind


def of_attempt(handoff_id: UUID, number: int, name: str) -> str:
    """A command of one attempt to join the two; `name` is its kind, or tells it from another one of the same kind."""
    return f"{handoff_id}:{number}:{name}"


def say(handoff_id: UUID, name: str) -> str:
    return f"{handoff_id}:say:{name}"


def look_up_waiting(handoff_id: UUID) -> str:
    return f"{handoff_id}:look_up"


def look_up_after(command_id: UUID) -> str:
    return f"{command_id}:look_up"


def look_up_left(session_id: UUID, run_number: int) -> str:
    return f"{session_id}:{run_number}:left"


def steer(session_id: UUID, seq: int) -> str:
    return f"{session_id}:steer:{seq}"


def message(session_id: UUID, seq: int, now: datetime) -> str:
    return f"{session_id}:message:{seq}:{now.timestamp()}"


def answer(leg_id: int) -> str:
    return f"leg:{leg_id}:answer"


def answer_alone(leg_id: int) -> str:
    """Without the assistant that was refused together with the first answer."""
    return f"leg:{leg_id}:answer:alone"


def hang_up(leg_id: int, again: int = 0) -> str:
    return _numbered(f"leg:{leg_id}:hang_up", again)


def look_up(leg_id: int) -> str:
    """Whether the prospect is still there after a closer's leg has ended."""
    return f"leg:{leg_id}:look_up"


def start(run_id: int, again: int = 0) -> str:
    return _numbered(f"run:{run_id}:start", again)


def stop(run_id: int) -> str:
    return f"run:{run_id}:stop"


def watch(run_id: int) -> str:
    return f"run:{run_id}:watch"


def of_record(run_id: int, kind: CommandKind, number: int) -> str:
    return f"run:{run_id}:{kind}:{number}"


def _numbered(name: str, again: int) -> str:
    return f"{name}:{again}" if again else name
