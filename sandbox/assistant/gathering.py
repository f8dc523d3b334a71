"""The course of `gather_using_ai`: it asks for the properties of a schema, and is over as soon as it has to be."""

import itertools

from sandbox.assistant import asking
from sandbox.assistant.questions import Question
from sandbox.assistant.run import Run
from sandbox.assistant.script import ACKNOWLEDGEMENTS, CHAT, CLIENT_ERROR, INVALID, STILL_HERE, VALID


class Gathering:
    def __init__(self, run: Run) -> None:
        self._run = run

    async def conduct(self) -> None:
        run, thanks = self._run, itertools.cycle(ACKNOWLEDGEMENTS)
        status = run.scenario.next_gather_status()
        most = run.scenario.answers_before_end(status)
        lead, notice = run.opening(), ""
        if most == 0:
            await run.dialogue.say(lead)
        for count in itertools.count():
            question = self._next()
            if question is None or count == most:
                break
            answered = await asking.ask(run, question, lead)
            notice, lead = answered.notice, answered.notice or next(thanks)
            run.capture(question.name, answered.value)
            run.tell_partial_results()
            await run.habits.as_planned(question.name, run.scenario)
        if status != CLIENT_ERROR:
            while run.scenario.hold_open:
                await run.dialogue.say(f"{lead} {STILL_HERE}")
                turn = await run.dialogue.next_turn()
                await run.dialogue.note(turn, turn.text or CHAT)
            await run.dialogue.say(f"{notice} {run.brief.closing}".strip())
        await run.conclude("normal", gather_status=INVALID if status == VALID and not self._has_all() else status)

    async def finish(self) -> None:
        """Answer whatever would still be asked."""
        while question := self._next():
            self._run.capture(question.name, asking.spoken_value(self._run, question, question.spoken_answer))

    def _next(self) -> Question | None:
        left = [question for question in self._run.brief.questions if question.name not in self._run.results]
        return left[0] if left and not self._is_over() else None

    def _is_over(self) -> bool:
        """With all required values; if none is required, with the first.

        Source: https://developers.telnyx.com/docs/voice/programmable-voice/gather-using-ai
        """
        if self._run.platform.gather_ends == "all":
            return False
        known = any(value is not None for value in self._run.results.values())
        return self._has_all() if self._run.brief.required else known

    def _has_all(self) -> bool:
        return all(self._run.results.get(name) is not None for name in self._run.brief.required)
