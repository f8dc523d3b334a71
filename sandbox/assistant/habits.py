"""When an assistant uses its tools by itself: for who asks for a person, to save an answer, as a scenario says."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.assistant.conversations import Conversation
from sandbox.assistant.questions import Question, asked_by, questions
from sandbox.assistant.script import Scenario
from sandbox.assistant.toolbox import Toolbox, ToolError
from sandbox.assistant.tools import Answer, Caller, Tools

logger = logging.getLogger(__name__)

SAVE, HANDOFF, CALLBACK = "save_prospect_details", "request_handoff", "book_callback"
# The property of a tool that takes whatever was answered, as a list of {question, answer}.
ANY_ANSWERS = "answers"
_PERSON = re.compile(r"\b(human|person|somebody real|someone real|real person)\b", re.IGNORECASE)
# A question in an assistant's instructions: “- budget: What budget do you have in mind?”
_QUESTION = re.compile(r"^- ([a-z][a-z0-9_]*): (.*\?)\s*$", re.MULTILINE)


def asks_for_person(text: str) -> bool:
    return _PERSON.search(text) is not None


class ToolHabits:
    """`caller` is asked anew for each use: variables are known only once the conversation has begun."""

    def __init__(self, tools: Tools, box: Toolbox, conversation: Conversation, caller: Callable[[], Caller]) -> None:
        self._tools = tools
        self._box = box
        self._conversation = conversation
        self._caller = caller

    async def use(self, name: str, arguments: Mapping[str, Any], *, door: str = "") -> Answer:
        """Use a tool now, and note it in the conversation. Raises ToolError when the assistant has none such."""
        tool = self._box.find(name, door)
        call_id = self._tools.new_call_id()
        self._conversation.note_tool_call(call_id, name, arguments)
        answer = await self._tools.use(tool, arguments, caller=self._caller(), is_proven=self._box.is_proven)
        self._conversation.note_tool_answer(call_id, answer.text)
        return answer

    async def try_to_use(self, name: str, arguments: Mapping[str, Any], *, door: str = "") -> Answer | None:
        """Use a tool if the assistant has it."""
        try:
            return await self.use(name, arguments, door=door)
        except ToolError as error:
            logger.info("%s", error)
            return None

    def questions(self, instructions: str) -> list[Question]:
        """Return what to ask: what the tool for saving takes, else what the instructions list, else the usual four."""
        takes = self._box.takes(SAVE)
        if takes and ANY_ANSWERS not in takes:
            return asked_by(takes)
        listed = {name: {"type": "string", "description": text} for name, text in _QUESTION.findall(instructions)}
        return questions(listed)

    async def answer_for_person(self, text: str) -> str | None:
        """What to say to somebody who wants a person; None to everybody else, and where there is no way to call one."""
        if not asks_for_person(text):
            return None
        answer = await self.try_to_use(HANDOFF, {"reason": text[:300]})
        return answer.text if answer else None

    async def save(self, values: Mapping[str, Any]) -> Answer | None:
        """Save answers as they were heard. What the tool does not take by its name goes among its other answers."""
        takes, known = self._box.takes(SAVE), {name: value for name, value in values.items() if value is not None}
        arguments: dict[str, Any] = {name: value for name, value in known.items() if name in takes}
        others = [{"question": name, "answer": value} for name, value in known.items() if name not in takes]
        if others and ANY_ANSWERS in takes:
            arguments[ANY_ANSWERS] = others
        return await self.try_to_use(SAVE, arguments) if arguments else None

    async def as_planned(self, answered: str, scenario: Scenario) -> None:
        """Use what a scenario wants to be used after the answer to this question."""
        for planned in scenario.tools:
            if planned.get("after") == answered:
                door = str(planned.get("door") or "")
                await self.try_to_use(str(planned.get("name")), planned.get("arguments") or {}, door=door)
