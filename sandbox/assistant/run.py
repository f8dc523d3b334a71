"""One run of the AI on one leg: its beginning and its end, and what is told of it by webhook."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from sandbox.assistant.brief import Brief, conversation_ended, initialization, system_variables
from sandbox.assistant.conversations import Conversation
from sandbox.assistant.dialogue import Dialogue
from sandbox.assistant.habits import ToolHabits
from sandbox.assistant.insights import Insights
from sandbox.assistant.questions import Question
from sandbox.assistant.script import GENERATED, INSIGHT_SHAPES, INVALID, VALID, Scenario
from sandbox.assistant.templates import fill
from sandbox.assistant.tools import Caller, Tools
from sandbox.calling.switchboard import Switchboard
from sandbox.model import clock
from sandbox.model.account import DEFAULT_GREETING
from sandbox.model.account_kinds import INSIGHT_GROUPS
from sandbox.model.legs import Leg
from sandbox.model.orders import NORMAL
from sandbox.model.platform import Platform
from sandbox.outbound import events

VARIABLE_HEADER_PREFIX = "x-"
# Headers of the platform's own become no variables.
# https://developers.telnyx.com/docs/inference/ai-assistants/dynamic-variables
RESERVED_HEADER_PREFIX = "x-telnyx"


class Course(Protocol):
    """What an assistant does from its first word on."""

    async def conduct(self) -> None: ...

    async def finish(self) -> None:
        """Answer whatever would still be asked."""


class Run:
    def __init__(
        self,
        *,
        switchboard: Switchboard,
        leg: Leg,
        conversation: Conversation,
        brief: Brief,
        scenario: Scenario,
        tools: Tools,
    ) -> None:
        self.leg = leg
        self.conversation = conversation
        self.brief = brief
        self.scenario = scenario
        self.question: Question | None = None
        self.results: dict[str, Any] = conversation.results
        self.reason_when_joined = "call_bridged"
        self.is_first = leg.run_count == 0
        self.dialogue = Dialogue(
            switchboard, leg, conversation, repeat_seconds=brief.repeat_seconds, tell=self.tell_history
        )
        self.habits = ToolHabits(tools, brief.toolbox, conversation, self.caller)
        self._switchboard = switchboard
        self._tools = tools
        # Later commands on the leg bring states of their own; this run's events keep the one it was started with.
        self._client_state = leg.client_state
        self._started_at = clock.now()
        self._course: Course | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def start(self, course: Course) -> None:
        self._course = course
        self.leg.run = self
        self.leg.run_count += 1
        # What was said before is taken up; an assistant that knows it does not ask for it again.
        for message in self.brief.history:
            self.conversation.add(str(message.get("role", "user")), str(message.get("content", "")))
        if not self.is_gather and self.brief.history:
            self.results.update(self.leg.captured)
        self.dialogue.open()
        self._emit("call.conversation.created", {"calling_party_type": "sip"})
        self._task = self._switchboard.background(course.conduct())

    @property
    def platform(self) -> Platform:
        return self._switchboard.platform

    @property
    def is_gather(self) -> bool:
        return self.brief.kind == "gather"

    @property
    def variables(self) -> dict[str, Any]:
        return self.brief.variables

    # What reaches a run from outside.

    def stop(self, reason: str) -> None:
        """End early, at somebody's command; the leg stays as it is."""
        self._close(reason, gather_status=INVALID)

    def type(self, text: str) -> None:
        """Take what the caller typed as a turn of its own."""
        self.dialogue.type(text)

    def hand_over(self) -> None:
        """Make way for a human on this leg."""
        self.stop(self.reason_when_joined)

    def cut_off(self) -> None:
        """The caller is gone."""
        self._close("customer_disconnect", gather_status=None)

    async def finish(self, reason: str) -> None:
        """End now as if everything had been asked."""
        if self._task:
            self._task.cancel()
        if self._course:
            await self._course.finish()
        await self.conclude(reason)

    # What its course needs.

    async def prepare(self) -> None:
        """Learn what is known of this call and what its tools are, before the first word."""
        await self._learn_variables()
        await self._tools.look_into(self.brief.toolbox, handshakes=self.scenario.mcp_handshakes)
        self.conversation.given["tools"] = self.brief.toolbox.names

    def opening(self) -> str:
        """The scenario's greeting is for a new caller; who was greeted already hears what the command says."""
        scripted = self.scenario.greeting if self.is_first else None
        greeting = self.brief.greeting if scripted is None else scripted
        return fill(DEFAULT_GREETING if greeting in (None, GENERATED) else greeting, self.variables)

    def capture(self, name: str, value: Any) -> None:
        self.results[name] = self.leg.captured[name] = value

    def tell_partial_results(self) -> None:
        if self.brief.sends_partial_results:
            told = {"partial_results": dict(self.results), "message_history": self.conversation.history()}
            self._emit("call.ai_gather.partial_results", told)

    async def leave(self) -> None:
        """End by itself; with a tool for it, it hangs up."""
        if self.brief.toolbox.hangs_up:
            self.conversation.note_tool_call(self._tools.new_call_id(), "hangup", {})
        await self.conclude("normal")

    async def conclude(self, reason: str, *, gather_status: str = VALID) -> None:
        hangs_up = self.brief.hangs_up or (self.brief.toolbox.hangs_up and not self.is_gather)
        if self._close(reason, gather_status=gather_status) and hangs_up:
            await self._switchboard.hang_up(self.leg, NORMAL, source="callee")

    async def _learn_variables(self) -> None:
        """The command wins over the call's headers, these over what we are asked, that over the assistant's own.

        Source: https://developers.telnyx.com/docs/inference/ai-assistants/dynamic-variables
        """
        assistant = self.brief.assistant
        answered: dict[str, Any] = {}
        if address := str(assistant.get("dynamic_variables_webhook_url") or ""):
            seconds = int(assistant.get("dynamic_variables_webhook_timeout_ms") or 1500) / 1000
            answered = await self._ask_for_variables(address, seconds)
        self.brief.variables = {
            **system_variables(self.conversation, self.leg),
            **(assistant.get("dynamic_variables") or {}),
            **answered,
            **_header_variables(self.leg),
            **self.brief.variables,
        }
        self.conversation.given["variables"] = self.brief.variables

    async def _ask_for_variables(self, address: str, seconds: float) -> dict[str, Any]:
        question = initialization(self.brief, self.conversation, self.leg)
        answer = await self._switchboard.webhooks.ask(address, "assistant.initialization", question, seconds=seconds)
        if not isinstance(answer, dict):
            return {}
        conversation = answer.get("conversation")
        metadata = conversation.get("metadata") if isinstance(conversation, dict) else None
        if isinstance(metadata, dict):
            self.conversation.metadata.update({str(key): str(value) for key, value in metadata.items()})
        variables = answer.get("dynamic_variables")
        return variables if isinstance(variables, dict) else {}

    def caller(self) -> Caller:
        return Caller(self.leg.call_control_id, self.conversation.id, self.variables)

    # The end.

    def _close(self, reason: str, *, gather_status: str | None) -> bool:
        """Report the end once; False when it was over already."""
        if self._is_over:
            return False
        self._is_over = True
        self.leg.run = None
        self.dialogue.close()
        if self.is_gather and gather_status:
            # Seen live by third parties (2026): a gather whose speech provider failed has no result at all.
            result = None if gather_status == "client_error" else self.results
            told = {"status": gather_status, "result": result, "message_history": self.conversation.history()}
            self._emit("call.ai_gather.ended", told)
        ended = conversation_ended(self.brief, self.conversation, reason, started_at=self._started_at)
        self._emit("call.conversation.ended", ended)
        self._begin_insights()
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()
        return True

    def _begin_insights(self) -> None:
        """Only a group has insights, and only an assistant of the account has a group."""
        account, wanted = self._switchboard.account, self.brief.insight_group_id
        groups = account.all(INSIGHT_GROUPS)
        if self.is_gather:
            group = groups[0] if groups and self.platform.gather_insights == "all" else None
        else:
            group = account.get(INSIGHT_GROUPS, wanted)
        if group:
            self.conversation.insights = Insights(group)
            self._switchboard.background(self._deliver(self.conversation.insights))

    async def _deliver(self, insights: Insights) -> None:
        await asyncio.sleep(self.scenario.insights_after_ms / 1000)
        conversation = self.conversation
        insights.draw(self.results, spoken_turns=sum(one.role == "user" for one in conversation.messages))
        self._emit("call.conversation_insights.generated", insights.as_event(), common=events.identity(self.leg))
        if insights.webhook:
            is_usual = self.scenario.insights_shape == INSIGHT_SHAPES[0]
            body = (
                insights.as_webhook(conversation.id, conversation.metadata)
                if is_usual
                else insights.as_documented_webhook(conversation.id)
            )
            self._switchboard.webhooks.send(insights.webhook, body["event_type"], body, conversation.id)

    # What goes out by webhook.

    def _emit(self, event_type: str, extra: Mapping[str, Any], *, common: Mapping[str, Any] | None = None) -> None:
        payload = {**(common or events.common(self.leg)), "client_state": self._client_state, **extra}
        # What is gathered comes without the conversation's id, as documented.
        if event_type.startswith("call.conversation."):
            payload["conversation_id"] = self.conversation.id
        self._switchboard.emit(self.leg, event_type, payload)

    def tell_history(self) -> None:
        if self.brief.sends_history:
            self._emit("call.ai_gather.message_history_updated", {"message_history": self.conversation.history()})


def run_on(leg: Leg) -> Run | None:
    """Return the run on a leg; unlike `leg.run` it can be asked everything."""
    return leg.run if isinstance(leg.run, Run) else None


def _header_variables(leg: Leg) -> dict[str, str]:
    """Custom headers become variables: `X-Account-Number` is `{{account_number}}`."""
    return {
        header["name"][2:].replace("-", "_").lower(): header["value"]
        for header in leg.custom_headers
        if header["name"].lower().startswith(VARIABLE_HEADER_PREFIX)
        and not header["name"].lower().startswith(RESERVED_HEADER_PREFIX)
    }
