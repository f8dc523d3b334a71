"""The WebSocket: signing in, coming back, leaving without a word, and frames without sense."""

import asyncio
import time
from typing import Any

import pytest

from sandbox.calling import logins
from sandbox.config import DEFAULT_APP_ID
from sandbox.media.webrtc import Media
from tests.sandbox.phone import SPEECH_RMS, Phone
from tests.sandbox.stage import Stage


async def stranger(stage: Stage) -> Phone:
    phone = Phone(stage.url + "/")
    stage.phones.append(phone)
    await phone.open()
    return phone


async def test_a_returning_browser_keeps_its_call(stage: Stage) -> None:
    credential = await stage.credential()
    phone = await stage.phone(credential)
    await phone.call()
    call = (await stage.event("call.initiated")).payload["call_control_id"]
    await stage.command(call, "answer")
    await phone.until_answered()
    await phone.drop_socket()

    phone.frames.clear()
    token = await stage.client.telephony_credentials.create_token(credential.id)
    reply = await phone.sign_in(login_token=token, reconnection=True, sessid=phone.sessid)

    assert reply["result"]["sessid"] == phone.sessid
    assert (await phone.frame("telnyx_rtc.clientReady"))["reattached_sessions"] == [phone.call_id]
    await phone.hang_up()
    await stage.event("call.hangup")


async def test_a_session_of_somebody_else_cannot_be_taken_over(stage: Stage) -> None:
    owner, _ = await stage.parked()
    thief = await stranger(stage)
    token = await stage.client.telephony_credentials.create_token((await stage.credential()).id)

    reply = await thief.sign_in(login_token=token, reconnection=True, sessid=owner.sessid)

    assert reply["result"]["sessid"] != owner.sessid
    assert (await thief.frame("telnyx_rtc.clientReady"))["reattached_sessions"] == []


async def test_a_browser_that_vanished_ends_its_call(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(logins, "WATCH_SECONDS", 0.05)
    phone, _ = await stage.answered()

    assert phone.media
    await phone.media.close()
    await phone.drop_socket()

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["hangup_source"]) == ("normal_clearing", "caller")


async def test_a_ringing_browser_that_vanished_is_not_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(logins, "WATCH_SECONDS", 0.05)
    phone, address = await stage.closer()
    await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234")
    await phone.frame("telnyx_rtc.invite")

    await phone.drop_socket()

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == ("not_found", "480")


async def test_a_lost_socket_alone_does_not_end_a_talking_call(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(logins, "WATCH_SECONDS", 0.05)
    phone, call = await stage.answered()

    await phone.drop_socket()
    await asyncio.sleep(1.0)

    assert (await stage.leg(call))["state"] == "answered"


async def test_the_newest_browser_of_a_credential_rings(stage: Stage) -> None:
    credential = await stage.credential("closer")
    await stage.phone(credential)
    newest = await stage.phone(credential)
    address = f"sip:{credential.sip_username}@sip.telnyx.com"

    await stage.client.calls.dial(connection_id=DEFAULT_APP_ID, to=address, from_="+61255501234")

    assert (await newest.frame("telnyx_rtc.invite"))["callee_id_number"] == credential.sip_username


async def test_an_ice_restart_is_answered(stage: Stage) -> None:
    phone, _ = await stage.answered()
    assert phone.media
    description = phone.media.description()

    reply = await phone.ask(
        "telnyx_rtc.modify", {"action": "updateMedia", "sdp": description, "dialogParams": {"callID": phone.call_id}}
    )

    assert reply["result"]["sdp"].startswith("v=0")


@pytest.mark.parametrize("method", ["telnyx_rtc.ping", "telnyx_rtc.info", "telnyx_rtc.candidate", "telnyx_rtc.unheard"])
async def test_every_request_gets_a_reply(stage: Stage, method: str) -> None:
    phone = await stage.phone(await stage.credential())

    assert "result" in await phone.ask(method, {"dtmf": "5"})


async def test_nothing_is_done_before_signing_in(stage: Stage) -> None:
    phone = await stranger(stage)

    reply = await phone.ask("telnyx_rtc.invite", {"sdp": "v=0"})

    assert reply["error"]["message"] == "Authentication Required"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("telnyx_rtc.answer", {"sdp": "", "dialogParams": {"callID": "none"}}),
        ("telnyx_rtc.answer", {"dialogParams": []}),
        ("telnyx_rtc.modify", {"action": "hold"}),
    ],
)
async def test_a_call_that_is_not_there_is_an_error(stage: Stage, method: str, params: dict[str, Any]) -> None:
    phone = await stage.phone(await stage.credential())

    assert (await phone.ask(method, params))["error"]["message"] == "CALL DOES NOT EXIST"


