"""A prospect's leg from invite to hang-up, and a closer's leg from dial to hang-up."""

import asyncio

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID
from tests.sandbox.stage import Stage

HEADERS = [{"name": "X-Session-Ticket", "value": "abc"}]


async def test_an_invite_parks_and_tells_who_calls(stage: Stage) -> None:
    _, call = await stage.parked(caller_id_name="Jane", custom_headers=HEADERS)

    payload = (await stage.event("call.initiated")).payload

    assert (payload["direction"], payload["state"], payload["to"]) == ("incoming", "parked", "agileadapt")
    assert payload["from_sip_uri"] == f"{payload['from']}@sip.telnyx.com"
    assert payload["custom_headers"] == HEADERS
    assert (await stage.leg(call))["state"] == "parked"


async def test_answering_opens_audio_both_ways(stage: Stage) -> None:
    phone, call = await stage.answered()
    phone.speak()

    await stage.command(call, "speak", payload="Good morning, this is a test of the line.", voice="Telnyx.x")

    assert (await stage.event("call.answered")).payload["state"] == "answered"
    assert await phone.until_loud() > 1000
    await asyncio.sleep(0.3)
    leg = await stage.leg(call)
    assert leg["rms_in"] > 3000
    assert leg["first_voice_in_at"] is not None


async def test_speak_reports_start_and_end(stage: Stage) -> None:
    _, call = await stage.answered()

    await stage.command(call, "speak", payload="Hello.", voice="Telnyx.x", client_state="c3RhdGU=")

    await stage.event("call.speak.started")
    ended = (await stage.event("call.speak.ended")).payload
    assert (ended["status"], ended["client_state"]) == ("completed", "c3RhdGU=")
    assert (await stage.leg(call))["source"] == "silence"


async def test_the_prospect_hangs_up(stage: Stage) -> None:
    phone, call = await stage.answered()
    await stage.until(call, lambda leg: leg["frames_out"] > 5)

    await phone.hang_up()

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["hangup_source"]) == ("normal_clearing", "caller")
    assert int(payload["call_quality_stats"]["outbound"]["packet_count"]) > 0
    assert (await stage.client.calls.retrieve_status(call)).data.is_alive is False


async def test_the_prospect_gives_up_before_the_answer(stage: Stage) -> None:
    phone, _ = await stage.parked()

    await phone.hang_up()

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "originator_cancel"


async def test_a_hangup_command_ends_the_call_in_the_page(stage: Stage) -> None:
    phone, call = await stage.answered()

    await stage.client.calls.actions.hangup(call)

    assert (await phone.frame("telnyx_rtc.bye"))["cause"] == "NORMAL_CLEARING"


async def test_commands_are_refused_in_the_platforms_words(stage: Stage) -> None:
    phone, call = await stage.parked()

    early = await stage.command(call, "speak", payload="x", voice="y")
    await phone.hang_up()
    late = await stage.command(call, "answer")
    unknown = await stage.command("v3:unknown", "answer")

    assert (early[0], early[1]["errors"][0]["code"]) == (422, "90034")
    assert (late[0], late[1]["errors"][0]["code"]) == (422, "90018")
    assert unknown[0] == 404


async def test_dialling_rings_the_newest_browser_with_headers(stage: Stage) -> None:
    phone, address = await stage.closer()

    dialled = await stage.client.calls.dial(
        connection_id=DEFAULT_APP_ID,
        to=address,
        from_="+61255501234",
        from_display_name="Jane",
        client_state="c3RhdGU=",
        custom_headers=[{"name": "X-Lead", "value": "7"}],
    )
    invite = await phone.pick_up()

    assert dialled.data.is_alive is False
    assert (await stage.client.calls.retrieve_status(dialled.data.call_control_id)).data.is_alive is True
    assert invite["caller_id_name"] == "Jane"
    assert invite["dialogParams"]["custom_headers"] == [{"name": "X-Lead", "value": "7"}]
    assert invite["telnyx_call_control_id"] == dialled.data.call_control_id
    payload = (await stage.event("call.answered")).payload
    assert (payload["client_state"], payload["call_leg_id"]) == ("c3RhdGU=", dialled.data.call_leg_id)


@pytest.mark.parametrize(
    ("to", "sip"),
    [("sip:nobody@sip.telnyx.com", "480"), ("sip:nobody@", "480"), ("12345", "404"), ("+61", "404")],
)
async def test_nobody_there_is_not_found(stage: Stage, to: str, sip: str) -> None:
    await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=to, from_="+61255501234")

    payload = (await stage.event("call.hangup")).payload

    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == ("not_found", sip)


async def test_a_closer_declines(stage: Stage) -> None:
    phone, address = await stage.closer()
    await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234")
    phone.call_id = (await phone.frame("telnyx_rtc.invite"))["callID"]

    await phone.hang_up()

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == ("user_busy", "486")


async def test_a_ring_times_out(stage: Stage) -> None:
    phone, address = await stage.closer()

    await stage.post(
        "calls",
        {"connection_id": DEFAULT_APP_ID, "to": address, "from": "+61255501234", "timeout_secs": 0.3},
    )

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "timeout"
    assert (await phone.frame("telnyx_rtc.bye"))["cause"] == "ORIGINATOR_CANCEL"


async def test_a_time_limit_ends_the_leg(stage: Stage) -> None:
    phone, address = await stage.closer()
    body = {"connection_id": DEFAULT_APP_ID, "to": address, "from": "+61255501234", "time_limit_secs": 0.2}

    await stage.post("calls", body)
    await phone.pick_up()

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "time_limit"


async def test_a_dial_needs_a_known_application(stage: Stage) -> None:
    with pytest.raises(telnyx.UnprocessableEntityError):
        await stage.client.calls.dial(connection_id="12", to="sip:a@sip.telnyx.com", from_="+61255501234")
