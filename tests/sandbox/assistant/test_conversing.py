"""The configured assistant on a leg that we own: what it asks, saves and says, and that it stays."""

import asyncio
from typing import Any

import pytest

from sandbox.assistant.script import ALL_ASKED, CLOSING, PRACTICE, STILL_HERE
from sandbox.config import DEFAULT_ASSISTANT_ID
from sandbox.media.speech import NOTICE
from tests.sandbox.equipment import QUESTIONS, equip, listening, said, start, type_text, used, webhook_tool
from tests.sandbox.phone import eventually
from tests.sandbox.stage import Stage


def asking(question: str) -> Any:
    return lambda leg: leg["assistant"]["question"] == question


async def heard(stage: Stage, conversation_id: str, sentence: str) -> list[str]:
    """Wait until the assistant has said something that ends so."""
    told: list[str] = []

    async def look() -> bool:
        told[:] = await said(stage, conversation_id)
        return any(one.endswith(sentence) for one in told)

    for _ in range(400):
        if await look():
            return told
        await asyncio.sleep(0.05)
    raise TimeoutError(f"only heard {told}")


async def test_it_asks_what_its_tool_takes_and_saves_each_answer_as_it_is_heard(stage: Stage) -> None:
    await equip(stage)
    _, call = await stage.answered()
    talk = await start(stage, call)

    for question, text in (("full_name", "Sam Lee"), ("email", "sam@example.com"), ("budget", "20,000")):
        await stage.until(call, asking(question))
        await type_text(stage, call, text)

    saves = [(await used(stage, "save_prospect_details", count)).event for count in (1, 2, 3)]
    assert saves == [{"full_name": "Sam Lee"}, {"email": "sam@example.com"}, {"budget": "20,000"}]
    # A property whose description does not ask is no question: nobody asked for a number.
    assert (await heard(stage, talk, ALL_ASKED))[0] == "Hi. What is your name?"
    assert stage.count("call.ai_gather.partial_results") == 0


async def test_when_the_tool_says_that_all_is_known_it_closes_and_stays_on_the_line(stage: Stage) -> None:
    await equip(stage)
    stage.tool_answers = {"save_prospect_details": {"text": "That is all.", "status": "done", "complete": True}}
    _, call = await stage.answered()
    talk = await start(stage, call)

    await type_text(stage, call, "Sam Lee")
    await heard(stage, talk, CLOSING)
    await type_text(stage, call, "How long will it take?")
    await heard(stage, talk, STILL_HERE)

    assert "What is your budget?" not in " ".join(await said(stage, talk))
    leg = await stage.leg(call)
    assert (leg["state"], leg["assistant"]["running"]) == ("answered", True)
    assert stage.count("call.conversation.ended") == 0


@pytest.mark.parametrize("has_tool", [False, True])
async def test_it_ends_by_itself_only_where_it_is_told_to_or_can(stage: Stage, has_tool: bool) -> None:
    hangup = {"type": "hangup", "hangup": {"description": "End the call."}}
    await equip(stage, tools=[webhook_tool(stage, "save_prospect_details", QUESTIONS), *([hangup] if has_tool else [])])
    stage.tool_answers = {"save_prospect_details": {"text": "That is all.", "complete": True}}
    await stage.control("PUT", "scenario", {"ends_itself": not has_tool})
    _, call = await stage.answered()
    await start(stage, call)

    await type_text(stage, call, "Sam Lee")

    ended = (await stage.event("call.conversation.ended")).payload
    assert (ended["reason"], ended["assistant_id"]) == ("normal", DEFAULT_ASSISTANT_ID)
    assert ended["messages"][-1]["content"] == CLOSING
    await stage.until(call, lambda leg: leg["state"] == ("ended" if has_tool else "answered"))


async def test_without_tools_it_asks_the_usual_and_saves_nothing(stage: Stage) -> None:
    await equip(stage, tools=[])
    _, call = await stage.answered()
    talk = await start(stage, call)

    for question in ("full_name", "email", "budget", "timeline"):
        await stage.until(call, asking(question))
        await type_text(stage, call, "something")

    await heard(stage, talk, ALL_ASKED)
    assert stage.tools_used == []


async def test_without_a_schema_it_asks_what_its_instructions_list(stage: Stage) -> None:
    listed = "Find out:\n- roof: Is your roof steep?\n- Be brief: no prices.\n- when: When may we come?"
    await equip(stage, tools=[], instructions=listed)
    _, call = await stage.answered()
    talk = await start(stage, call)
    await stage.until(call, asking("roof"))

    await type_text(stage, call, "no")

    await stage.until(call, asking("when"))
    assert (await said(stage, talk))[0] == "Hi. Is your roof steep?"


