"""One run of the AI on one leg: it greets, asks, listens, and reports by webhook."""

import asyncio
import itertools
import logging
from collections.abc import Mapping
from typing import Any

from sandbox import clock, events
from sandbox.audio import FRAME_SECONDS
from sandbox.brief import Brief, conversation_ended, initialization
from sandbox.calls import Leg
from sandbox.captions import Captions
from sandbox.conversations import Conversation
from sandbox.hearing import Hearing
from sandbox.orders import NORMAL
from sandbox.script import (
    ACKNOWLEDGEMENTS,
    CHAT,
    CLOSING,
    DEFAULT_GREETING,
    STILL_HERE,
    Question,
    Scenario,
    fill,
    value_of,
)
from sandbox.switchboard import Switchboard
from sandbox.tool_habits import ToolHabits
from sandbox.tools import Tools

logger = logging.getLogger(__name__)

INITIALIZATION_SECONDS = 1.5
INSIGHTS_AFTER_SECONDS = 1.5
REPEATS = 2


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
        self.scenario = scenario
        self.question: Question | None = None
        self.reason_when_joined = "call_bridged"
        self._switchboard = switchboard
        self._brief = brief
        self.tools = ToolHabits(tools, leg, conversation, brief)
        self._results: dict[str, Any] = conversation.results
        self._hearing = Hearing()
        self._listening = False
        self._typed_or_spoken: asyncio.Queue[str | None] = asyncio.Queue()
        # Only an anonymous visitor's page gets the conversation as frames; other legs are told by webhook.
        self._captions = Captions(leg.session) if leg.role == "anonymous" and leg.session else None
        # Later commands on the leg bring states of their own; this run's events keep the one it was started with.
        self._client_state = leg.client_state
        self._is_first = leg.run_count == 0
        self._started_at = clock.now()
        self._task: asyncio.Task[None] | None = None
        self._deltas: asyncio.Task[None] | None = None
        self._over = False

    def start(self) -> None:
        self.leg.run = self
        self.leg.run_count += 1
        self._remember()
        if self.leg.media:
            self.leg.media.ear = self._hear
        self._emit("call.conversation.created", {"calling_party_type": "sip"})
        self._task = self._switchboard.background(self._conduct())

    # What reaches a run from outside.

    def type(self, text: str) -> None:
        """Take typed text as the answer to the current question."""
        self._typed_or_spoken.put_nowait(text)
        if self.leg.media:
            self.leg.media.outlet.hush()

    def add(self, role: str, text: str) -> None:
        """Put a message into the history without answering it."""
        self.conversation.added.append({"role": role, "content": text})
        self.conversation.add(role, text)
        self._tell_history()

    def stop(self, reason: str) -> None:
        """End early, at somebody's command; the leg stays as it is."""
        self._close(reason, gather_status="invalid")

    @property
    def variables(self) -> dict[str, Any]:
        return self._brief.variables

    def hand_over(self) -> None:
        """Make way for a human on this leg."""
        self.stop(self.reason_when_joined)

    async def finish(self, reason: str) -> None:
        """End now as if everything had been asked."""
        for question in self._remaining():
            value = self._value(question, question.spoken_answer)
            self._results[question.name] = self.leg.captured[question.name] = value
        await self._conclude(reason)

    def cut_off(self) -> None:
        """The caller is gone."""
        self._close("customer_disconnect", gather_status=None)

    # The conversation itself.

    async def _conduct(self) -> None:
        if self._brief.asks_for_variables:
            await self._initialise()
        lead = fill(self._opening(), self._brief.variables)
        thanks = itertools.cycle(ACKNOWLEDGEMENTS)
        if not self._is_first and not self._remaining():
            lead = await self._chat(lead)
        for question in self._remaining():
            self.question = question
            await self._say(f"{lead} {question.text}".strip())
            await self._take_answer(question)
            lead = next(thanks)
        self.question = None
        await self._stay_open(lead)
        await self._say(CLOSING if self._brief.closing is None else self._brief.closing)
        await self._conclude("normal")

    def _opening(self) -> str:
        """The scenario's greeting is for a new caller; who was greeted already hears what the command says."""
        scripted = self.scenario.greeting if self._is_first else None
        greeting = scripted or self._brief.greeting
        return DEFAULT_GREETING if greeting is None else greeting

    async def _chat(self, lead: str) -> str:
        """Let the caller say one thing when there is nothing left to ask, and return how to go on."""
        await self._say(lead)
        typed = await self._next_turn()
        await self._note(typed or CHAT, typed=typed is not None)
        return ACKNOWLEDGEMENTS[0]

    async def _take_answer(self, question: Question) -> None:
        typed = await self._heard_out(question)
        text = question_answer(question, self.scenario) if typed is None else typed
        value = self._value(question, text)
        await self._note(text, typed=typed is not None)
        while value is None and question.choices:
            await self._say(question.choosing)
            typed = await self._next_turn()
            text = question_answer(question, self.scenario) if typed is None else typed
            value = self._value(question, text)
            await self._note(text, typed=typed is not None)
        self._results[question.name] = self.leg.captured[question.name] = value
        self._tell_partial_results()
        await self.tools.after(question.name, value, self.scenario)
        if typed is None:
            await asyncio.sleep(self.scenario.pause_ms / 1000)

    async def _heard_out(self, question: Question) -> str | None:
        """The answer to a question, after whoever wants a person first was told what becomes of that."""
        typed = await self._answer(question)
        while reply := await self.tools.answer_for_person(typed):
            await self._note(str(typed), typed=True)
            await self._say(f"{reply} {question.text}")
            typed = await self._answer(question)
        return typed

    async def _note(self, text: str, *, typed: bool) -> None:
        """Write down what the caller has said."""
        self.conversation.add("user", text)
        if self._captions:
            await self._captions.user(text, typed=typed)
        self._tell_history()

    async def _answer(self, question: Question) -> str | None:
        for _ in range(REPEATS):
            try:
                return await asyncio.wait_for(self._next_turn(), self._brief.repeat_seconds)
            except TimeoutError:
                if not self._hearing.speaking:
                    await self._say(question.reminder)
        return await self._next_turn()

    async def _next_turn(self) -> str | None:
        self._listening = True
        try:
            return await self._typed_or_spoken.get()
        finally:
            self._listening = False

    async def _stay_open(self, lead: str) -> None:
        while self.scenario.hold_open:
            await self._say(f"{lead} {STILL_HERE}")
            typed = await self._next_turn()
            self.conversation.add("user", typed or "I see.")
            self._tell_history()

    async def _say(self, text: str) -> None:
        if not text:
            return
        self.conversation.add("assistant", text)
        self._tell_history()
        if self._captions:
            self._deltas = self._switchboard.background(self._captions.assistant(text))
        if self._typed_or_spoken.empty():
            await self._switchboard.say(self.leg, text, name="assistant")
        self._hearing.reset()

    def _hear(self, rms: float) -> None:
        if self._listening and self._hearing.add(rms, FRAME_SECONDS):
            self._typed_or_spoken.put_nowait(None)

    def _value(self, question: Question, text: str) -> Any:
        return self.scenario.field_values.get(question.name, value_of(text, question.schema))

    def _remaining(self) -> list[Question]:
        return [question for question in self._brief.questions if question.name not in self._results]

    def _remember(self) -> None:
        """Take up what was said before; an assistant that knows it does not ask for it again."""
        for message in self._brief.history:
            self.conversation.add(str(message.get("role", "user")), str(message.get("content", "")))
        if self._brief.kind == "assistant" and self._brief.history:
            self._results.update(self.leg.captured)

    # The end.

    async def _conclude(self, reason: str) -> None:
        if self._close(reason, gather_status="valid") and self._brief.hangs_up:
            await self._switchboard.hang_up(self.leg, NORMAL, source="callee")

    def _close(self, reason: str, *, gather_status: str | None) -> bool:
        """Report the end once; False when it was over already."""
        if self._over:
            return False
        self._over = True
        self.leg.run = None
        if self.leg.media:
            self.leg.media.ear = None
            self.leg.media.outlet.hush()
        if self._brief.kind == "gather" and gather_status:
            history = self.conversation.history()
            self._emit(
                "call.ai_gather.ended", {"status": gather_status, "result": self._results, "message_history": history}
            )
        self._emit(
            "call.conversation.ended",
            conversation_ended(self._brief, self.conversation, reason, started_at=self._started_at),
        )
        self._switchboard.background(self._deliver_insights())
        for task in (self._deltas, self._task):
            if task and task is not asyncio.current_task():
                task.cancel()
        return True

    async def _deliver_insights(self) -> None:
        await asyncio.sleep(INSIGHTS_AFTER_SECONDS)
        self.conversation.draw_insights()
        body = self.conversation.insights_webhook()
        self._switchboard.webhooks.send("insights", body["event_type"], body, body["payload"]["request_id"])

    # What goes out: webhooks and, for an anonymous visitor, frames to the page.

    def _emit(self, event_type: str, extra: Mapping[str, Any]) -> None:
        payload = {**events.common(self.leg), "client_state": self._client_state, **extra}
        # What is gathered comes without the conversation's id, as documented.
        if event_type.startswith("call.conversation."):
            payload["conversation_id"] = self.conversation.id
        self._switchboard.emit(self.leg, event_type, payload)

    def _tell_history(self) -> None:
        if self._brief.sends_history:
            self._emit("call.ai_gather.message_history_updated", {"message_history": self.conversation.history()})

    def _tell_partial_results(self) -> None:
        if self._brief.sends_partial_results:
            results = dict(self._results)
            self._emit(
                "call.ai_gather.partial_results",
                {"partial_results": results, "message_history": self.conversation.history()},
            )

    async def _initialise(self) -> None:
        question = initialization(self._brief, self.conversation, self.leg)
        answer = await self._switchboard.webhooks.ask(
            "dynamic-variables", "assistant.initialization", question, seconds=INITIALIZATION_SECONDS
        )
        if not isinstance(answer, dict):
            return
        variables, conversation = answer.get("dynamic_variables"), answer.get("conversation")
        if isinstance(variables, dict):
            self._brief.variables = {**variables, **self._brief.variables}
        metadata = conversation.get("metadata") if isinstance(conversation, dict) else None
        if isinstance(metadata, dict):
            self.conversation.metadata.update({str(key): str(value) for key, value in metadata.items()})


def question_answer(question: Question, scenario: Scenario) -> str:
    """Return what the prospect is taken to have said: the scenario's next answer, else a plausible one."""
    return str(scenario.answers.pop(0)) if scenario.answers else question.spoken_answer
