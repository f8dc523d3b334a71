"""What an assistant does that was told to arrange a callback: it asks for a number and a time, and uses the tool."""

import re
from typing import Any

from sandbox.assistant import asking
from sandbox.assistant.habits import CALLBACK
from sandbox.assistant.questions import Question
from sandbox.assistant.run import Run
from sandbox.assistant.tools import Answer

PHONE = Question("phone", {"type": "string", "description": "On which number may we call you?"})
NOTED = "Thank you, I have noted that."
# Refusals that another number can help; any other one asks for another time.
ABOUT_THE_NUMBER = frozenset({"no_number", "not_a_number", "number_not_allowed"})
TRIES = 3
_NUMBER = re.compile(r"\bask\b[^.\n]*\b(number|phone)\b", re.IGNORECASE)


class Booking:
    """`order` is the message that asks for it; its lines that begin with "- " are the times to choose from.

    Without these it asks the tool for some, unless the message speaks of a number alone.
    """

    def __init__(self, run: Run, order: str) -> None:
        self._run = run
        self._times = [line[2:].strip() for line in order.splitlines() if line.startswith("- ") and line[2:].strip()]
        asks_for_number = _NUMBER.search(order) is not None
        self._asks_for_number = asks_for_number or not self._times
        self._books = bool(self._times) or CALLBACK in order or not asks_for_number
        self._given: dict[str, Any] = {}

    async def conduct(self, lead: str) -> None:
        if self._books and not self._times:
            self._times = _free_times(await self._run.habits.try_to_use(CALLBACK, {}))
        if self._asks_for_number:
            lead = await self._ask_for_number(lead)
        if self._times:
            lead = await self._ask_for_time(lead)
        booked = await self._book()
        for _ in range(1, TRIES):
            if booked is None or booked.data.get("status") != "refused":
                break
            lead = await self._ask_again(booked)
            booked = await self._book()
        await self._run.dialogue.say(f"{lead} {booked.text if booked else NOTED}".strip())

    async def _book(self) -> Answer | None:
        return await self._run.habits.try_to_use(CALLBACK, self._given) if self._books else None

    async def _ask_again(self, refusal: Answer) -> str:
        if refusal.data.get("code") in ABOUT_THE_NUMBER:
            return await self._ask_for_number(refusal.text)
        self._times = _free_times(refusal) or self._times
        return await self._ask_for_time(refusal.text) if self._times else ""

    async def _ask_for_number(self, lead: str) -> str:
        answered = await asking.ask(self._run, PHONE, lead)
        self._run.capture(PHONE.name, answered.value)
        self._given["phone"] = answered.value
        # They may hang up before the end.
        await self._run.habits.save({PHONE.name: answered.value})
        return answered.notice

    async def _ask_for_time(self, lead: str) -> str:
        times = self._times
        description = f"When may we call you: {', '.join(times[:-1])}{' or ' if len(times) > 1 else ''}{times[-1]}?"
        question = Question("callback_time", {"type": "string", "enum": list(times), "description": description})
        answered = await asking.ask(self._run, question, lead)
        self._run.capture(question.name, answered.value)
        self._given["when"] = answered.value
        return answered.notice


def _free_times(answer: Answer | None) -> list[str]:
    times = answer.data.get("free_times") if answer else None
    return [str(one) for one in times] if isinstance(times, list) else []
