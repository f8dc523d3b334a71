"""How many calls and requests the account has, and how one too many is refused."""

import asyncio
from typing import Any

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID, DEFAULT_CONNECTION_ID
from sandbox.model import limits
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Stage

NUMBER = "+61390001111"
ENTRIES = ("code", "title", "detail")


async def dial(stage: Stage, to: str = NUMBER) -> tuple[int, Any]:
    body = {"connection_id": DEFAULT_APP_ID, "to": to, "from": "+61255501234", "timeout_secs": 30}
    return await stage.post("calls", body)


def error_of(answer: tuple[int, Any]) -> tuple[Any, ...]:
    status, body = answer
    return (status, *(body["errors"][0][name] for name in ENTRIES))


TOO_MANY = (403, "90041", "User termination channels limit exceeded", "User channel limit exceeded D1")


async def refused_phone(stage: Stage) -> Phone:
    phone = await stage.phone(await stage.credential())
    await phone.call()
    return phone


async def test_ten_calls_at_once_are_usual(stage: Stage) -> None:
    await stage.control("PUT", "destinations", {NUMBER: {"behaviour": "no_answer"}})
    await stage.parked()
    _, softphone = await stage.closer()
    assert (await dial(stage, softphone))[0] == 200
    assert [(await dial(stage))[0] for _ in range(8)] == [200] * 8

    assert error_of(await dial(stage)) == TOO_MANY
    bye = await (await refused_phone(stage)).frame("telnyx_rtc.bye")

    assert (bye["sipCode"], bye["sipReason"]) == (403, "User channel limit exceeded D1")
    # The far sides are the same calls, and one that is refused is told of to nobody.
    assert stage.count("call.initiated") == 10
    assert len([leg for leg in (await stage.control("GET", "state"))["legs"] if leg["state"] != "ended"]) == 10


async def test_a_transfer_is_one_call_more(stage: Stage) -> None:
    await stage.limits(concurrent_calls=1)
    _, call = await stage.answered()

    answer = await stage.command(call, "transfer", **{"to": NUMBER, "from": "+61255501234"})

    assert error_of(answer) == TOO_MANY
    assert (await stage.leg(call))["state"] == "answered"


async def test_room_is_there_again_when_a_call_has_ended(stage: Stage) -> None:
    await stage.limits(concurrent_calls=1)
    phone, _ = await stage.parked()
    assert (await dial(stage))[0] == 403

    await phone.hang_up()

    await stage.event("call.hangup")
    assert (await dial(stage))[0] == 200


async def test_calls_to_an_assistant_do_not_count(stage: Stage) -> None:
    await stage.limits(concurrent_calls=0)
    phone = await stage.phone()

    await phone.call()

    await phone.frame("telnyx_rtc.answer")


async def test_the_leg_may_tell_instead_of_the_request(stage: Stage) -> None:
    await stage.limits(concurrent_calls=0, told_by="leg")

    assert (await dial(stage))[0] == 200

    payload = (await stage.event("call.hangup")).payload
    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == ("call_rejected", "403")
    assert payload["call_quality_stats"] is None


@pytest.mark.parametrize(
    ("kind", "object_id", "settings", "code"),
    [
        ("outbound_voice_profiles", None, {"concurrent_call_limit": 1}, "90042"),
        ("call_control_applications", DEFAULT_APP_ID, {"channel_limit": 1}, "90043"),
    ],
)
async def test_profile_and_connection_have_limits_of_their_own(
    stage: Stage, kind: str, object_id: str | None, settings: dict[str, int], code: str
) -> None:
    await stage.control("PUT", "destinations", {NUMBER: {"behaviour": "no_answer"}})
    account = await stage.control("GET", "account")
    found = next(known for known in account[kind] if object_id in (None, known["id"]))
    (found["outbound"] if object_id else found).update(settings)
    await stage.control("PUT", "account", account)

    answers = [await dial(stage) for _ in range(2)]

    assert answers[0][0] == 200
    assert error_of(answers[1])[:2] == (403, code)


@pytest.mark.parametrize(("level", "at_once"), [("1", 5), ("trial", 2)])
async def test_a_lower_level_has_fewer_calls_at_once(stage: Stage, level: str, at_once: int) -> None:
    await stage.limits(level=level, verified_number=NUMBER)
    await stage.control("PUT", "destinations", {NUMBER: {"behaviour": "no_answer"}})

    statuses = [(await dial(stage))[0] for _ in range(at_once + 1)]

    assert statuses == [200] * at_once + [403]


