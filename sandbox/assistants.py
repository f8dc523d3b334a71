"""Starts the AI on a leg, with the scenario that is due for it."""

from sandbox.assistant import Run
from sandbox.brief import Brief, new_conversation
from sandbox.calls import Leg
from sandbox.conversations import Conversation, Conversations
from sandbox.script import Scenario, questions
from sandbox.switchboard import Switchboard
from sandbox.tools import Tools

VARIABLE_HEADER_PREFIX = "x-"


class Assistants:
    def __init__(self, switchboard: Switchboard, conversations: Conversations, tools: Tools) -> None:
        self._switchboard = switchboard
        self._tools = tools
        self._conversations = conversations
        self.scenario = Scenario()
        # Per call: the general scenario when the call got its own, and its own with the answers still to come.
        self._by_call: dict[str, tuple[Scenario, Scenario]] = {}

    def forget(self) -> None:
        self.scenario = Scenario()
        self._by_call.clear()

    def start(self, leg: Leg, brief: Brief) -> Conversation:
        channel = "web_call" if leg.role == "anonymous" else "phone_call"
        conversation = self._conversations.add(new_conversation(leg, brief.assistant_id, channel))
        conversation.given = {
            "kind": brief.kind,
            "instructions": brief.instructions,
            "greeting": brief.greeting,
            "message_history": brief.history,
            "questions": [question.name for question in brief.questions],
            "variables": brief.variables,
            "client_state": leg.client_state,
        }
        Run(
            switchboard=self._switchboard,
            leg=leg,
            conversation=conversation,
            brief=brief,
            scenario=self._scenario_of(leg),
            tools=self._tools,
        ).start()
        return conversation

    def set_scenario(self, leg: Leg, scenario: Scenario) -> None:
        """Set the scenario of one call, whether an assistant is running on it or not."""
        self._by_call[leg.call_control_id] = (self.scenario, scenario)
        if leg.run:
            leg.run.scenario = scenario

    def _scenario_of(self, leg: Leg) -> Scenario:
        """A later assistant on a leg goes on where the first one's scenario stands, unless a new one was set."""
        general, own = self._by_call.get(leg.call_control_id, (None, self.scenario))
        if general is not self.scenario:
            own = self.scenario.copy()
            self._by_call[leg.call_control_id] = (self.scenario, own)
        return own

    def start_anonymous(self, leg: Leg, assistant_id: str) -> Conversation:
        """Run the assistant as its TeXML application does: the leg ends with it."""
        brief = self.assistant_brief(leg, assistant_id)
        brief.hangs_up = brief.sends_partial_results = brief.sends_history = True
        return self.start(leg, brief)

    def assistant_brief(self, leg: Leg, assistant_id: str) -> Brief:
        scenario = self._scenario_of(leg)
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
