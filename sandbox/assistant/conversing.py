"""The course of a configured assistant: it asks what it is to find out, saves each answer, and stays on the line."""

import itertools

from sandbox.assistant import asking
from sandbox.assistant.booking import Booking
from sandbox.assistant.questions import Question
from sandbox.assistant.run import Run
from sandbox.assistant.script import ACKNOWLEDGEMENTS, ALL_ASKED, CHAT, CLOSING, STILL_HERE


class Conversing:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._questions: list[Question] = []

    async def conduct(self) -> None:
        run = self._run
        await run.prepare()
        self._questions = run.brief.questions or run.habits.questions(str(run.brief.assistant.get("instructions")))
        run.conversation.given["questions"] = [question.name for question in self._questions]
        lead = run.opening()
        if not lead:  # The caller begins.
            turn = await run.dialogue.next_turn()
            await run.dialogue.note(turn, turn.text or CHAT)
        if order := run.brief.booking_order:
            await Booking(run, order).conduct(lead)
        elif self._left() or run.is_first:
            await self._qualify(lead)
        else:
            await run.dialogue.say(lead)
        if run.scenario.ends_itself or run.brief.toolbox.hangs_up:
            await run.leave()
            return
        # It listens, and answers in a word, until somebody else ends this.
        while True:
            turn = await run.dialogue.next_turn()
            text = turn.text or CHAT
            await run.dialogue.note(turn, text)
            await run.dialogue.say(await run.habits.answer_for_person(text) or STILL_HERE)

    async def finish(self) -> None:
        """Answer whatever would still be asked, and save it at once."""
        run = self._run
        known = {one.name: asking.spoken_value(run, one, one.spoken_answer) for one in self._left()}
        for name, value in known.items():
            run.capture(name, value)
        await run.habits.save(known)

    async def _qualify(self, lead: str) -> None:
        run, thanks = self._run, itertools.cycle(ACKNOWLEDGEMENTS)
        notice = ""
        for question in self._left():
            answered = await asking.ask(run, question, lead)
            notice, lead = answered.notice, answered.notice or next(thanks)
            run.capture(question.name, answered.value)
            saved = await run.habits.save({question.name: answered.value})
            await run.habits.as_planned(question.name, run.scenario)
            if saved and saved.is_complete:
                await run.dialogue.say(f"{notice} {CLOSING}".strip())
                return
        await run.dialogue.say(f"{notice} {ALL_ASKED}".strip())

    def _left(self) -> list[Question]:
        return [question for question in self._questions if question.name not in self._run.results]