@pytest.mark.parametrize("frame", [[], "text", 5, {"method": 5}, {"id": 1, "result": {}}, {"method": "x", "params": 7}])
async def test_junk_does_not_end_the_session(stage: Stage, frame: Any) -> None:
    phone = await stage.phone(await stage.credential())

    await phone.send(frame)

    assert "result" in await phone.ask("telnyx_rtc.ping", {})


@pytest.mark.parametrize("sdp", ["", "v=0", "junk\r\nm=audio", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ssrc:x y"])
async def test_a_description_without_sense_ends_the_call(stage: Stage, sdp: str) -> None:
    phone = await stage.phone(await stage.credential())
    await phone.ask("telnyx_rtc.invite", {"sdp": sdp, "dialogParams": {"callID": "c1"}})
    call = (await stage.event("call.initiated")).payload["call_control_id"]

    await stage.command(call, "answer")

    assert (await stage.event("call.hangup")).payload["sip_hangup_cause"] == "488"
    assert (await phone.frame("telnyx_rtc.bye"))["cause"] == "INCOMPATIBLE_DESTINATION"


async def test_call_reports_may_come_from_any_page(stage: Stage) -> None:
    async with stage.http.options(f"{stage.url}/call_report") as allowed:
        assert allowed.headers["Access-Control-Allow-Origin"] == "*"
    async with stage.http.post(f"{stage.url}/call_report", json={"logs": []}) as taken:
        assert taken.status == 200


async def test_warm_audio_is_switched_at_once(stage: Stage) -> None:
    """Two legs that are up already: the bridge only switches sources."""
    prospect, call = await stage.answered()
    closer, other = await stage.dialled()
    closer.speak()
    await stage.until(other, lambda leg: leg["rms_in"] > 3000)
    asked = time.time()

    await stage.command(call, "bridge", call_control_id=other)

    leg = await stage.until(call, lambda leg: leg["first_voice_out_at"] is not None)
    assert leg["first_voice_out_at"] - asked < 0.6
    await prospect.until_loud()


async def test_a_reloaded_page_gets_its_call_and_its_sound_back(stage: Stage) -> None:
    credential = await stage.credential()
    phone = await stage.phone(credential)
    await phone.call()
    call = (await stage.event("call.initiated")).payload["call_control_id"]
    await stage.command(call, "answer")
    await phone.until_answered()
    assert phone.media
    await phone.media.close()
    await phone.drop_socket()

    phone.frames.clear()
    token = await stage.client.telephony_credentials.create_token(credential.id)
    await phone.sign_in(login_token=token, sessid=phone.sessid)
    offer = await phone.frame("telnyx_rtc.attach")
    phone.media = Media(on_lost=lambda: None)
    sdp = await phone.media.answer(offer["sdp"])
    reply = await phone.ask("telnyx_rtc.attach", {"sdp": sdp, "dialogParams": {"callID": phone.call_id}})

    assert reply["result"]["callID"] == offer["callID"] == phone.call_id
    await phone.until_connected()
    phone.speak()
    await stage.until(call, lambda leg: leg["rms_in"] > SPEECH_RMS)
    await stage.command(call, "speak", payload="Welcome back.", voice="female")
    await phone.until_loud()
    assert stage.count("call.hangup") == 0


async def test_a_page_that_kept_its_sound_is_offered_no_other(stage: Stage) -> None:
    credential = await stage.credential()
    phone = await stage.phone(credential)
    await phone.call()
    call = (await stage.event("call.initiated")).payload["call_control_id"]
    await stage.command(call, "answer")
    await phone.until_answered()
    await phone.drop_socket()

    phone.frames.clear()
    token = await stage.client.telephony_credentials.create_token(credential.id)
    await phone.sign_in(login_token=token, reconnection=True, sessid=phone.sessid)
    await asyncio.sleep(logins.QUIET_SECONDS + 0.2)
    await phone.hang_up()

    await stage.event("call.hangup")
    assert [frame["method"] for frame in phone.frames if frame["method"] == "telnyx_rtc.attach"] == []
