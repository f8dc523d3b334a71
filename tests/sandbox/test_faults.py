"""The REST interface misbehaves on demand, and forgets command ids after a minute."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
import telnyx

from sandbox import journal
from sandbox.config import DEFAULT_APP_ID
from tests.sandbox.stage import Stage

CREATE = "POST /v2/telephony_credentials"


async def fault(stage: Stage, match: str, mode: str, **extra: Any) -> None:
    assert await stage.control("PUT", "faults", [{"match": match, "mode": mode, "times": 1, **extra}]) == {"ok": True}


async def test_a_status_is_answered_once_without_effect(stage: Stage) -> None:
    await fault(stage, CREATE, "status", status=500)

    with pytest.raises(telnyx.InternalServerError):
        await stage.credential()

    assert (await stage.control("GET", "state"))["credentials"] == []
    assert (await stage.credential()).id


async def test_too_many_requests_say_when_to_come_back(stage: Stage) -> None:
    await fault(stage, CREATE, "status", status=429, seconds=20)

    with pytest.raises(telnyx.RateLimitError) as limited:
        await stage.credential()

    assert limited.value.response.headers["x-ratelimit-reset"] == "20"


async def test_slow_answers_late_but_does_it(stage: Stage) -> None:
    await fault(stage, CREATE, "slow", seconds=0.5)
    started = time.monotonic()

    assert (await stage.credential()).id
    assert time.monotonic() - started >= 0.5


async def test_a_reset_does_nothing(stage: Stage) -> None:
    await fault(stage, CREATE, "reset")

    with pytest.raises(telnyx.APIConnectionError):
        await stage.credential()

    assert (await stage.control("GET", "state"))["credentials"] == []


async def test_a_lost_reply_did_happen(stage: Stage) -> None:
    await fault(stage, CREATE, "lose_reply")

    with pytest.raises(telnyx.APIConnectionError):
        await stage.credential("lost")

    assert [known["name"] for known in (await stage.control("GET", "state"))["credentials"]] == ["lost"]
    assert (await stage.control("GET", "requests"))["requests"][0]["effective"] is True


async def test_a_hanging_request_is_never_answered(stage: Stage) -> None:
    await fault(stage, CREATE, "hang")

    with pytest.raises(telnyx.APITimeoutError):
        await stage.client.with_options(timeout=0.5).telephony_credentials.create(connection_id="1")


async def test_faults_can_be_seen_and_cleared(stage: Stage) -> None:
    await fault(stage, "POST /v2/calls/*/actions/transfer", "status")

    seen = await stage.control("GET", "faults")
    await stage.control("DELETE", "faults")

    assert (seen[0]["mode"], seen[0]["times"]) == ("status", 1)
    assert await stage.control("GET", "faults") == []


@pytest.mark.parametrize(
    "body", [{}, [1], [{"match": "x", "mode": "explode"}], [{"match": "webhook x", "mode": "status"}]]
)
async def test_a_fault_without_sense_is_refused(stage: Stage, body: Any) -> None:
    assert "error" in await stage.control("PUT", "faults", body)


async def test_a_repeated_command_is_not_executed_again(stage: Stage) -> None:
    _, call = await stage.answered()
    body = {"to": "sip:nobody@sip.telnyx.com", "command_id": "same", "park_after_unbridge": "self"}

    answers = await asyncio.gather(*(stage.command(call, "transfer", **body) for _ in range(4)))

    assert [status for status, _ in answers] == [200] * 4
    await stage.event("call.hangup")
    transfers = await transfer_requests(stage)
    assert [request["effective"] for request in transfers].count(True) == 1
    assert stage.count("call.initiated") == 2


async def test_a_lost_reply_and_its_repetition_are_one_command(stage: Stage) -> None:
    _, call = await stage.answered()
    await fault(stage, "POST /v2/calls/*/actions/transfer", "lose_reply")
    body = {"to": "sip:nobody@sip.telnyx.com", "command_id": "same", "park_after_unbridge": "self"}

    with pytest.raises(aiohttp.ClientError):
        await stage.command(call, "transfer", **body)
    status, _ = await stage.command(call, "transfer", **body)

    assert status == 200
    assert [request["effective"] for request in await transfer_requests(stage)] == [True, False]


async def test_a_failed_command_may_be_tried_again_under_its_id(stage: Stage) -> None:
    _, call = await stage.parked()
    await stage.command(call, "speak", payload="x", voice="y", command_id="same")
    await stage.command(call, "answer")

    status, _ = await stage.command(call, "speak", payload="x", voice="y", command_id="same")

    assert status == 200


async def test_a_repeated_dial_answers_with_the_first_call(stage: Stage) -> None:
    body = {"connection_id": DEFAULT_APP_ID, "to": "sip:a@sip.telnyx.com", "from": "+61255501234", "command_id": "d"}

    first, second = await stage.post("calls", body), await stage.post("calls", body)

    assert first[1]["data"]["call_control_id"] == second[1]["data"]["call_control_id"]


async def test_a_command_id_is_forgotten_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = journal.CommandMemory()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    memory.begin(("call", "id"))

    monkeypatch.setattr(time, "monotonic", lambda: now + 59)
    assert memory.recall(("call", "id"))
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    assert memory.recall(("call", "id")) is None


async def test_passwords_do_not_reach_the_journal(stage: Stage) -> None:
    await stage.post("calls", {"sip_auth_password": "canary", "list": [{"password": "canary"}]})

    requests = (await stage.control("GET", "requests"))["requests"]
    assert "canary" not in str(requests)
    assert (requests[0]["status"], requests[0]["effective"]) == (422, False)


async def test_requests_are_numbered_from_a_cursor(stage: Stage) -> None:
    await stage.credential()
    first = await stage.control("GET", "requests")
    await stage.credential()

    second = await stage.control("GET", f"requests?since={first['next']}")

    assert [request["path"] for request in second["requests"]] == ["/v2/telephony_credentials"]


async def test_the_control_door_needs_its_token(stage: Stage) -> None:
    async with stage.http.get(f"{stage.url}/control/state") as response:
        assert response.status == 401


@pytest.mark.parametrize("raw", [b"[1]", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(stage: Stage, raw: bytes) -> None:
    headers = {"Authorization": "Bearer KEY-of-the-test"}
    async with stage.http.post(f"{stage.url}/v2/calls", data=raw, headers=headers) as response:
        assert response.status == 400


async def test_reset_forgets_everything(stage: Stage) -> None:
    phone, _ = await stage.answered()

    await stage.control("POST", "reset", {})

    state = await stage.control("GET", "state")
    assert (state["legs"], state["credentials"], state["conversations"]) == ([], [], [])
    assert (await stage.control("GET", "requests"))["requests"] == []
    await phone.frame("telnyx_rtc.bye")


async def transfer_requests(stage: Stage) -> list[dict[str, Any]]:
    requests = (await stage.control("GET", "requests"))["requests"]
    return [request for request in requests if request["path"].endswith("/actions/transfer")]
