"""A prospect's leg from invite to hang-up, and a closer's leg from dial to hang-up."""

import asyncio
import json
from typing import Any

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_CALLER_NUMBER, DEFAULT_CONNECTION_ID
from tests.sandbox.stage import Stage

HEADERS = [{"name": "X-Session-Ticket", "value": "abc"}]


async def test_an_invite_parks_and_tells_who_calls(stage: Stage) -> None:
    _, call = await stage.parked(caller_id_name="Jane", custom_headers=HEADERS)

    payload = (await stage.event("call.initiated")).payload

    assert (payload["direction"], payload["state"], payload["to"]) == ("outgoing", "parked", "agileadapt")
    assert payload["from"].startswith("gencred")
    assert payload["from"].endswith("@sip.telnyx.com")
    assert payload["from_sip_uri"] == payload["from"]
    assert payload["custom_headers"] == HEADERS
    assert (await stage.leg(call))["state"] == "parked"


@pytest.mark.parametrize(("known_as", "names_it"), [("sip_uri", True), ("username", True), ("number", False)])
async def test_a_credential_calls_by_different_names(stage: Stage, known_as: str, names_it: bool) -> None:
    await stage.platform(parked_from=known_as)
    credential = await stage.credential()
    phone = await stage.phone(credential)

    await phone.call(destination_number="101")

    payload = (await stage.event("call.initiated")).payload
    address = f"{credential.sip_username}@sip.telnyx.com"
    expected = {"sip_uri": address, "username": credential.sip_username, "number": DEFAULT_CALLER_NUMBER}
    assert payload["from"] == expected[known_as]
    assert (payload["from_sip_uri"] == address) is names_it
    assert (credential.sip_username in json.dumps(payload)) is names_it


@pytest.mark.parametrize("known_as", ["sip_uri", "username", "number"])
async def test_a_caller_number_takes_the_place_of_every_name(stage: Stage, known_as: str) -> None:
    await stage.platform(parked_from=known_as)
    await stage.parked(caller_id_number="+61390001111")

    payload = (await stage.event("call.initiated")).payload

    assert (payload["from"], payload["from_sip_uri"]) == ("+61390001111", "+61390001111@sip.telnyx.com")
    assert "gencred" not in json.dumps(payload)


async def test_direction_and_state_may_be_told_otherwise(stage: Stage) -> None:
    await stage.platform(parked_direction="incoming", parked_state="null")
    phone, _ = await stage.parked()
    await phone.hang_up()

    payload = (await stage.event("call.initiated")).payload

    assert (payload["direction"], payload["state"]) == ("incoming", None)
    # Of a call that came in, no status of a far end is known.
    assert (await stage.event("call.hangup")).payload["sip_hangup_cause"] == "unspecified"


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("header_name", [{"header_name": "X-Session-Ticket", "header_value": "abc"}]), ("withheld", None)],
)
async def test_custom_headers_may_be_spelt_otherwise(stage: Stage, spelling: str, expected: Any) -> None:
    await stage.platform(custom_headers=spelling)
    phone, _ = await stage.answered(custom_headers=HEADERS)
    await phone.hang_up()
    await stage.event("call.hangup")

    told = [item.payload for item in stage.received if item.type in ("call.initiated", "call.answered", "call.hangup")]

    assert len(told) == 3
    assert [payload.get("custom_headers") for payload in told] == [expected] * 3


@pytest.mark.parametrize(("choice", "shown"), [("null", {"client_state": None}), ("absent", {})])
async def test_a_leg_without_a_state_says_so_or_says_nothing(stage: Stage, choice: str, shown: dict[str, None]) -> None:
    await stage.platform(client_state=choice)
    _, call = await stage.answered()
    await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x", client_state="YQ==")

    bare = (await stage.event("call.answered")).payload

    assert {name: value for name, value in bare.items() if name == "client_state"} == shown
    assert (await stage.event("call.speak.ended")).payload["client_state"] == "YQ=="
    assert "client_state" not in (await stage.get(f"calls/{call}"))["data"]


@pytest.mark.parametrize("command", ["answer", "hangup"])
async def test_a_state_must_be_base64(stage: Stage, command: str) -> None:
    _, call = await stage.parked()

    status, body = await stage.command(call, command, client_state="offer:1")

    error = body["errors"][0]
    assert (status, error["code"], error["source"]) == (422, "90017", {"pointer": "/client_state"})
    assert error["meta"]["url"].endswith("/90017")
    assert (await stage.leg(call))["state"] == "parked"


async def test_a_call_is_answered_once(stage: Stage) -> None:
    _, call = await stage.answered()
    _, dialled = await stage.dialled()

    answers = [await stage.command(leg, "answer") for leg in (call, dialled)]

    assert [(status, body["errors"][0]["code"]) for status, body in answers] == [(422, "90102")] * 2


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


async def test_before_level_two_a_sentence_is_heard_with_the_notice_before_it(stage: Stage) -> None:
    lengths = []
    for level in ("2", "1"):
        await stage.limits(level=level)
        _, call = await stage.answered()
        await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")
        await stage.event("call.speak.ended", len(lengths) + 1)
        leg = await stage.leg(call)
        lengths.append(leg["last_voice_out_at"] - leg["first_voice_out_at"])

    assert lengths[1] > lengths[0] + 2


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


@pytest.mark.parametrize("to", ["12345", "+61", "agileadapt", "nobody@sip.telnyx.com"])
async def test_what_is_neither_a_number_nor_an_address_is_refused(stage: Stage, to: str) -> None:
    status, body = await stage.post("calls", {"connection_id": DEFAULT_APP_ID, "to": to, "from": "+61255501234"})

    error = body["errors"][0]
    assert (status, error["code"], error["source"]) == (422, "10016", {"pointer": "/to"})


@pytest.mark.parametrize(
    ("choice", "sip"),
    [("480", "480"), ("404", "404")],
)
@pytest.mark.parametrize("to", ["sip:nobody@sip.telnyx.com", "sip:nobody@"])
async def test_nobody_there_is_not_found(stage: Stage, to: str, choice: str, sip: str) -> None:
    await stage.platform(stale_registration=choice)
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


@pytest.mark.parametrize("connection_id", ["12", DEFAULT_CONNECTION_ID])
async def test_a_dial_needs_a_call_control_application(stage: Stage, connection_id: str) -> None:
    body = {"connection_id": connection_id, "to": "sip:a@sip.telnyx.com", "from": "+61255501234"}

    status, answer = await stage.post("calls", body)

    error = answer["errors"][0]
    assert (status, error["code"], error["source"]) == (422, "10015", {"pointer": "/connection_id"})


async def test_an_application_without_an_address_dials_nobody(stage: Stage) -> None:
    account = await stage.control("GET", "account")
    account["call_control_applications"][0].pop("webhook_event_url")
    await stage.control("PUT", "account", account)

    with pytest.raises(telnyx.UnprocessableEntityError, match="10015"):
        await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to="sip:a@sip.telnyx.com", from_="+61255501234")
