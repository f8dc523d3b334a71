"""Several legs in one room."""

import asyncio

from tests.sandbox.phone import TONE_RMS
from tests.sandbox.stage import Stage


async def room(stage: Stage, call: str, *others: str) -> str:
    conference = await stage.client.conferences.create(call_control_id=call, name="desk", region="Australia")
    for other in others:
        await stage.client.conferences.actions.join(conference.data.id, call_control_id=other, region="Australia")
    return str(conference.data.id)


async def test_everybody_hears_everybody_else(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, second = await stage.dialled()
    listener, third = await stage.dialled()
    prospect.speak()
    closer.speak()

    conference = await room(stage, call, second, third)

    await asyncio.gather(prospect.until_loud(TONE_RMS), closer.until_loud(TONE_RMS))
    await listener.until_loud(TONE_RMS * 1.7)  # two voices are louder than one
    participants = [item async for item in stage.client.conferences.list_participants(conference)]
    assert {item.call_control_id for item in participants} == {call, second, third}
    assert stage.count("conference.participant.joined") == 3


async def test_a_muted_supervisor_hears_and_is_not_heard(stage: Stage) -> None:
    prospect, call = await stage.answered()
    supervisor, second = await stage.dialled()
    conference = await room(stage, call)
    supervisor.speak()
    prospect.speak()

    await stage.client.conferences.actions.join(conference, call_control_id=second, supervisor_role="monitor")

    await supervisor.until_loud()
    assert (await stage.leg(call))["rms_out"] == 0


async def test_leaving_parks_the_leg_and_the_last_one_ends_the_room(stage: Stage) -> None:
    _, call = await stage.answered()
    conference = await room(stage, call)

    await stage.client.conferences.actions.leave(conference, call_control_id=call)

    await stage.event("conference.ended")
    assert (await stage.leg(call))["state"] == "answered"
    assert (await stage.client.conferences.retrieve(conference)).data.status == "completed"


async def test_a_hang_up_leaves_the_room(stage: Stage) -> None:
    prospect, call = await stage.answered()
    _, second = await stage.dialled()
    await room(stage, call, second)

    await prospect.hang_up()

    left = (await stage.event("conference.participant.left")).payload
    assert left["call_control_id"] == call


async def test_a_leader_takes_the_others_along(stage: Stage) -> None:
    _, call = await stage.answered()
    closer, second = await stage.dialled()
    conference = await room(stage, call)
    await stage.client.conferences.actions.join(conference, call_control_id=second, end_conference_on_exit=True)

    await closer.hang_up()

    await stage.event("conference.ended")
    await stage.event("call.hangup", 2)
    assert (await stage.leg(call))["state"] == "ended"


async def test_refusals(stage: Stage) -> None:
    _, call = await stage.answered()
    conference = await room(stage, call)

    again = await stage.post(f"conferences/{conference}/actions/join", {"call_control_id": call})
    same_name = await stage.post("conferences", {"call_control_id": call, "name": "desk"})
    unknown = await stage.post("conferences/none/actions/join", {"call_control_id": call})

    assert (again[0], again[1]["errors"][0]["code"]) == (422, "90044")
    assert (same_name[0], same_name[1]["errors"][0]["code"]) == (422, "90033")
    assert unknown[0] == 404


async def test_ending_a_conference_hangs_everybody_up(stage: Stage) -> None:
    prospect, call = await stage.answered()
    closer, second = await stage.dialled()
    conference = await room(stage, call, second)

    await stage.client.conferences.actions.end_conference(conference)

    await asyncio.gather(prospect.frame("telnyx_rtc.bye"), closer.frame("telnyx_rtc.bye"))
    ended = (await stage.client.conferences.retrieve(conference)).data
    assert (ended.status, ended.end_reason, ended.ended_by.call_control_id) == ("completed", "ended_via_api", call)
    assert "reason" not in (await stage.event("conference.ended")).payload
    assert (await stage.post(f"conferences/{conference}/actions/end", {}))[1]["errors"][0]["code"] == "90019"


async def test_a_running_conference_says_nothing_of_its_end(stage: Stage) -> None:
    _, call = await stage.answered()

    conference = await stage.get(f"conferences/{await room(stage, call)}")

    assert not {"end_reason", "ended_by"} & conference["data"].keys()
