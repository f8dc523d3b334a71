"""When an assistant uses its tools by itself: for who asks for a person, to save an answer, as a scenario says."""

import re
from typing import Any

from sandbox.brief import Brief
from sandbox.calls import Leg
from sandbox.conversations import Conversation
from sandbox.script import Scenario
from sandbox.tools import MCP, Answer, Tools

_PERSON = re.compile(r"\b(human|person|somebody real|someone real|real person)\b", re.IGNORECASE)
PERSONAL = ("full_name", "email", "phone")


def asks_for_person(text: str) -> bool:
    return _PERSON.search(text) is not None


class ToolHabits:
    def __init__(self, tools: Tools, leg: Leg, conversation: Conversation, brief: Brief) -> None:
        self._tools = tools
        self._leg = leg
        self._conversation = conversation
        # One that reports its results has no need to save them.
        self._saves = brief.kind == "assistant" and not brief.sends_partial_results

    async def use(self, name: str, arguments: dict[str, Any], *, door: str = MCP) -> Answer:
        return await self._tools.use(self._leg, self._conversation, name, arguments, door=door)

    async def answer_for_person(self, typed: str | None) -> str | None:
        """What to say to somebody who wants a person; None to everybody else."""
        if typed is None or not self._tools.are_there or not asks_for_person(typed):
            return None
        return (await self.use("request_handoff", {"reason": typed[:300]})).text

    async def after(self, name: str, value: Any, scenario: Scenario) -> None:
        """What follows the answer to one question."""
        for planned in scenario.tools:
            if planned.get("after") == name:
                door = str(planned.get("door") or MCP)
                await self.use(str(planned.get("name")), planned.get("arguments") or {}, door=door)
        if self._saves and self._tools.are_there:
            given = {name: value} if name in PERSONAL else {"answers": [{"question": name, "answer": value}]}
            await self.use("save_prospect_details", given)
