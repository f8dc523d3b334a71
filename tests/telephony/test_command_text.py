"""Ids and texts of a command arrive as they are, whatever they hold."""

import pytest
import respx

from telephony.client import Telnyx
from tests.telephony.contract.commands import ACCEPTED, CALL, COMMAND
from tests.telephony.vendor import answered, sent


@pytest.mark.parametrize(
    ("call_control_id", "segment"),
    [("v3:HDR1-a_b", b"v3:HDR1-a_b"), ("v3:a/b?c#d%2e", b"v3:a%2Fb%3Fc%23d%252e"), ("v3:ü ", b"v3:%C3%BC%20")],
)
def test_the_id_of_the_call_stays_one_segment_of_the_path(
    client: Telnyx, api: respx.MockRouter, call_control_id: str, segment: bytes
) -> None:
    route = api.post(url__regex=".*").mock(return_value=answered(ACCEPTED))

    client.hang_up(call_control_id, command_id=COMMAND)

    assert route.calls.last.request.url.raw_path == b"/v2/calls/" + segment + b"/actions/hangup"


@pytest.mark.parametrize("call_control_id", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(
    client: Telnyx, api: respx.MockRouter, call_control_id: str
) -> None:
    route = api.post(url__regex=".*").mock(return_value=answered(ACCEPTED))

    with pytest.raises(ValueError, match=r"non-empty|dot-segment"):
        client.hang_up(call_control_id, command_id=COMMAND)
    assert not route.called


def test_a_command_id_may_be_text(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.post(f"/calls/{CALL}/actions/hangup").mock(return_value=answered(ACCEPTED))

    client.hang_up(CALL, command_id="attempt-7")

    assert sent(route) == {"command_id": "attempt-7"}


def test_text_that_utf8_cannot_carry_does_not_stop_a_command(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.post(f"/calls/{CALL}/actions/ai_assistant_add_messages").mock(return_value=answered(ACCEPTED))

    client.add_messages(CALL, messages=[{"role": "user", "content": "a\ud800b😀"}], command_id=COMMAND)

    assert sent(route)["messages"] == [{"role": "user", "content": "a�b😀"}]