async def test_a_lower_level_has_ten_calls_an_hour(stage: Stage) -> None:
    await stage.limits(level="1")
    await stage.control("PUT", "destinations", {NUMBER: {"behaviour": "busy", "after_seconds": 0}})
    for number in range(10):
        assert (await dial(stage))[0] == 200
        await stage.event("call.hangup", number + 1)

    assert error_of(await dial(stage))[:3] == (403, "10039", "Feature limited")
    assert (await (await refused_phone(stage)).frame("telnyx_rtc.bye"))["sipCode"] == 403


async def test_a_trial_dials_only_the_verified_number(stage: Stage) -> None:
    await stage.limits(level="trial", verified_number="+61412555018")

    assert error_of(await dial(stage))[3] == "Account is limited to verified numbers D60"
    assert (await dial(stage, "+61412555018"))[0] == 200


async def test_a_trials_call_ends_after_ten_minutes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.BY_LEVEL["trial"].seconds_per_call == 600
    monkeypatch.setitem(limits.BY_LEVEL, "trial", limits.BY_LEVEL["trial"]._replace(seconds_per_call=0.3))
    await stage.limits(level="trial")

    await stage.answered()

    assert (await stage.event("call.hangup")).payload["hangup_cause"] == "time_limit"


# Requests.


async def test_every_answer_says_how_many_requests_are_left(stage: Stage) -> None:
    await stage.limits(requests=5, requests_seconds=60)
    headers = []
    for path in ("calls/v3:nobody", "telephony_credentials", "nowhere"):
        async with stage.http.get(f"{stage.url}/v2/{path}") as response:
            headers.append({name: response.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")})

    assert [item["limit"] for item in headers] == ["5"] * 3
    assert [int(item["remaining"]) for item in headers] == [4, 3, 2]
    assert all(58 <= int(item["reset"]) <= 60 for item in headers)


async def test_who_asks_too_often_is_refused_until_the_time_is_up(stage: Stage) -> None:
    await stage.limits(requests=1, requests_seconds=1)
    await stage.get("telephony_credentials")

    with pytest.raises(telnyx.RateLimitError) as refused:
        await stage.client.telephony_credentials.create(connection_id=DEFAULT_CONNECTION_ID)

    body = refused.value.body
    assert isinstance(body, dict)
    assert body["errors"][0]["code"] == "10011"
    assert refused.value.response.headers["x-ratelimit-remaining"] == "0"
    assert (await stage.control("GET", "state"))["credentials"] == []
    await asyncio.sleep(1.1)
    assert (await stage.get("telephony_credentials"))["data"] == []


# The account as a test sets it.


async def test_a_reset_returns_to_what_was_kept(stage: Stage) -> None:
    await stage.client.ai.assistants.create(name="Ours", instructions="Qualify.", model="openai/gpt-4o")
    await stage.limits(concurrent_calls=3)
    await stage.control("POST", "account/keep")
    kept = await stage.control("GET", "account")
    await stage.control("PUT", "account", {})
    await stage.limits(level="trial")

    await stage.control("POST", "reset")

    assert await stage.control("GET", "account") == kept
    assert {assistant["name"] for assistant in kept["assistants"]} == {"Sandbox assistant", "Ours"}
    own = await stage.control("GET", "account/limits")
    assert (own["level"], own["concurrent_calls"]) == ("2", 3)


async def test_what_is_kept_stays_as_it_was(stage: Stage) -> None:
    await stage.control("POST", "account/keep")

    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, name="Renamed")
    await stage.control("POST", "reset")

    assert (await stage.client.ai.assistants.retrieve(DEFAULT_ASSISTANT_ID)).name == "Sandbox assistant"


@pytest.mark.parametrize(
    "asked",
    [[], {"gravity": 1}, {"level": "3"}, {"concurrent_calls": -1}, {"requests": None}, {"told_by": "post"}],
)
async def test_a_limit_without_sense_is_refused(stage: Stage, asked: Any) -> None:
    assert "error" in await stage.control("PUT", "account/limits", asked)
