"""The REST interface misbehaves on demand, and forgets command ids after a minute."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID
from sandbox.rest import journal
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


TRANSFER = {"to": "sip:nobody@sip.telnyx.com", "park_after_unbridge": "self"}


async def faulty(stage: Stage, **fault: Any) -> None:
    assert await stage.control("PUT", "faults", [fault]) == {"ok": True}


async def effective(stage: Stage, call: str = "") -> list[tuple[str, str]]:
    done = await stage.control("GET", f"effective?call_control_id={call}" if call else "effective")
    return [(entry["command"], entry["command_id"]) for entry in done]


async def test_an_answer_that_never_comes_after_it_was_done(stage: Stage) -> None:
    _, call = await stage.answered()
    await faulty(stage, command="transfer", mode="execute_then_hang", times=1)

    with pytest.raises(telnyx.APITimeoutError):
        await stage.client.with_options(timeout=0.5).calls.actions.transfer(call, **TRANSFER, command_id="t1")

    assert (await effective(stage, call))[1:] == [("transfer", "t1")]
    assert (await stage.control("GET", "requests"))["requests"][-1]["fault"] == "execute_then_hang"


async def test_a_fault_can_be_for_one_call(stage: Stage) -> None:
    _, first = await stage.answered()
    _, second = await stage.answered()
    await faulty(stage, command="transfer", call_control_id=second, mode="status", status=500)

    assert (await stage.command(first, "transfer", **TRANSFER))[0] == 200
    assert (await stage.command(second, "transfer", **TRANSFER))[0] == 500
    assert (await stage.command(second, "speak", payload="x", voice="y"))[0] == 200


async def test_a_fault_for_a_call_holds_where_the_body_names_it(stage: Stage) -> None:
    _, call = await stage.answered()
    _, other = await stage.dialled()
    await faulty(stage, match="*", call_control_id=call, mode="status", status=422)

    bridged = await stage.command(other, "bridge", call_control_id=call)
    conference = await stage.post("conferences", {"call_control_id": call, "name": "desk"})

    assert (bridged[0], conference[0]) == (422, 422)


async def test_a_fault_can_wait_for_the_nth_and_pass(stage: Stage) -> None:
    _, call = await stage.answered()
    await faulty(stage, command="speak", mode="status", status=500, nth=3, times=2)

    answers = [(await stage.command(call, "speak", payload="x", voice="y"))[0] for _ in range(6)]

    assert answers == [200, 200, 500, 500, 200, 200]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(401, None, "10009"), (404, None, "10005"), (422, None, "10015"), (422, "90018", "90018"), (503, None, "10007")],
)
async def test_a_refusal_speaks_the_platforms_words(stage: Stage, status: int, code: str | None, expected: str) -> None:
    await faulty(stage, command="dial", mode="status", status=status, **({"code": code} if code else {}))

    answer = await stage.post("calls", {})

    assert (answer[0], answer[1]["errors"][0]["code"]) == (status, expected)


async def test_a_redelivery_after_a_minute_is_a_new_command(stage: Stage) -> None:
    _, call = await stage.answered()
    body = {**TRANSFER, "command_id": "same"}

    await stage.command(call, "transfer", **body)
    await stage.control("POST", "command_ids/age", {"seconds": 5})
    await stage.command(call, "transfer", **body)
    assert (await effective(stage, call))[1:] == [("transfer", "same")]

    await stage.control("POST", "command_ids/age", {"seconds": 65})
    await stage.command(call, "transfer", **body)
    assert (await effective(stage, call))[1:] == [("transfer", "same")] * 2


@pytest.mark.parametrize("body", [{}, [], {"seconds": "70"}, {"seconds": -1}, {"seconds": True}])
async def test_time_passes_by_a_number_of_seconds(stage: Stage, body: Any) -> None:
    assert "error" in await stage.control("POST", "command_ids/age", body)


async def test_what_was_carried_out_is_known_by_leg(stage: Stage) -> None:
    _, call = await stage.answered()
    _, other = await stage.dialled()
    _, third = await stage.dialled()
    await stage.command(call, "bridge", call_control_id=other, command_id="b")
    await stage.command(call, "bridge", call_control_id=call, command_id="refused")
    conference = (await stage.post("conferences", {"call_control_id": third, "name": "desk", "command_id": "c"}))[1]
    join = {"call_control_id": other, "command_id": "j"}
    await stage.post(f"conferences/{conference['data']['id']}/actions/join", join)

    assert await effective(stage, call) == [("answer", None), ("bridge", "b")]
    assert await effective(stage, other) == [("dial", None), ("bridge", "b"), ("join_conference", "j")]
    assert await effective(stage, third) == [("dial", None), ("create_conference", "c")]
    done = await stage.control("GET", "effective")
    assert [entry["made"] for entry in done if entry["made"]] == [other, third, conference["data"]["id"]]


async def test_clearing_the_faults_ends_the_disorder(stage: Stage) -> None:
    calm = await stage.control("GET", "disorder")
    await stage.control("PUT", "disorder", {"seed": 3, "lose": 0.5})
    assert (await stage.control("GET", "disorder"))["lose"] == 0.5

    await stage.control("DELETE", "faults")

    assert await stage.control("GET", "disorder") == calm


async def test_faults_can_be_seen_and_cleared(stage: Stage) -> None:
    await fault(stage, "POST /v2/calls/*/actions/transfer", "status")

    seen = await stage.control("GET", "faults")
    await stage.control("DELETE", "faults")

    assert (seen[0]["mode"], seen[0]["times"]) == ("status", 1)
    assert await stage.control("GET", "faults") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [1],
        [{"mode": "status"}],
        [{"match": "x", "mode": "explode"}],
        [{"match": "webhook x", "mode": "status"}],
        [{"match": "x", "mode": "status", "colour": "red"}],
        [{"match": "x", "mode": "status", "nth": "second"}],
    ],
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
