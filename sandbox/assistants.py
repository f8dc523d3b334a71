"""Starts the AI on a leg, with the scenario that is due for it."""

from typing import Any

from sandbox.assistant import Brief, Run, new_conversation
from sandbox.calls import Leg
from sandbox.conversations import Conversation, Conversations
from sandbox.script import Scenario, questions
from sandbox.switchboard import Switchboard

VARIABLE_HEADER_PREFIX = "x-"


class Assistants:
    def __init__(self, switchboard: Switchboard, conversations: Conversations) -> None:
        self._switchboard = switchboard
        self._conversations = conversations
        self.scenario = Scenario()
        self.scenario_by_call: dict[str, Scenario] = {}

    def forget(self) -> None:
        self.scenario = Scenario()
        self.scenario_by_call.clear()

    def start(self, leg: Leg, brief: Brief, *, history: list[dict[str, Any]] | None = None) -> Conversation:
        channel = "web_call" if leg.role == "anonymous" else "phone_call"
        conversation = self._conversations.add(new_conversation(leg, brief.assistant_id, channel))
        for message in history or []:
            conversation.add(str(message.get("role", "user")), str(message.get("content", "")))
        Run(
            switchboard=self._switchboard,
            leg=leg,
            conversation=conversation,
            brief=brief,
            scenario=self.scenario_by_call.pop(leg.call_control_id, self.scenario).copy(),
        ).start()
        return conversation

    def start_anonymous(self, leg: Leg, assistant_id: str) -> Conversation:
        """Run the assistant as its TeXML application does: the leg ends with it."""
        brief = self.assistant_brief(leg, assistant_id)
        brief.hangs_up = brief.sends_partial_results = brief.sends_history = True
        return self.start(leg, brief)

    def assistant_brief(self, leg: Leg, assistant_id: str) -> Brief:
        scenario = self.scenario_by_call.get(leg.call_control_id, self.scenario)
        return Brief(
            kind="assistant",
            questions=questions(scenario.gather_fields),
            assistant_id=assistant_id,
            asks_for_variables=True,
            sends_partial_results=bool(scenario.gather_fields),
            variables=header_variables(leg),
        )


def header_variables(leg: Leg) -> dict[str, str]:
    """Custom headers become variables: `X-Account-Number` is `{{account_number}}`."""
    return {
        header["name"][2:].replace("-", "_").lower(): header["value"]
        for header in leg.custom_headers
        if header["name"].lower().startswith(VARIABLE_HEADER_PREFIX)
    }
