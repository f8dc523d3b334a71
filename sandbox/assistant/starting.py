"""Starts the AI on a leg, with the scenario that is due for it."""

from collections.abc import Mapping
from typing import Any

from sandbox.assistant import toolbox
from sandbox.assistant.brief import Brief, new_conversation, start_failed
from sandbox.assistant.conversations import Conversation, Conversations
from sandbox.assistant.conversing import Conversing
from sandbox.assistant.gathering import Gathering
from sandbox.assistant.questions import questions
from sandbox.assistant.run import Run, run_on
from sandbox.assistant.script import Scenario
from sandbox.assistant.tools import Tools
from sandbox.calling.switchboard import Switchboard
from sandbox.model.account_kinds import ASSISTANTS
from sandbox.model.legs import Leg

# Of silence, before an assistant asks again, unless its settings say otherwise.
IDLE_SECONDS = 10.0


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
            "assistant_id": brief.assistant_id,
            "instructions": brief.instructions,
            "greeting": brief.greeting,
            "message_history": brief.history,
            "questions": [question.name for question in brief.questions],
            "tools": brief.toolbox.names,
            "variables": brief.variables,
            "client_state": leg.client_state,
        }
        scenario = self._scenario_of(leg)
        if scenario.start_fails and brief.kind == "assistant":
            failed = start_failed(brief, leg, scenario.start_fails)
            self._switchboard.emit(leg, "call.conversation.start_failed", failed)
            return conversation
        run = Run(
            switchboard=self._switchboard,
            leg=leg,
            conversation=conversation,
            brief=brief,
            scenario=scenario,
            tools=self._tools,
        )
        run.start(Gathering(run) if run.is_gather else Conversing(run))
        return conversation

    def start_answered(self, leg: Leg, brief: Brief) -> None:
        """Start with the answer that was asked for, unless that failed."""
        if leg.is_answered:
            self.start(leg, brief)

    def set_scenario(self, leg: Leg, scenario: Scenario) -> None:
        """Set the scenario of one call, whether an assistant is running on it or not."""
        self._by_call[leg.call_control_id] = (self.scenario, scenario)
        if run := run_on(leg):
            run.scenario = scenario

    def _scenario_of(self, leg: Leg) -> Scenario:
        """A later assistant on a leg goes on where the first one's scenario stands, unless a new one was set."""
        general, own = self._by_call.get(leg.call_control_id, (None, self.scenario))
        if general is not self.scenario:
            own = self.scenario.copy()
            self._by_call[leg.call_control_id] = (self.scenario, own)
        return own

    def start_anonymous(self, leg: Leg, assistant_id: str) -> None:
        """Run the assistant as its TeXML application does: the leg ends with it."""
        brief = self.assistant_brief(leg, assistant_id)
        if brief:
            brief.hangs_up = True
            self.start(leg, brief)

    def assistant_brief(
        self, leg: Leg, assistant_id: str, overrides: Mapping[str, Any] | None = None, *, sends_history: bool = False
    ) -> Brief | None:
        """Describe a run of an assistant of the account; None when there is no such assistant.

        What the call overrides replaces what is stored, whole; variables are merged later. The assistant's own
        setting about message histories wins over the command's (telnyx SDK, types/ai/telephony_settings.py).
        """
        given = dict(overrides or {})
        account = self._switchboard.account
        stored = account.get(ASSISTANTS, assistant_id)
        if stored is None:
            return None
        assistant = {**stored, **{name: value for name, value in given.items() if name in stored}, "id": assistant_id}
        assistant["dynamic_variables"] = stored.get("dynamic_variables")
        telephony = stored.get("telephony_settings") or {}
        own = telephony.get("send_message_history_updates")
        fields = self._scenario_of(leg).gather_fields
        return Brief(
            kind="assistant",
            assistant=assistant,
            questions=questions(fields) if fields else [],
            instructions=_text(given.get("instructions")),
            greeting=_text(given.get("greeting", stored.get("greeting"))),
            variables=_object(given.get("dynamic_variables")),
            toolbox=toolbox.of_assistant(account, stored, given),
            sends_history=sends_history if own is None else own is True,
            repeat_seconds=float(telephony.get("user_idle_reply_secs") or IDLE_SECONDS),
        )


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
