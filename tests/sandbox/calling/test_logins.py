"""How long a login lasts, who rings, and what becomes of the calls of a page that goes away."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.calling import logins
from sandbox.config import DEFAULT_APP_ID
from sandbox.model import sessions
from tests.sandbox.phone import QUIET_RMS, Phone
from tests.sandbox.stage import Stage


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def token_of(stage: Stage, credential: Any) -> str:
    token: str = await stage.client.telephony_credentials.create_token(credential.id)
    return token


async def answered_with(stage: Stage, credential: Any) -> tuple[Phone, str]:
    phone = await stage.phone(credential)
    await phone.call(destination_number="101")
    call = (await stage.event("call.initiated")).payload["call_control_id"]
    await stage.client.calls.actions.answer(call, webhook_url=stage.webhook_url)
    await phone.until_answered()
    return phone, call


async def ring(stage: Stage, credential: Any) -> str:
    dialled = await stage.client.calls.dial(
        connection_id=DEFAULT_APP_ID, to=f"sip:{credential.sip_username}@sip.telnyx.com", from_="+61255501234"
    )
    call: str = dialled.data.call_control_id
    return call


async def status_of(stage: Stage, credential: Any) -> Any:
    return await stage.client.sip_registration_status.list(
        credential_type="telephony_credential", username=credential.sip_username
    )


# A login that runs out.


async def test_a_login_that_has_run_out_drops_the_page_and_its_call(stage: Stage) -> None:
    phone, _ = await answered_with(stage, await stage.credential(expires_at=soon(4)))

    payload = (await stage.event("call.hangup")).payload

    assert payload["hangup_cause"] == "normal_clearing"
    await phone.until_dropped()
    assert "telnyx_rtc.bye" not in [frame["method"] for frame in phone.frames]


async def test_a_token_that_has_run_out_does_the_same(stage: Stage) -> None:
    await stage.limits(token_seconds=2)
    phone, _ = await answered_with(stage, await stage.credential())

    await stage.event("call.hangup")

    await phone.until_dropped()


@pytest.mark.parametrize("same_credential", [True, False])
@pytest.mark.parametrize("names_session", [True, False])
async def test_a_page_that_logs_in_anew_keeps_its_call(
    stage: Stage, *, same_credential: bool, names_session: bool
) -> None:
    await stage.limits(token_seconds=3)
    credential = await stage.credential()
    phone, call = await answered_with(stage, credential)
    await stage.limits()
    phone.frames.clear()

    renewed = credential if same_credential else await stage.credential()
    params = {"login_token": await token_of(stage, renewed), "reconnection": True}
    reply = await phone.ask("login", {**params, "sessid": phone.sessid if names_session else ""})

    assert reply["result"]["sessid"] == phone.sessid
    assert (await phone.frame("telnyx_rtc.clientReady"))["reattached_sessions"] == [phone.call_id]
    state = await phone.ask("telnyx_rtc.gatewayState", {})
    assert state["result"]["params"]["state"] == "REGED"
    await asyncio.sleep(3.5)
    assert (await stage.leg(call))["state"] == "answered"
    phone.speak()
    await stage.until(call, lambda leg: leg["rms_in"] > QUIET_RMS)
    assert "telnyx_rtc.attach" not in [frame["method"] for frame in phone.frames]


async def test_a_softphone_that_logged_in_anew_rings_on_its_new_credential(stage: Stage) -> None:
    old, new = await stage.credential("closer"), await stage.credential("closer")
    phone = await stage.phone(old)
    await phone.ask("login", {"login_token": await token_of(stage, new), "reconnection": True, "sessid": ""})

    await ring(stage, old)
    assert (await stage.event("call.hangup")).payload["sip_hangup_cause"] == "480"
    await ring(stage, new)

    assert (await phone.frame("telnyx_rtc.invite"))["callee_id_number"] == new.sip_username


async def test_a_wrong_renewal_leaves_the_login_as_it_was(stage: Stage) -> None:
    phone, call = await answered_with(stage, await stage.credential())

    reply = await phone.ask("login", {"login_token": "a.b.c"})

    assert reply["error"]["message"] == "Login Incorrect"
    await phone.hang_up()
    assert (await stage.event("call.hangup")).payload["call_control_id"] == call


# Who rings.


async def test_the_last_registration_rings_alone_also_when_it_has_gone(stage: Stage) -> None:
    credential = await stage.credential("closer")
    older = await stage.phone(credential)
    newest = await stage.phone(credential)
    await newest.drop_socket()

    await ring(stage, credential)

    assert (await stage.event("call.hangup")).payload["sip_hangup_cause"] == "480"
    assert "telnyx_rtc.invite" not in [frame["method"] for frame in older.frames]
    state = await older.ask("telnyx_rtc.gatewayState", {})
    assert state["result"]["params"]["state"] == "UNREGED"


@pytest.mark.parametrize("sip", ["480", "404"])
async def test_a_page_that_has_gone_reads_as_registered_for_a_while(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, sip: str
) -> None:
    await stage.platform(stale_registration=sip)
    credential = await stage.credential("closer")
    phone = await stage.phone(credential)
    assert (await status_of(stage, credential)).registered is True

    await phone.drop_socket()
    await ring(stage, credential)

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == ("not_found", sip)
    stale = await status_of(stage, credential)
    assert (stale.registered, stale.sip_registration_status) == (True, "registered")
    monkeypatch.setattr(sessions, "STALE_SECONDS", 0.0)
    gone = await status_of(stage, credential)
    assert (gone.registered, gone.sip_registration_status) == (False, "unknown")
    assert gone.sip_registration_details is None


async def test_a_connection_without_sip_calls_rings_nobody(stage: Stage) -> None:
    account = await stage.control("GET", "account")
    account["credential_connections"][0]["sip_uri_calling_preference"] = "disabled"
    await stage.control("PUT", "account", account)
    credential = await stage.credential("closer")
    await stage.phone(credential)

    await ring(stage, credential)

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == ("call_rejected", "403")


# What the gateway says.


async def test_the_gateway_may_still_be_trying(stage: Stage) -> None:
    phone = await stage.phone(await stage.credential())
    fault = {"match": "socket telnyx_rtc.gatewayState", "mode": "state", "code": "TRYING", "times": 1}
    await stage.control("PUT", "faults", [fault])

    state = await phone.ask("telnyx_rtc.gatewayState", {})

    assert state["result"]["params"]["state"] == "TRYING"
    assert (await phone.frame("telnyx_rtc.gatewayState"))["state"] == "REGED"


@pytest.mark.parametrize("state", ["FAIL_WAIT", "NOREG", "EXPIRED"])
async def test_the_gateway_may_fail(stage: Stage, state: str) -> None:
    phone = await stage.phone(await stage.credential())
    fault = {"match": "socket telnyx_rtc.gatewayState", "mode": "state", "code": state, "times": 1}
    await stage.control("PUT", "faults", [fault])

    answers = [await phone.ask("telnyx_rtc.gatewayState", {}) for _ in range(2)]

    assert [answer["result"]["params"]["state"] for answer in answers] == [state, "REGED"]


# Coming back.


async def test_a_call_may_not_be_given_back(stage: Stage) -> None:
    await stage.platform(reattach="refuse")
    credential = await stage.credential()
    phone, call = await answered_with(stage, credential)
    await phone.drop_socket()

    phone.frames.clear()
    reply = await phone.sign_in(login_token=await token_of(stage, credential), reconnection=True, sessid=phone.sessid)

    assert reply["result"]["sessid"] == phone.sessid
    assert (await phone.frame("telnyx_rtc.clientReady"))["reattached_sessions"] == []
    assert (await stage.event("call.hangup")).payload["call_control_id"] == call


async def test_a_renewal_loses_no_call_even_where_none_is_given_back(stage: Stage) -> None:
    await stage.platform(reattach="refuse")
    credential = await stage.credential()
    phone, call = await answered_with(stage, credential)
    phone.frames.clear()

    await phone.ask("login", {"login_token": await token_of(stage, credential), "reconnection": True, "sessid": ""})

    assert (await phone.frame("telnyx_rtc.clientReady"))["reattached_sessions"] == [phone.call_id]
    assert (await stage.leg(call))["state"] == "answered"


async def test_an_expired_session_is_not_taken_up_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "SILENT_SECONDS", 60.0)
    await stage.limits(token_seconds=2)
    credential = await stage.credential()
    phone, _ = await answered_with(stage, credential)
    await phone.until_dropped()
    await stage.limits()

    phone.frames.clear()
    await phone.sign_in(login_token=await token_of(stage, credential), reconnection=True, sessid=phone.sessid)

    assert (await phone.frame("telnyx_rtc.clientReady"))["reattached_sessions"] == []
