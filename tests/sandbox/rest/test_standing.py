"""How the account stands, and whom it may call, driven by the official SDK."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_CALLER_NUMBER
from tests.sandbox.stage import PUBLIC_KEY, Stage

NUMBER = "+61390001111"


async def dial(stage: Stage, to: str = NUMBER, caller: str = DEFAULT_CALLER_NUMBER) -> tuple[int, str]:
    """Return the status and, of a refusal, the words."""
    status, body = await stage.post("calls", {"connection_id": DEFAULT_APP_ID, "to": to, "from": caller})
    return status, body["errors"][0]["detail"] if "errors" in body else ""


async def change(stage: Stage, kind: str, **settings: Any) -> None:
    account = await stage.control("GET", "account")
    account[kind][0].update(settings)
    await stage.control("PUT", "account", account)


async def test_the_public_key_is_the_one_that_signs(stage: Stage) -> None:
    found = await stage.get("public_key")

    assert found["data"]["public"] == PUBLIC_KEY
    assert len(base64.b64decode(PUBLIC_KEY)) == 32


async def test_the_balance_is_told(stage: Stage) -> None:
    await stage.limits(balance="-3.50")

    balance = (await stage.client.balance.retrieve()).data

    assert (balance.balance, balance.currency) == ("-3.50", "USD")


async def test_connections_are_counted(stage: Stage) -> None:
    data = (await stage.client.connections.retrieve_count()).data

    assert (data.counts.credential_connections, data.counts.call_control_applications) == (1, 1)
    assert data.limits.standard_limit == 5


async def test_dials_are_counted(stage: Stage) -> None:
    await stage.control("PUT", "destinations", {NUMBER: {"behaviour": "no_answer"}})
    await stage.limits(concurrent_calls=1)
    assert [(await dial(stage))[0] for _ in range(2)] == [200, 403]

    now = datetime.now(UTC)
    metrics = [
        item
        async for item in stage.client.dial_metrics.list(
            start_time=now - timedelta(hours=1), end_time=now, granularity="hour"
        )
    ]

    assert [(item.dials.accepted, item.dials.rejected.hourly_limit) for item in metrics] == [(1, 1)]


async def test_the_numbers_of_the_account_are_listed(stage: Stage) -> None:
    numbers = [item async for item in stage.client.phone_numbers.list()]

    assert [(item.phone_number, item.status) for item in numbers] == [(DEFAULT_CALLER_NUMBER, "active")]


@pytest.mark.parametrize(
    ("query", "status"),
    [({}, 422), ({"username": "nobody"}, 404), ({"credential_type": "uac_external_credential"}, 422)],
)
async def test_a_registration_must_be_named(stage: Stage, query: dict[str, str], status: int) -> None:
    asked = {"credential_type": "telephony_credential", **query}

    with pytest.raises(telnyx.APIStatusError) as refused:
        await stage.client.sip_registration_status.list(**asked)

    assert refused.value.status_code == status


# Who may be called, and by whom.


@pytest.mark.parametrize("to", [NUMBER, "sip:gencredX@sip.telnyx.com"])
async def test_a_number_of_somebody_else_calls_nobody(stage: Stage, to: str) -> None:
    assert await dial(stage, to, "+61390009999") == (403, "Caller Origination Number is not verified D51")


async def test_a_number_is_called_by_a_number(stage: Stage) -> None:
    assert await dial(stage, NUMBER, "AgileAdapt") == (403, "Caller Origination Number is Invalid D35")
    assert (await dial(stage, "sip:gencredX@sip.telnyx.com", "AgileAdapt"))[0] == 200


@pytest.mark.parametrize(("to", "status"), [(NUMBER, 200), ("+442079460000", 403), ("+999123456789", 403)])
async def test_other_countries_are_not_called(stage: Stage, to: str, status: int) -> None:
    answer = await dial(stage, to)

    assert answer[0] == status
    assert (answer[1] == "Dialed number is not included in whitelisted countries D13") is (status == 403)


async def test_a_country_can_be_allowed(stage: Stage) -> None:
    await change(stage, "outbound_voice_profiles", whitelisted_destinations=["AU", "GB"])

    assert (await dial(stage, "+442079460000"))[0] == 200


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("outbound_voice_profiles", {"enabled": False}, "Outbound voice profile is disabled D15"),
        ("call_control_applications", {"outbound": {}}, "No outbound voice profile is assigned D38"),
    ],
)
async def test_without_a_profile_no_number_is_called(
    stage: Stage, kind: str, settings: dict[str, Any], words: str
) -> None:
    await change(stage, kind, **settings)

    assert await dial(stage) == (403, words)


async def test_a_transfer_is_looked_at_as_well(stage: Stage) -> None:
    _, call = await stage.answered()

    status, body = await stage.command(call, "transfer", **{"to": NUMBER, "from": "+61390009999"})

    assert (status, body["errors"][0]["detail"]) == (403, "Caller Origination Number is not verified D51")
