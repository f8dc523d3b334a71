"""An assistant that was told to book a callback asks for a number and a time, and uses the tool."""

import asyncio
from typing import Any

import pytest

from sandbox.assistant.booking import NOTED
from tests.sandbox.equipment import equip, said, start, type_text, used, usual_tools
from tests.sandbox.stage import Stage

ORDER = """Book a call with book_callback. Ask for the number and for one of these times:
- Monday, 10:00
- Tuesday, 14:30"""
BOOKED = {"text": "It is booked.", "status": "done", "booked": "Tuesday, 14:30"}


async def begin(stage: Stage, order: str = ORDER, **more: Any) -> tuple[str, str]:
    await equip(stage, **more)
    _, call = await stage.answered()
    history = [{"role": "user", "content": "Sam Lee"}, {"role": "system", "content": order}]
    return call, await start(stage, call, greeting="Nobody is free.", message_history=history)


async def asked(stage: Stage, call: str, question: str, text: str) -> None:
    await stage.until(call, lambda leg: leg["assistant"]["question"] == question)
    await type_text(stage, call, text)


async def test_it_asks_for_a_number_and_one_of_the_times_and_books(stage: Stage) -> None:
    stage.tool_answers = {"book_callback": BOOKED}
    call, talk = await begin(stage)

    await asked(stage, call, "phone", "0412 555 018")
    await asked(stage, call, "callback_time", "the one at 14:30")

    booked = (await used(stage, "book_callback")).event
    assert booked == {"phone": "0412 555 018", "when": "Tuesday, 14:30"}
    # They may hang up before the end, so the number is saved as it is heard.
    assert (await used(stage, "save_prospect_details")).event == {"phone": "0412 555 018"}
    await stage.until(call, lambda leg: leg["source"] == "assistant")
    told = await said(stage, talk)
    assert told[0] == "Nobody is free. On which number may we call you?"
    assert told[-1] == "It is booked."
    assert (await stage.leg(call))["assistant"]["running"]


@pytest.mark.parametrize("place", ["history", "instructions"])
async def test_only_what_it_is_told_for_this_call_makes_it_book(stage: Stage, place: str) -> None:
    always = "When nobody is free, offer a time with book_callback."
    await equip(stage, instructions=always)
    _, call = await stage.answered()

    given = {"instructions": ORDER} if place == "instructions" else {}
    await start(stage, call, assistant=given, message_history=[{"role": "user", "content": "book_callback"}])

    expected = "phone" if place == "instructions" else "full_name"
    await stage.until(call, lambda leg: leg["assistant"]["question"] == expected)


async def test_a_number_that_is_not_asked_for_is_not_asked(stage: Stage) -> None:
    stage.tool_answers = {"book_callback": BOOKED}
    times = "Let them choose:\n- Monday, 10:00\n- Tuesday, 14:30"
    call, _ = await begin(stage, f"{times}\nThen use book_callback with the time and the number.")

    await asked(stage, call, "callback_time", "monday")

    assert (await used(stage, "book_callback")).event == {"when": "Monday, 10:00"}


async def test_without_a_list_it_asks_the_tool_for_the_times(stage: Stage) -> None:
    stage.tool_answers = {"book_callback": {"text": "Free times.", "status": "done", "free_times": ["Friday, 9:00"]}}
    call, talk = await begin(stage, "Use book_callback.")

    await asked(stage, call, "phone", "0412 555 018")
    await asked(stage, call, "callback_time", "friday")

    assert (await used(stage, "book_callback")).event == {}
    assert (await used(stage, "book_callback", 2)).event == {"phone": "0412 555 018", "when": "Friday, 9:00"}
    assert "When may we call you: Friday, 9:00?" in await said(stage, talk)


async def test_a_callback_for_which_a_number_is_enough_is_not_booked(stage: Stage) -> None:
    call, talk = await begin(stage, "A callback is promised. Ask for the number to call and save it as phone.")

    await asked(stage, call, "phone", "0412 555 018")

    await stage.until(call, lambda leg: leg["assistant"]["question"] is None)
    await stage.until(call, lambda leg: leg["source"] == "assistant")
    assert [one.event for one in stage.tools_used] == [{"phone": "0412 555 018"}]
    assert (await said(stage, talk))[-1] == NOTED


async def test_where_no_time_is_free_the_number_is_kept(stage: Stage) -> None:
    stage.tool_answers = {"book_callback": {"text": "No time is free.", "status": "done", "free_times": []}}
    call, _ = await begin(stage, "Use book_callback.")

    await asked(stage, call, "phone", "0412 555 018")

    assert (await used(stage, "book_callback", 2)).event == {"phone": "0412 555 018"}


@pytest.mark.parametrize(("code", "again"), [("not_a_number", "phone"), ("not_free", "callback_time")])
async def test_a_refusal_is_read_out_and_what_was_wrong_is_asked_again(stage: Stage, code: str, again: str) -> None:
    refusal = {"text": "That will not do.", "status": "refused", "code": code, "free_times": ["Friday, 9:00"]}
    stage.tool_answers = {"book_callback": refusal}
    call, talk = await begin(stage)
    await asked(stage, call, "phone", "1234")
    await asked(stage, call, "callback_time", "monday")
    await used(stage, "book_callback")

    await stage.until(call, lambda leg: leg["assistant"]["question"] == again)

    assert (await said(stage, talk))[-1].startswith("That will not do. ")
    for _ in range(2):
        await type_text(stage, call, "5678" if again == "phone" else "friday")
    expected = {"phone": "5678"} if again == "phone" else {"when": "Friday, 9:00"}
    assert (await used(stage, "book_callback", 3)).event.items() >= expected.items()
    await asyncio.sleep(0.3)
    assert len([one for one in stage.tools_used if one.path.endswith("book_callback")]) == 3


async def test_without_the_tool_it_asks_all_the_same(stage: Stage) -> None:
    tools = [tool for tool in usual_tools(stage) if tool["webhook"]["name"] == "save_prospect_details"]
    call, _ = await begin(stage, tools=tools)

    await asked(stage, call, "phone", "0412 555 018")
    await asked(stage, call, "callback_time", "monday")

    await stage.until(call, lambda leg: leg["assistant"]["question"] is None)
    assert [one.event for one in stage.tools_used] == [{"phone": "0412 555 018"}]
