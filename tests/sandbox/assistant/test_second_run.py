"""The AI comes back to a leg after a human, knowing what was said."""

from typing import Any

import pytest_asyncio

from sandbox.assistant.script import STILL_HERE
from sandbox.config import DEFAULT_ASSISTANT_ID
from tests.sandbox.equipment import conversation, listening, type_text
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Stage

NAME = {"type": "object", "properties": {"full_name": {"type": "string"}}}
SLOTS = ["Monday, 10:00", "Monday, 14:30", "Tuesday, 10:00"]
SLOT = {"type": "object", "properties": {"slot": {"type": "string", "enum": SLOTS}}}
FIRST, SECOND = "Zmlyc3Q=", "c2Vjb25k"
HISTORY = [{"role": "assistant", "content": "Your name?"}, {"role": "user", "content": "Sam Lee"}]


@pytest_asyncio.fixture(autouse=True)
async def steered(stage: Stage) -> None:
    """These prospects type, which is quicker than to speak."""
    await stage.platform(gather_steering="accept")


async def after_a_human(stage: Stage, **extra: Any) -> tuple[Phone, str]:
    """A prospect who gave a name to the first assistant and then spoke with a closer, who has left."""
    prospect, call = await stage.answered()
    closer, other = await stage.dialled()
    await stage.client.calls.actions.gather_using_ai(call, parameters=NAME, greeting="Hi.", client_state=FIRST, **extra)
    await type_text(stage, call, "Sam Lee")
    await stage.event("call.conversation.ended")
    await stage.command(call, "bridge", call_control_id=other, park_after_unbridge="self")
    await closer.hang_up()
    await stage.until(call, lambda leg: leg["peer"] is None)
    return prospect, call


async def gather(stage: Stage, call: str, **extra: Any) -> str:
    brief = {"parameters": SLOT, "greeting": "Sorry, nobody was free."}
    given = {**brief, "client_state": SECOND, **extra}
    return str((await stage.client.calls.actions.gather_using_ai(call, **given)).data.conversation_id)


async def test_a_second_gather_is_heard_and_knows_the_history(stage: Stage) -> None:
    prospect, call = await after_a_human(stage)

    second = await gather(
        stage, call, message_history=HISTORY, assistant={"instructions": "Book a call."}, send_partial_results=True
    )

    await prospect.until_loud()
    given = (await conversation(stage, second))["given"]
    assert (given["kind"], given["instructions"], given["questions"]) == ("gather", "Book a call.", ["slot"])
    assert (given["message_history"], given["client_state"]) == (HISTORY, SECOND)
    messages = (await conversation(stage, second))["messages"]
    assert messages[:2] == HISTORY
    assert messages[2]["content"].startswith("Sorry, nobody was free.")


async def test_each_run_reports_with_its_own_state(stage: Stage) -> None:
    _, call = await after_a_human(stage)
    first = stage.of_type("call.conversation.created")[0].payload["conversation_id"]

    second = await gather(stage, call)
    await type_text(stage, call, "Tuesday")
    await stage.event("call.conversation.ended", 2)

    told = [item for item in stage.received if item.type.startswith(("call.ai_gather.", "call.conversation."))]
    named = {
        (item.payload["conversation_id"], item.payload["client_state"])
        for item in told
        if item.type.startswith("call.conversation.")
    }
    assert first != second
    assert named == {(first, FIRST), (second, SECOND)}
    gathered = [item.payload for item in told if item.type.startswith("call.ai_gather.")]
    assert {payload["client_state"] for payload in gathered} == {FIRST, SECOND}
    # As documented: what is gathered does not say of which conversation.
    assert not any("conversation_id" in payload for payload in gathered)


async def test_a_run_that_ends_late_keeps_its_state(stage: Stage) -> None:
    await stage.platform(bridge_over_assistant="ends")
    _, call = await stage.answered()
    _, other = await stage.dialled()
    await stage.client.calls.actions.gather_using_ai(call, parameters=NAME, greeting="Hi.", client_state=FIRST)

    await stage.command(call, "bridge", call_control_id=other, client_state=SECOND)

    assert (await stage.event("call.conversation.ended")).payload["client_state"] == FIRST
    await stage.event("call.bridged", 2)
    assert (await stage.leg(call))["client_state"] == SECOND


