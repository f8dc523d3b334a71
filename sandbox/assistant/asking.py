"""Asks one question and makes a value of what was said to it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sandbox.assistant.dialogue import Turn
from sandbox.assistant.questions import Question, value_of
from sandbox.assistant.run import Run
from sandbox.assistant.script import PRACTICE


@dataclass(frozen=True)
class Answered:
    """`notice` is what a practice line owes the caller before its next sentence; mostly ""."""

    value: Any
    notice: str


@dataclass(frozen=True)
class _Heard:
    turn: Turn
    text: str
    value: Any


async def ask(run: Run, question: Question, lead: str) -> Answered:
    """Ask until there is an answer; of a choice, until one was made. Whoever wants a person is heard out first."""
    run.question = question
    await run.dialogue.say(f"{lead} {question.text}".strip())
    heard = await _hear(run, question)
    while reply := await run.habits.answer_for_person(heard.text):
        await run.dialogue.say(f"{reply} {question.text}")
        heard = await _hear(run, question)
    while heard.value is None and question.choices:
        await run.dialogue.say(question.choosing)
        heard = await _hear(run, question)
    run.question = None
    if heard.turn.text is not None:
        return Answered(heard.value, "")
    await asyncio.sleep(run.scenario.pause_ms / 1000)
    return Answered(heard.value, _notice(run, heard.text))


async def _hear(run: Run, question: Question) -> _Heard:
    """What was typed counts as it is; what was spoken is replaced by the scenario's next answer, or a plausible one."""
    turn = await run.dialogue.answer(question.reminder)
    if turn.text is None:
        text = scripted(run, question)
        value = spoken_value(run, question, text)
    else:
        text, value = turn.text, value_of(turn.text, question.schema)
    await run.dialogue.note(turn, text)
    return _Heard(turn, text, value)


def scripted(run: Run, question: Question) -> str:
    """What a prospect of whom only the voice is known is taken to have said."""
    answers = run.scenario.answers
    return str(answers.pop(0)) if answers else question.spoken_answer


def spoken_value(run: Run, question: Question, text: str) -> Any:
    return run.scenario.field_values.get(question.name, value_of(text, question.schema))


def _notice(run: Run, text: str) -> str:
    """Once per call, say that what was noted is not what was said."""
    if run.leg.knows_practice or not run.scenario.practice_notice:
        return ""
    run.leg.knows_practice = True
    return PRACTICE.format(text)
