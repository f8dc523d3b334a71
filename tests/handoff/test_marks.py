"""Our mark on a leg: only ours is believed."""

import base64
import uuid

import pytest
from django.core import signing

from handoff import client_state

HANDOFF = uuid.UUID("3f70bdcc-e6ce-4d13-8c0d-f0e336dd798f")


def test_a_mark_comes_back_as_it_was_written() -> None:
    assert client_state.read(client_state.write(HANDOFF, client_state.leg(3))) == client_state.Mark(HANDOFF, "leg:3")


def test_two_attempts_have_different_marks() -> None:
    assert client_state.write(HANDOFF, client_state.leg(1)) != client_state.write(HANDOFF, client_state.leg(2))


def test_a_sentence_is_not_a_leg() -> None:
    assert client_state.sentence("callback") != client_state.leg(1)


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
    assert client_state.read(state) is None


def test_an_altered_mark_is_not_a_mark() -> None:
    signed = base64.b64decode(client_state.write(HANDOFF, client_state.leg(1))).decode()
    altered = signed.replace(f"{HANDOFF}.leg:1", f"{HANDOFF}.leg:2")

    assert client_state.read(base64.b64encode(altered.encode()).decode()) is None