async def test_a_scenario_says_what_is_asked_instead(stage: Stage) -> None:
    await equip(stage)
    await stage.control("PUT", "scenario", {"gather_fields": {"email": QUESTIONS["email"]}})
    _, call = await stage.answered()
    talk = await start(stage, call)

    await type_text(stage, call, "sam@example.com")

    assert (await heard(stage, talk, ALL_ASKED))[0] == "Hi. What is your email address?"


async def test_who_wants_a_person_is_heard_out_before_the_question_goes_on(stage: Stage) -> None:
    await equip(stage)
    stage.tool_answers = {"request_handoff": {"text": "I am calling a colleague."}}
    _, call = await stage.answered()
    talk = await start(stage, call)
    await stage.until(call, asking("full_name"))

    await type_text(stage, call, "I want to talk to a human, please")
    assert (await used(stage, "request_handoff")).event == {"reason": "I want to talk to a human, please"}
    await type_text(stage, call, "Sam Lee")

    await stage.until(call, asking("email"))
    assert (await said(stage, talk))[1] == "I am calling a colleague. What is your name?"
    assert (await used(stage, "save_prospect_details")).event == {"full_name": "Sam Lee"}


async def test_who_wants_a_person_where_there_is_no_way_to_call_one_is_taken_literally(stage: Stage) -> None:
    await equip(stage, tools=[webhook_tool(stage, "save_prospect_details", QUESTIONS)])
    _, call = await stage.answered()
    await start(stage, call)

    await type_text(stage, call, "a person")

    assert (await used(stage, "save_prospect_details")).event == {"full_name": "a person"}


async def test_a_practice_line_says_once_that_it_does_not_hear_what_is_said(stage: Stage) -> None:
    await equip(stage)
    phone, call = await stage.answered()
    talk = await start(stage, call)

    for question in ("full_name", "email"):
        await stage.until(call, asking(question))
        await listening(stage, call)
        await phone.say_something()
        await eventually(lambda: stage.tools_used)
        stage.tools_used.clear()
    await stage.until(call, asking("budget"))

    told = await said(stage, talk)
    assert told[1] == f"{PRACTICE.format('Jordan Blake')} What is your email address?"
    assert "practice" not in told[2]


@pytest.mark.parametrize("is_typed", [False, True])
async def test_what_is_typed_counts_and_a_test_can_do_without_the_notice(stage: Stage, is_typed: bool) -> None:
    await equip(stage)
    await stage.control("PUT", "scenario", {"practice_notice": is_typed, "answers": ["Jo Day"], "pause_ms": 0})
    phone, call = await stage.answered()
    talk = await start(stage, call)
    await stage.until(call, asking("full_name"))

    if is_typed:
        await type_text(stage, call, "Sam Lee")
    else:
        await listening(stage, call)
        await phone.say_something()

    expected = "Sam Lee" if is_typed else "Jo Day"
    assert (await used(stage, "save_prospect_details")).event == {"full_name": expected}
    await stage.until(call, asking("email"))
    assert "practice" not in " ".join(await said(stage, talk))


async def test_what_is_added_without_asking_for_a_response_waits_for_the_next_turn(stage: Stage) -> None:
    await equip(stage, telephony_settings={"user_idle_reply_secs": 1})
    _, call = await stage.answered()
    talk = await start(stage, call)
    await stage.until(call, asking("full_name"))
    await listening(stage, call)

    await type_text(stage, call, "Sam Lee", at_once=False)

    assert stage.tools_used == []
    assert (await used(stage, "save_prospect_details")).event == {"full_name": "Sam Lee"}
    assert await said(stage, talk, "user") == ["Sam Lee"]


async def test_with_an_empty_greeting_the_caller_speaks_first(stage: Stage) -> None:
    await equip(stage)
    _, call = await stage.answered()
    talk = await start(stage, call, greeting="")
    await asyncio.sleep(0.5)
    assert await said(stage, talk) == []

    await type_text(stage, call, "Hello?")

    await stage.until(call, asking("full_name"))
    assert await said(stage, talk) == ["What is your name?"]


@pytest.mark.parametrize(
    ("own", "asked", "is_told"), [(None, True, True), (None, False, False), (False, True, False), (True, False, True)]
)
async def test_its_own_setting_about_the_history_wins(
    stage: Stage, own: bool | None, asked: bool, is_told: bool
) -> None:
    settings = {} if own is None else {"send_message_history_updates": own}
    await equip(stage, telephony_settings=settings)
    _, call = await stage.answered()
    await start(stage, call, send_message_history_updates=asked)
    await stage.until(call, asking("full_name"))

    if is_told:
        history = (await stage.event("call.ai_gather.message_history_updated")).payload["message_history"]
        assert history == [{"role": "assistant", "content": "Hi. What is your name?"}]
    else:
        assert stage.count("call.ai_gather.message_history_updated") == 0


