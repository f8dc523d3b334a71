"""On-demand credentials and login tokens, driven by the official SDK."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_CONNECTION_ID
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Stage


def soon(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def test_a_credential_has_what_a_page_needs(stage: Stage) -> None:
    credential = await stage.credential("AgileAdapt-Session-1")

    assert credential.sip_username.startswith("gencred")
    assert credential.sip_password
    assert credential.resource_id == f"connection:{DEFAULT_CONNECTION_ID}"
    assert (credential.expired, credential.record_type) == (False, "credential")


async def test_listing_filters_by_tag_and_pages(stage: Stage) -> None:
    wanted = {(await stage.credential(f"c{number}")).id for number in range(5)}
    await stage.credential("other", tag="other")

    found = [item.id async for item in stage.client.telephony_credentials.list(filter={"tag": "test"}, page_size=2)]

    assert set(found) == wanted
    assert len(found) == 5


async def test_a_token_is_a_jwt_that_ends_with_its_credential(stage: Stage) -> None:
    credential = await stage.credential(expires_at=soon(minutes=10))

    token = await stage.client.telephony_credentials.create_token(credential.id)

    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert token.count(".") == 2
    assert 590 < claims["exp"] - claims["iat"] <= 600


async def test_a_deleted_credential_opens_nothing(stage: Stage) -> None:
    credential = await stage.credential()
    token = await stage.client.telephony_credentials.create_token(credential.id)
    phone = Phone(stage.url + "/")
    stage.phones.append(phone)

    await stage.client.telephony_credentials.delete(credential.id)

    assert (await phone.sign_in(login_token=token))["error"]["message"] == "Login Incorrect"
    with pytest.raises(telnyx.NotFoundError):
        await stage.client.telephony_credentials.create_token(credential.id)
    with pytest.raises(telnyx.NotFoundError):
        await stage.client.telephony_credentials.retrieve(credential.id)


async def test_a_browser_with_a_deleted_credential_places_no_call(stage: Stage) -> None:
    credential = await stage.credential()
    phone = await stage.phone(credential)
    await stage.client.telephony_credentials.delete(credential.id)

    await phone.call()

    assert (await phone.frame("telnyx_rtc.bye"))["cause"] == "CALL_REJECTED"
    assert stage.count("call.initiated") == 0


async def test_an_expired_credential_opens_nothing(stage: Stage) -> None:
    credential = await stage.credential(expires_at=soon(seconds=-1))
    phone = Phone(stage.url + "/")
    stage.phones.append(phone)

    reply = await phone.sign_in(login=credential.sip_username, passwd=credential.sip_password)

    assert reply["error"]["code"] == -32001
    assert credential.expired is True
    with pytest.raises(telnyx.UnprocessableEntityError):
        await stage.client.telephony_credentials.create_token(credential.id)


async def test_the_password_opens_too(stage: Stage) -> None:
    credential = await stage.credential()
    phone = Phone(stage.url + "/")
    stage.phones.append(phone)

    reply = await phone.sign_in(login=credential.sip_username, passwd=credential.sip_password)

    assert reply["result"]["message"] == "logged in"
    state = await stage.control("GET", "state")
    assert state["credentials"][0]["registered"] is True


@pytest.mark.parametrize("token", ["", "a.b.c", "é.é.é", "no dots at all"])
async def test_a_token_that_is_not_ours_opens_nothing(stage: Stage, token: str) -> None:
    phone = Phone(stage.url + "/")
    stage.phones.append(phone)

    assert "error" in await phone.sign_in(login_token=token)


async def test_a_wrong_key_is_refused(stage: Stage) -> None:
    stranger = stage.client.with_options(api_key="KEY-of-a-stranger")

    with pytest.raises(telnyx.AuthenticationError) as refused:
        await stranger.telephony_credentials.create(connection_id=DEFAULT_CONNECTION_ID)

    body = refused.value.body
    assert isinstance(body, dict)
    assert body["errors"][0]["code"] == "10009"


@pytest.mark.parametrize(
    "body", [{}, {"connection_id": "1"}, {"connection_id": DEFAULT_CONNECTION_ID, "expires_at": "soon"}]
)
async def test_a_create_without_sense_is_refused(stage: Stage, body: dict[str, str]) -> None:
    status, answer = await stage.post("telephony_credentials", body)

    assert status == 422
    assert answer["errors"][0]["code"] in ("10004", "10015")


async def test_a_credential_can_be_given_more_time(stage: Stage) -> None:
    credential = await stage.credential(expires_at=soon(minutes=10))

    updated = (await stage.client.telephony_credentials.update(credential.id, expires_at=soon(hours=5))).data

    assert updated.expires_at > credential.expires_at


async def test_an_expired_credential_cannot_be_changed(stage: Stage) -> None:
    credential = await stage.credential(expires_at=soon(seconds=-1))

    with pytest.raises(telnyx.UnprocessableEntityError) as refused:
        await stage.client.telephony_credentials.update(credential.id, expires_at=soon(hours=5))

    # Telnyx answers with an object here, and not with its usual list.
    assert refused.value.body == {"errors": {"status": "can't update credentials in expired status"}}


async def test_a_credential_belongs_to_a_credential_connection(stage: Stage) -> None:
    status, answer = await stage.post("telephony_credentials", {"connection_id": DEFAULT_APP_ID})

    assert (status, answer["errors"][0]["source"]) == (422, {"pointer": "/connection_id"})
