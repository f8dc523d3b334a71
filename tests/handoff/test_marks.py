"""Our mark on a leg: only ours is believed."""

import base64
import uuid

import pytest
from django.core import signing

from handoff import marks

HANDOFF = uuid.UUID("3f70bdcc-e6ce-4d13-8c0d-f0e336dd798f")


def test_a_mark_comes_back_as_it_was_written() -> None:
    assert marks.read(marks.write(HANDOFF, marks.leg(3))) == marks.Mark(HANDOFF, "leg:3")


def test_two_attempts_have_different_marks() -> None:
    assert marks.write(HANDOFF, marks.leg(1)) != marks.write(HANDOFF, marks.leg(2))


def test_a_sentence_is_not_a_leg() -> None:
    assert marks.sentence("callback") != marks.leg(1)


@pytest.mark.parametrize(
    "state",
    [
        None,
        "",
        "offer",
        "b2ZmZXI6MQ==",
        "é",
        "=" * 9,
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(f"{HANDOFF}.1".encode()).decode(),
        base64.b64encode(signing.Signer(salt="other").sign(f"{HANDOFF}.1").encode()).decode(),
        base64.b64encode(signing.Signer(salt="agileadapt.leg").sign("no.uuid").encode()).decode(),
    ],
)
def test_a_foreign_state_is_not_a_mark(state: str | None) -> None:
    assert marks.read(state) is None


def test_an_altered_mark_is_not_a_mark() -> None:
    signed = base64.b64decode(marks.write(HANDOFF, marks.leg(1))).decode()
    altered = signed.replace(f"{HANDOFF}.leg:1", f"{HANDOFF}.leg:2")

    assert marks.read(base64.b64encode(altered.encode()).decode()) is None
