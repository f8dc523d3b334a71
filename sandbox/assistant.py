"""One run of the AI on one leg: it greets, asks, listens, and reports by webhook."""

import asyncio
import itertools
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox import clock, events
from sandbox.audio import FRAME_SECONDS
from sandbox.calls import Leg
from sandbox.captions import Captions
from sandbox.conversations import Conversation
from sandbox.hearing import Hearing
from sandbox.script import ACKNOWLEDGEMENTS, CLOSING, DEFAULT_GREETING, STILL_HERE, Question, Scenario, fill, value_of
from sandbox.switchboard import NORMAL, Switchboard

logger = logging.getLogger(__name__)

INITIALIZATION_SECONDS = 1.5
INSIGHTS_AFTER_SECONDS = 1.5
REPEAT_AFTER_SECONDS = 8.0
REPEATS = 2


@dataclass
class Brief:
    """What a command (or an anonymous caller) asks the AI to do."""

    kind: Literal["gather", "assistant"]
    questions: list[Question]
    greeting: str | None = None
    closing: str | None = None
    assistant_id: str = ""
    sends_partial_results: bool = False
    sends_history: bool = False
    hangs_up: bool = False
    asks_for_variables: bool = False
    repeat_seconds: float = REPEAT_AFTER_SECONDS
    variables: dict[str, Any] = field(default_factory=dict)


class Run:
    def __init__(
        self, *, switchboard: Switchboard, leg: Leg, conversation: Conversation, brief: Brief, scenario: Scenario
    ) -> None:
        self.leg = leg
        self.conversation = conversation
        self.scenario = scenario
        self.question: Question | None = None
        self._switchboard = switchboard
        self._brief = brief
        self._results: dict[str, Any] = conversation.results
        self._hearing = Hearing()
        self._listening = False
        self._typed_or_spoken: asyncio.Queue[str | None] = asyncio.Queue()
        # Only an anonymous visitor's page gets the conversation as frames; other legs are told by webhook.
        self._captions = Captions(leg.session) if leg.role == "anonymous" and leg.session else None
        self._started_at = clock.now()
        self._task: asyncio.Task[None] | None = None
        self._deltas: asyncio.Task[None] | None = None
        self._over = False

    def start(self) -> None:
        self.leg.run = self
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
        self.conversation.add(role, text)
        self._tell_history()

    def stop(self, reason: str) -> None:
        """End early, at somebody's command; the leg stays as it is."""
        self._close(reason, gather_status="invalid")

    async def finish(self, reason: str) -> None:
        """End now as if everything had been asked."""
        for question in self._remaining():
            self._results[question.name] = self._value(question, question.spoken_answer)
        await self._conclude(reason)

    def cut_off(self) -> None:
        """The caller is gone."""
        self._close("customer_disconnect", gather_status=None)

    # The conversation itself.

    async def _conduct(self) -> None:
        if self._brief.asks_for_variables:
            await self._initialise()
        greeting = self.scenario.greeting or self._brief.greeting
        opening = DEFAULT_GREETING if greeting is None else greeting
        lead = fill(opening, self._brief.variables)
        thanks = itertools.cycle(ACKNOWLEDGEMENTS)
        for question in self._remaining():
            self.question = question
            await self._say(f"{lead} {question.text}".strip())
            await self._take_answer(question)
            lead = next(thanks)
        self.question = None
        await self._stay_open(lead)
        await self._say(CLOSING if self._brief.closing is None else self._brief.closing)
        await self._conclude("normal")

    async def _take_answer(self, question: Question) -> None:
        typed = await self._answer(question)
        text = question_answer(question, self.scenario) if typed is None else typed
        self._results[question.name] = self._value(question, text)
        self.conversation.add("user", text)
        if self._captions:
            await self._captions.user(text, typed=typed is not None)
        self._tell_history()
        self._tell_partial_results()
        if typed is None:
            await asyncio.sleep(self.scenario.pause_ms / 1000)

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
        self._emit("call.conversation.ended", self._ended(reason))
        self._switchboard.background(self._deliver_insights())
        for task in (self._deltas, self._task):
            if task and task is not asyncio.current_task():
                task.cancel()
        return True

    def _ended(self, reason: str) -> dict[str, Any]:
        return {
            "assistant_id": self._brief.assistant_id,
            "calling_party_type": "sip",
            "duration_sec": int((clock.now() - self._started_at).total_seconds()),
            "llm_model": "openai/gpt-4o",
            "stt_model": "deepgram/flux",
            "tts_provider": "telnyx",
            "tts_model_id": "Natural",
            "tts_voice_id": "Marissa",
            "reason": reason,
            "messages": [message.as_event_json() for message in self.conversation.messages],
        }

    async def _deliver_insights(self) -> None:
        await asyncio.sleep(INSIGHTS_AFTER_SECONDS)
        self.conversation.draw_insights()
        body = self.conversation.insights_webhook()
        self._switchboard.webhooks.send("insights", body["event_type"], body, body["payload"]["request_id"])

    # What goes out: webhooks and, for an anonymous visitor, frames to the page.

    def _emit(self, event_type: str, extra: Mapping[str, Any]) -> None:
        payload = {**events.common(self.leg), "conversation_id": self.conversation.id, **extra}
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
        answer = await self._switchboard.webhooks.ask(
            "dynamic-variables", "assistant.initialization", self._initialization(), seconds=INITIALIZATION_SECONDS
        )
        if not isinstance(answer, dict):
            return
        variables, conversation = answer.get("dynamic_variables"), answer.get("conversation")
        if isinstance(variables, dict):
            self._brief.variables = {**variables, **self._brief.variables}
        metadata = conversation.get("metadata") if isinstance(conversation, dict) else None
        if isinstance(metadata, dict):
            self.conversation.metadata.update({str(key): str(value) for key, value in metadata.items()})

    def _initialization(self) -> dict[str, Any]:
        metadata = self.conversation.metadata
        system = ("telnyx_conversation_channel", "telnyx_agent_target", "telnyx_end_user_target")
        return {
            "data": {
                "record_type": "event",
                "id": str(uuid.uuid4()),
                "event_type": "assistant.initialization",
                "occurred_at": clock.iso(clock.now()),
                "payload": {
                    **{name: metadata[name] for name in system},
                    "telnyx_end_user_target_verified": False,
                    "call_control_id": self.leg.call_control_id,
                    "assistant_id": self._brief.assistant_id,
                    "telnyx_conversation_id": self.conversation.id,
                },
            }
        }


def question_answer(question: Question, scenario: Scenario) -> str:
    """Return what the prospect is taken to have said: the scenario's next answer, else a plausible one."""
    return str(scenario.answers.pop(0)) if scenario.answers else question.spoken_answer


def new_conversation(leg: Leg, assistant_id: str, channel: str) -> Conversation:
    return Conversation(
        metadata={
            "assistant_id": assistant_id,
            "call_control_id": leg.call_control_id,
            "call_leg_id": leg.call_leg_id,
            "call_session_id": leg.call_session_id,
            "from": leg.from_,
            "to": leg.to,
            "telnyx_conversation_channel": channel,
            "telnyx_agent_target": leg.to,
            "telnyx_end_user_target": leg.from_,
        }
    )
