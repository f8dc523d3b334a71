"""A kind of command is complete: it can be sent, and no table names one that is none."""

from handoff.commands import kinds, sending
from handoff.commands.kinds import CommandKind
from handoff.models import Command


def test_every_kind_has_its_sender() -> None:
    assert set(sending._PERFORM) == set(CommandKind)


def test_every_kind_fits_its_column() -> None:
    longest = Command._meta.get_field("kind").max_length
    assert longest is not None
    assert max(len(kind) for kind in CommandKind) <= longest


def test_what_brings_two_together_can_meet_a_limit_or_joins_legs_that_stand() -> None:
    assert kinds.CALLS_CLOSER - {CommandKind.LISTEN} < kinds.JOINS
    assert not kinds.JOINS & kinds.READS
