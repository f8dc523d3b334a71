"""What is said and heard on one leg while an assistant runs there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.assistant.captions import Captions
from sandbox.assistant.conversations import Conversation
from sandbox.calling.switchboard import Switchboard
from sandbox.media.audio import FRAME_SECONDS
from sandbox.media.hearing import Hearing
from sandbox.model.legs import Leg

REMINDERS = 2


@dataclass(frozen=True)
class Turn:
    """What the caller did: typed a text, or spoke, of which nothing but that is known (`text` is None)."""

    text: str | None = None
    # What was added to the history without a word to answer it stands there already.
    is_noted: bool = False


class Dialogue:
    """`tell` is called whenever something was added to the history."""

    def __init__(
        self,
        switchboard: Switchboard,
        leg: Leg,
        conversation: Conversation,
        *,
        repeat_seconds: float,
        tell: Callable[[], None],
    ) -> None:
        self._switchboard = switchboard
        self._leg = leg
        self._conversation = conversation
        self._repeat_seconds = repeat_seconds
        self._tell = tell
        self._hearing = Hearing()
        self._is_listening = False
        self._turns: asyncio.Queue[Turn] = asyncio.Queue()
        self._unanswered: list[str] = []
        # Only an anonymous visitor's page gets the conversation as frames; other legs are told by webhook.
        self._captions = Captions(leg.session) if leg.role == "anonymous" and leg.session else None
        self._deltas: asyncio.Task[None] | None = None

    def open(self) -> None:
        if self._leg.media:
            self._leg.media.ear = self.hear

    def close(self) -> None:
        if self._leg.media:
            self._leg.media.ear = None
            self._leg.media.outlet.hush()
        if self._deltas:
            self._deltas.cancel()

    def type(self, text: str) -> None:
        """Take a typed text as a turn of its own, whatever is being said."""
        self._turns.put_nowait(Turn(text))
        if self._leg.media:
            self._leg.media.outlet.hush()

    def add(self, role: str, text: str) -> None:
        """Put a message into the history; the caller's is answered with their next turn, or when they are silent."""
        self._conversation.added.append({"role": role, "content": text})
        self._conversation.add(role, text)
        if role == "user":
            self._unanswered.append(text)
        self._tell()

    async def say(self, text: str) -> None:
        """Speak to the end, unless the caller has typed already."""
        if not text:
            return
        text = self._switchboard.announced(text)
        self._conversation.add("assistant", text)
        self._tell()
        if self._captions:
            self._deltas = self._switchboard.background(self._captions.assistant(text))
        if self._turns.empty():
            await self._switchboard.say(self._leg, text, name="assistant")
        self._hearing.reset()

    async def next_turn(self) -> Turn:
        """Wait for what the caller does next, however long it takes."""
        while True:
            try:
                return await self._turn_within(self._repeat_seconds)
            except TimeoutError:
                continue

    async def answer(self, reminder: str) -> Turn:
        """Wait for an answer, and ask for it once more or twice."""
        for _ in range(REMINDERS):
            try:
                return await self._turn_within(self._repeat_seconds)
            except TimeoutError:
                if not self._hearing.speaking:
                    await self.say(reminder)
        return await self.next_turn()

    async def note(self, turn: Turn, text: str) -> None:
        """Write down what the caller has said, or is taken to have said."""
        if turn.is_noted:
            return
        self._conversation.add("user", text)
        if self._captions:
            await self._captions.user(text, typed=turn.text is not None)
        self._tell()

    async def _turn_within(self, seconds: float) -> Turn:
        """Raises TimeoutError when the caller did nothing and nothing waits to be answered."""
        self._is_listening = True
        try:
            turn = await asyncio.wait_for(self._turns.get(), seconds)
        except TimeoutError:
            if not self._unanswered:
                raise
            return self._take_unanswered()
        finally:
            self._is_listening = False
        return self._take_unanswered() if turn.text is None and self._unanswered else turn

    def _take_unanswered(self) -> Turn:
        text, self._unanswered = " ".join(self._unanswered), []
        return Turn(text, is_noted=True)

    def hear(self, rms: float) -> None:
        if self._is_listening and self._hearing.add(rms, FRAME_SECONDS):
            self._turns.put_nowait(Turn())