async def test_a_typed_label_is_the_value(stage: Stage) -> None:
    _, call = await after_a_human(stage)
    await gather(stage, call)

    await type_text(stage, call, "monday, 14:30")

    assert (await stage.event("call.ai_gather.ended", 2)).payload["result"] == {"slot": "Monday, 14:30"}


async def test_it_asks_again_when_no_label_was_meant(stage: Stage) -> None:
    _, call = await after_a_human(stage)
    second = await gather(stage, call)

    for text in ("whenever", "monday", "the one at 14:30"):
        await type_text(stage, call, text)

    assert (await stage.event("call.ai_gather.ended", 2)).payload["result"] == {"slot": "Monday, 14:30"}
    texts = [message["content"] for message in (await conversation(stage, second))["messages"]]
    assert texts.count("Sorry, please choose one of these: Monday, 10:00, Monday, 14:30, Tuesday, 10:00.") == 2


async def test_an_assistant_that_knows_the_answers_does_not_ask_again(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"gather_fields": {"full_name": {}}, "greeting": "Only for newcomers."})
    prospect, call = await after_a_human(stage)

    started = await stage.client.calls.actions.start_ai_assistant(
        call,
        assistant={"id": DEFAULT_ASSISTANT_ID, "instructions": "Talk about the price."},
        greeting="Here I am again.",
        message_history=HISTORY,
        client_state=SECOND,
    )
    await prospect.until_loud()
    await type_text(stage, call, "What does it cost?")
    await stage.until(call, lambda leg: leg["source"] == "silence")
    await stage.client.calls.actions.stop_ai_assistant(call)

    ended = (await stage.event("call.conversation.ended", 2)).payload
    known = await conversation(stage, started.data.conversation_id or "")
    assert (known["given"]["instructions"], known["results"]) == ("Talk about the price.", {"full_name": "Sam Lee"})
    said = [message["content"] for message in known["messages"]]
    assert said == ["Your name?", "Sam Lee", "Here I am again.", "What does it cost?", STILL_HERE]
    assert (ended["client_state"], ended["reason"]) == (SECOND, "assistant_stopped")


async def test_an_assistant_without_history_starts_over(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"gather_fields": {"full_name": {}}})
    _, call = await after_a_human(stage)

    started = await stage.client.calls.actions.start_ai_assistant(
        call, assistant={"id": DEFAULT_ASSISTANT_ID}, greeting="Hello."
    )

    await stage.until(call, lambda leg: leg["assistant"]["question"] == "full_name")
    assert (await conversation(stage, started.data.conversation_id or ""))["results"] == {}


async def test_the_scenario_goes_on_where_it_stood(stage: Stage) -> None:
    await stage.control("PUT", "scenario", {"answers": ["Jo Day", "Tuesday"], "pause_ms": 0})
    prospect, call = await stage.answered()
    for run, parameters in enumerate((NAME, SLOT), start=1):
        await stage.client.calls.actions.gather_using_ai(call, parameters=parameters, greeting="Hi.")
        await listening(stage, call)
        await prospect.say_something()
        await stage.event("call.ai_gather.ended", run)

    results = [item.payload["result"] for item in stage.of_type("call.ai_gather.ended")]
    assert results == [{"full_name": "Jo Day"}, {"slot": "Tuesday, 10:00"}]


async def test_a_new_scenario_counts_from_the_next_run(stage: Stage) -> None:
    _, call = await after_a_human(stage)
    await stage.control("PUT", "scenario", {"field_values": {"slot": "Monday, 14:30"}})
    await gather(stage, call)

    await stage.control("POST", "assistant/end", {"call_control_id": call})

    assert (await stage.event("call.ai_gather.ended", 2)).payload["result"] == {"slot": "Monday, 14:30"}


async def test_what_was_added_to_a_running_assistant_can_be_seen(stage: Stage) -> None:
    _, call = await stage.answered()
    await stage.client.calls.actions.gather_using_ai(call, parameters=NAME, greeting="Hi.")
    running = (await stage.leg(call))["assistant"]["conversation_id"]

    await type_text(stage, call, "Ask about the budget.", role="system")

    known = await conversation(stage, running)
    assert known["added"] == [{"role": "system", "content": "Ask about the budget."}]
    assert (await stage.leg(call))["assistant"]["question"] == "full_name"
