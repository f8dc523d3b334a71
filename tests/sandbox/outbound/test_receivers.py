"""Who is told of an event, how often it is tried, and when it is given up."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import telnyx

from sandbox.config import DEFAULT_APP_ID, DEFAULT_ASSISTANT_ID, DEFAULT_CONNECTION_ID
from sandbox.outbound import receivers
from tests.sandbox.phone import eventually
from tests.sandbox.stage import Received, Stage

SCHEMA = {"type": "object", "properties": {"full_name": {"type": "string"}}}


async def change(stage: Stage, kind: str, object_id: str, **settings: Any) -> None:
    account = await stage.control("GET", "account")
    next(known for known in account[kind] if known["id"] == object_id).update(settings)
    await stage.control("PUT", "account", account)


async def with_failover(stage: Stage) -> None:
    failover = f"{stage.application}/webhooks/telnyx/failover"
    await change(stage, "credential_connections", DEFAULT_CONNECTION_ID, webhook_event_failover_url=failover)


async def logged(stage: Stage, event_type: str = "call.initiated") -> dict[str, Any]:
    log = await stage.control("GET", "webhooks")
    return next(item for item in log if item["event_type"] == event_type)


async def given_up(stage: Stage, attempts: int) -> list[Received]:
    """Wait until as many attempts were made, and for longer than any pause before one more."""
    await stage.event("call.initiated", attempts)
    await asyncio.sleep(5 * sum(receivers.PAUSES))
    return stage.of_type("call.initiated")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "PAUSES", (0.05, 0.1))


# Which events are told at all.


async def test_a_connection_tells_of_a_call_and_of_nothing_that_is_done_with_it(stage: Stage) -> None:
    phone, call = await stage.parked()
    await stage.client.calls.actions.answer(call)
    await phone.until_answered()

    await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")
    await stage.client.calls.actions.gather_using_ai(call, parameters=SCHEMA, greeting="Hi.")
    await phone.until_loud()
    await phone.hang_up()

    await stage.event("call.hangup")
    told = [item.type for item in stage.received if item.path.endswith("/call-control")]
    assert told == ["call.initiated", "call.answered", "call.hangup"]
    # What was never to be told is not among what may be looked up later.
    listed = (await stage.get("call_events"))["data"]
    assert [event["name"] for event in listed] == told


async def test_the_address_of_an_answer_is_told_of_everything_that_follows(stage: Stage) -> None:
    phone, call = await stage.parked()
    await stage.client.calls.actions.answer(call, webhook_url=f"{stage.application}/webhooks/telnyx/ours")
    await phone.until_answered()

    await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")
    await stage.event("call.speak.ended")
    await phone.hang_up()
    await stage.event("call.hangup")

    doors = {item.type: item.path.rpartition("/")[2] for item in stage.received}
    assert doors.pop("call.initiated") == "call-control"
    assert doors == dict.fromkeys(("call.answered", "call.speak.started", "call.speak.ended", "call.hangup"), "ours")
    assert (await stage.leg(call))["webhook_url"].endswith("/ours")


async def test_a_connection_may_tell_of_everything(stage: Stage) -> None:
    await stage.platform(command_events="connection")
    phone, call = await stage.parked()
    await stage.client.calls.actions.answer(call)
    await phone.until_answered()

    await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")

    assert (await stage.event("call.speak.ended")).path.endswith("/call-control")


async def test_an_application_is_told_of_everything(stage: Stage) -> None:
    _, call = await stage.dialled()

    await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")

    assert (await stage.event("call.speak.ended")).path.endswith("/call-control")


async def test_a_dialled_and_a_transferred_leg_have_addresses_of_their_own(stage: Stage) -> None:
    ours = f"{stage.application}/webhooks/telnyx/ours"
    _, call = await stage.answered()
    closer, address = await stage.closer()
    await stage.command(call, "transfer", **{"to": address, "from": "+61255501234", "webhook_url": ours})
    await closer.pick_up()
    _, dialled = await stage.dialled(webhook_url=ours)

    await stage.event("call.answered", 3)

    paths = {item.payload["call_control_id"]: item.path.rpartition("/")[2] for item in stage.of_type("call.answered")}
    assert paths.pop(call) == "call-control"
    assert paths[dialled] == "ours"
    assert set(paths.values()) == {"ours"}


async def test_some_types_may_have_addresses_of_their_own(stage: Stage) -> None:
    phone, call = await stage.parked()
    urls = {"call.hangup": [f"{stage.application}/webhooks/telnyx/{door}" for door in ("one", "two")]}
    await stage.client.calls.actions.answer(call, webhook_url=stage.webhook_url, webhook_urls=urls)
    await phone.until_answered()

    await phone.hang_up()

    await stage.event("call.hangup", 2)
    assert {item.path.rpartition("/")[2] for item in stage.of_type("call.hangup")} == {"one", "two"}
    assert len({item.event["id"] for item in stage.of_type("call.hangup")}) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"webhook_url": "not-a-url"}, "/webhook_url"),
        ({"webhook_urls": ["https://a.example"]}, "/webhook_urls"),
        ({"webhook_retries_policies": {"call.hangup": {"retries_ms": [1] * 6}}}, "/webhook_retries_policies"),
        ({"webhook_retries_policies": {"call.hangup": {"retries_ms": [40_000, 30_000]}}}, "/webhook_retries_policies"),
        ({"webhook_retries_policies": {"call.hangup": {}}}, "/webhook_retries_policies"),
    ],
)
async def test_an_address_without_sense_is_refused(stage: Stage, body: dict[str, Any], pointer: str) -> None:
    _, call = await stage.parked()

    status, answer = await stage.command(call, "answer", **body)

    assert (status, answer["errors"][0]["source"]) == (422, {"pointer": pointer})
    assert (await stage.leg(call))["state"] == "parked"


async def test_the_cost_is_told_where_the_application_asks_for_it(stage: Stage) -> None:
    await change(stage, "call_control_applications", DEFAULT_APP_ID, call_cost_in_webhooks=True)
    closer, call = await stage.dialled()

    await closer.hang_up()

    payload = (await stage.event("call.cost")).payload
    assert (payload["call_control_id"], payload["status"]) == (call, "success")
    assert payload["cost_parts"][0]["cost"] == payload["total_cost"] == "0.0020"


# How often it is tried.


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_these_refusals_are_repeated(stage: Stage, status: int) -> None:
    stage.statuses = [status, status]

    await stage.parked()

    await stage.event("call.initiated", 3)
    assert [json.loads(item.raw)["meta"]["attempt"] for item in stage.of_type("call.initiated")] == [1, 2, 3]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
async def test_every_other_refusal_is_final(stage: Stage, status: int) -> None:
    await with_failover(stage)
    stage.statuses = [status]

    await stage.parked()

    assert len(await given_up(stage, 1)) == 1
    assert (await logged(stage))["status"] == status


async def test_it_is_given_up_after_the_last_pause(stage: Stage) -> None:
    stage.statuses = [500] * 9

    await stage.parked()

    attempts = await given_up(stage, 3)
    assert len(attempts) == 3
    assert attempts[1].at - attempts[0].at >= 0.05
    assert attempts[2].at - attempts[1].at >= 0.1


async def test_the_second_address_is_tried_when_the_first_fails(stage: Stage) -> None:
    await with_failover(stage)
    stage.statuses = [500, 500, 500, 500]

    await stage.parked()

    doors = [item.path.rpartition("/")[2] for item in await given_up(stage, 5)]
    assert doors == ["call-control"] * 3 + ["failover"] * 2
    log = await logged(stage)
    assert (log["attempts"], log["status"], log["url"]) == (5, 200, f"{stage.application}/webhooks/telnyx/failover")
    assert log["acked_at"]


async def test_a_command_may_say_how_often(stage: Stage) -> None:
    phone, call = await stage.parked()
    policies = {"call.hangup": {"retries_ms": [10, 10, 10, 10, 10]}, "call.answered": {"retries_ms": []}}
    await stage.client.calls.actions.answer(call, webhook_url=stage.webhook_url, webhook_retries_policies=policies)
    stage.statuses = [500]
    await phone.until_answered()
    await stage.event("call.answered")
    stage.statuses = [500] * 5

    await phone.hang_up()

    await stage.event("call.hangup", 6)
    assert stage.count("call.answered") == 1


async def test_who_takes_too_long_has_not_answered(stage: Stage) -> None:
    await change(stage, "credential_connections", DEFAULT_CONNECTION_ID, webhook_timeout_secs=1)
    stage.slowness = 1.5

    await stage.parked()
    stage.slowness = 0.0

    await eventually(lambda: stage.count("call.initiated") == 2)
    assert (await logged(stage))["attempts"] == 2


async def test_two_seconds_are_usual(stage: Stage) -> None:
    stage.slowness = 1.5

    await stage.parked()
    stage.slowness = 0.0
    phone = await stage.phone(await stage.credential())
    await phone.call()
    await stage.event("call.initiated", 2)

    assert (await logged(stage))["attempts"] == 1


@pytest.mark.parametrize(("redirects", "reached"), [(1, True), (3, True), (4, False)])
async def test_up_to_three_redirects_are_followed(stage: Stage, redirects: int, *, reached: bool) -> None:
    stage.moved_to = "/webhooks/telnyx/moved"
    stage.statuses = [302] * redirects + [204 if reached else 400]

    await stage.parked()

    await stage.event("call.initiated", redirects + reached)
    await eventually(lambda: not stage.statuses or not reached)
    log = await logged(stage)
    assert log["attempts"] == 1
    assert log["status"] == (204 if reached else 302)
    # The body goes along, signed for its new receiver as well.
    assert len({item.raw for item in stage.of_type("call.initiated")}) == 1


# What can be looked up afterwards.


async def test_the_list_says_how_the_delivery_went(stage: Stage) -> None:
    stage.statuses = [500, 404]
    phone, _ = await stage.parked()
    await given_up(stage, 2)
    await phone.hang_up()
    await stage.event("call.hangup")

    listed = (await stage.get("call_events"))["data"]

    told = {event["name"]: event["metadata"] for event in listed}
    first = told["call.initiated"]
    assert {**first, "event": first["event"]["payload"]["to"]} == {
        "attempt": 2,
        "delivered_to": f"{stage.application}/webhooks/telnyx/call-control",
        "event": "agileadapt",
        "status": "failed",
    }
    assert (told["call.hangup"]["attempt"], told["call.hangup"]["status"]) == (1, "delivered")


async def test_what_is_older_than_a_day_is_found_by_its_leg_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.rest.events.REMEMBERED", -timedelta(days=1))
    _, call = await stage.parked()
    leg = await stage.leg(call)

    by_leg = await stage.get(f"call_events?filter[leg_id]={leg['call_leg_id']}")
    by_session = await stage.get(f"call_events?filter[application_session_id]={leg['call_session_id']}")
    by_connection = await stage.get(f"call_events?filter[connection_id]={DEFAULT_CONNECTION_ID}")

    assert [len(found["data"]) for found in (by_leg, by_session, by_connection)] == [1, 1, 0]


async def test_the_assistants_events_follow_the_address_of_the_answer(stage: Stage) -> None:
    _, call = await stage.answered()

    await stage.client.calls.actions.start_ai_assistant(call, assistant={"id": DEFAULT_ASSISTANT_ID}, greeting="Hi.")

    assert (await stage.event("call.conversation.created")).payload["call_control_id"] == call


async def test_an_ignored_command_is_answered_and_not_carried_out(stage: Stage) -> None:
    _, call = await stage.answered()
    await stage.control("PUT", "faults", [{"command": "speak", "mode": "ignore", "times": 1}])

    status, body = await stage.command(call, "speak", payload="Hi.", voice="Telnyx.x")

    assert (status, body) == (200, {"data": {"result": "ok"}})
    assert await stage.control("GET", f"effective?call_control_id={call}") == [
        entry for entry in await stage.control("GET", "effective") if entry["command"] == "answer"
    ]
    with pytest.raises(telnyx.UnprocessableEntityError):
        await stage.client.calls.actions.speak(call, payload="Hi.", voice="Telnyx.x", client_state="?")
