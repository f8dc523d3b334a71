"""The formats of command keys: recordings hold them, and Telnyx's commands are told apart by them."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from handoff.commands import keys
from handoff.commands.kinds import CommandKind

ID = UUID("0b8f7c1e-3d52-4a90-8d5e-6a1f2c3b4d5e")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("built", "format_"),
    [
        (keys.of_attempt(ID, 2, CommandKind.DIAL), f"{ID}:2:dial"),
        (keys.of_attempt(ID, 1, "reach"), f"{ID}:1:reach"),
        (keys.say(ID, "waiting:0"), f"{ID}:say:waiting:0"),
        (keys.look_up_waiting(ID), f"{ID}:look_up"),
        (keys.look_up_after(ID), f"{ID}:look_up"),
        (keys.look_up_left(ID, 3), f"{ID}:3:left"),
        (keys.steer(ID, 17), f"{ID}:steer:17"),
        (keys.message(ID, 17, NOON), f"{ID}:message:17:1795521600.0"),
        (keys.answer(7), "leg:7:answer"),
        (keys.answer_alone(7), "leg:7:answer:alone"),
        (keys.hang_up(7), "leg:7:hang_up"),
        (keys.hang_up(7, 2), "leg:7:hang_up:2"),
        (keys.look_up(7), "leg:7:look_up"),
        (keys.start(5), "run:5:start"),
        (keys.start(5, 1), "run:5:start:1"),
        (keys.stop(5), "run:5:stop"),
        (keys.watch(5), "run:5:watch"),
        (keys.of_record(5, CommandKind.FETCH_TRANSCRIPT, 0), "run:5:fetch_transcript:0"),
    ],
)
def test_a_key_is_written_as_ever(built: str, format_: str) -> None:
    assert built == format_


def test_nothing_is_read_out_of_a_key() -> None:
    reads = re.compile(r"\bkey__(starts|ends|contains|regex)|\bkey\.(split|partition|rpartition|startswith|endswith)\b")
    files = [*Path("handoff").rglob("*.py"), Path("flight_recorder/replay/watch.py")]

    assert [str(path) for path in files if reads.search(path.read_text())] == []
