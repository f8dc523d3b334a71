"""A leg that arrives at a softphone, as the softphone's own connection tells of it."""

from typing import Any

import pytest

from sandbox.config import DEFAULT_APP_ID, DEFAULT_CONNECTION_ID
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Received, Stage

TICKET = [{"name": "X-Session-Ticket", "value": "t-1"}]


async def ringing(stage: Stage) -> tuple[Phone, Any, Received]:
    """A closer's softphone that rings: the browser, the leg that we dialled, and what its connection tells."""
    phone, address = await stage.closer()
    dialled = await stage.client.calls.dial(
        connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234", custom_headers=TICKET, client_state="YQ=="
    )
    await phone.frame("telnyx_rtc.invite")
    return phone, dialled.data, await stage.received_of_far_side("call.initiated")


async def test_the_connection_tells_of_a_leg_of_its_own(stage: Stage) -> None:
    _, dialled, told = await ringing(stage)

    payload = told.payload
    assert payload["call_control_id"] != dialled.call_control_id
    assert payload["call_leg_id"] != dialled.call_leg_id
    assert payload["call_session_id"] == dialled.call_session_id
    assert (payload["connection_id"], payload["direction"]) == (DEFAULT_CONNECTION_ID, "incoming")
    assert (payload["from"], payload["custom_headers"]) == ("+61255501234", TICKET)
    assert payload["to"].startswith("gencred")
    # A state belongs to the leg that a command made.
    assert payload["client_state"] is None


async def test_it_lives_and_ends_with_the_leg(stage: Stage) -> None:
    phone, dialled, told = await ringing(stage)
    await phone.pick_up()
    _, call = await stage.answered()
    await stage.command(call, "bridge", call_control_id=dialled.call_control_id)
    await phone.hang_up()

    ended = (await stage.received_of_far_side("call.hangup")).payload

    types = [item.type for item in stage.received if item.is_of_far_side]
    assert types == ["call.initiated", "call.answered", "call.bridged", "call.hangup"]
    assert ended["call_control_id"] == told.payload["call_control_id"]
    assert (ended["hangup_cause"], ended["hangup_source"]) == ("normal_clearing", "callee")


@pytest.mark.parametrize(
    ("choices", "same_session", "direction", "whole_address"),
    [
        ({"far_side": "own_session"}, False, "incoming", True),
        ({"far_side_direction": "outgoing"}, True, "outgoing", True),
        ({"parked_from": "username"}, True, "incoming", False),
    ],
)
async def test_it_may_be_told_otherwise(
    stage: Stage, choices: dict[str, str], *, same_session: bool, direction: str, whole_address: bool
) -> None:
    await stage.platform(**choices)

    _, dialled, told = await ringing(stage)

    assert (told.payload["call_session_id"] == dialled.call_session_id) is same_session
    assert told.payload["direction"] == direction
    assert ("@" in told.payload["to"]) is whole_address


async def test_it_may_not_be_told_at_all(stage: Stage) -> None:
    await stage.platform(far_side="silent")
    phone, call = await stage.dialled()
    await phone.hang_up()
    await stage.event("call.hangup")

    assert [item for item in stage.received if item.is_of_far_side] == []
    assert (await stage.leg(call))["far_side"] is None


async def test_headers_may_be_spelt_otherwise(stage: Stage) -> None:
    await stage.platform(custom_headers="header_name")

    _, _, told = await ringing(stage)

    assert told.payload["custom_headers"] == [{"header_name": "X-Session-Ticket", "header_value": "t-1"}]


async def test_it_takes_no_commands(stage: Stage) -> None:
    _, dialled, told = await ringing(stage)
    far_side = told.payload["call_control_id"]
    _, call = await stage.answered()

    answers = [
        await stage.command(far_side, "answer"),
        await stage.command(far_side, "speak", payload="Hi.", voice="Telnyx.x"),
        await stage.command(call, "bridge", call_control_id=far_side),
    ]

    assert [(status, body["errors"][0]["code"]) for status, body in answers] == [
        (422, "90102"),
        (422, "90015"),
        (422, "90015"),
    ]
    assert (await stage.leg(dialled.call_control_id))["state"] == "ringing"


async def test_hanging_it_up_ends_the_closers_call(stage: Stage) -> None:
    phone, dialled, told = await ringing(stage)
    await phone.pick_up()

    status, _ = await stage.command(told.payload["call_control_id"], "hangup")

    assert status == 200
    await phone.frame("telnyx_rtc.bye")
    assert (await stage.leg(dialled.call_control_id))["state"] == "ended"


async def test_a_softphone_that_is_gone_is_not_arrived_at(stage: Stage) -> None:
    phone, address = await stage.closer()
    await phone.drop_socket()

    await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234")

    await stage.event("call.hangup")
    assert [item for item in stage.received if item.is_of_far_side] == []