@pytest.mark.parametrize("level", ["1", "trial"])
async def test_before_level_two_every_sentence_begins_with_the_notice(stage: Stage, level: str) -> None:
    await equip(stage)
    await stage.limits(level=level)
    _, call = await stage.answered()
    talk = await start(stage, call)
    await type_text(stage, call, "Sam Lee")
    await stage.until(call, asking("email"))

    assert [one.startswith(NOTICE) for one in await said(stage, talk)] == [True, True]


async def test_an_answer_starts_it_and_the_conversation_is_told_by_webhook(stage: Stage) -> None:
    await equip(stage, telephony_settings={"send_message_history_updates": True})
    phone, call = await stage.parked()

    assistant = {"id": DEFAULT_ASSISTANT_ID, "greeting": "Welcome, {{first}}.", "dynamic_variables": {"first": "Sam"}}
    answer = await stage.client.calls.actions.answer(call, assistant=assistant, webhook_url=stage.webhook_url)
    await phone.until_answered()

    assert answer.data.to_dict() == {"result": "ok"}
    created = (await stage.event("call.conversation.created")).payload
    assert created["call_control_id"] == call
    assert (await said(stage, created["conversation_id"]))[0].startswith("Welcome, Sam. What")


async def test_an_answer_with_an_unknown_assistant_is_refused_and_answers_nothing(stage: Stage) -> None:
    _, call = await stage.parked()

    status, body = await stage.command(call, "answer", assistant={"id": "assistant-other"})

    assert (status, body["errors"][0]["source"]) == (422, {"pointer": "/assistant/id"})
    assert (await stage.leg(call))["state"] == "parked"


async def test_a_call_overrides_what_the_account_holds(stage: Stage) -> None:
    await equip(stage, greeting="From the account.")
    _, call = await stage.answered()
    tools = [webhook_tool(stage, "save_prospect_details", {"roof": {"description": "Is your roof steep?"}})]

    started = await stage.client.calls.actions.start_ai_assistant(
        call, assistant={"id": DEFAULT_ASSISTANT_ID, "tools": tools, "model": "other/model"}
    )
    await stage.until(call, asking("roof"))
    await stage.client.calls.actions.stop_ai_assistant(call)

    assert await said(stage, started.data.conversation_id) == ["From the account. Is your roof steep?"]
    ended = (await stage.event("call.conversation.ended")).payload
    assert (ended["llm_model"], ended["reason"]) == ("other/model", "assistant_stopped")


async def test_ended_by_a_test_it_saves_what_was_left(stage: Stage) -> None:
    await equip(stage)
    _, call = await stage.answered()
    await start(stage, call)
    await type_text(stage, call, "Sam Lee")
    await stage.until(call, asking("email"))

    await stage.control("POST", "assistant/end", {"call_control_id": call, "reason": "told"})

    left = (await used(stage, "save_prospect_details", 2)).event
    assert left == {"email": "jordan.blake@example.com", "budget": "about twelve thousand dollars"}
    assert (await stage.event("call.conversation.ended")).payload["reason"] == "told"


@pytest.mark.parametrize("name", ["ai_assistant_stop", "ai_assistant_add_messages"])
async def test_what_a_run_does_not_take_changes_nothing(stage: Stage, name: str) -> None:
    await equip(stage)
    await stage.platform(assistant_stop="refuse")
    _, call = await stage.answered()
    status, _ = await stage.command(call, name)
    assert status == 422
    await start(stage, call)

    status, _ = await stage.command(call, name)

    assert status == (422 if name == "ai_assistant_stop" else 200)
    assert (await stage.leg(call))["assistant"]["running"]


async def test_tools_are_told_at_the_end_only_with_the_full_history(stage: Stage) -> None:
    for is_full in (False, True):
        if is_full:
            settings = {"conversation_ended_full_history": True}
            await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, telephony_settings=settings)
        else:
            await equip(stage)
        _, call = await stage.answered()
        await start(stage, call)
        await type_text(stage, call, "Sam Lee")
        await stage.until(call, asking("email"))
        await stage.client.calls.actions.stop_ai_assistant(call)

    await stage.event("call.conversation.ended", 2)
    first, second = (item.payload["messages"] for item in stage.of_type("call.conversation.ended"))
    assert [message["role"] for message in first] == ["assistant", "user", "assistant"]
    assert [message["role"] for message in second] == ["assistant", "user", "assistant", "tool", "assistant"]
