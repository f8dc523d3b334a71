"""Shows the conversation on an anonymous visitor's page, as the platform streams it."""

import asyncio
import uuid

from sandbox.model.legs import Session

WORDS_PER_DELTA = 3
# About the pace of the voice, so that the text does not run far ahead of it.
SECONDS_PER_DELTA = 0.15 * WORDS_PER_DELTA
METHOD = "ai_conversation"


class Captions:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._previous_item: str | None = None

    async def user(self, text: str, *, typed: bool) -> None:
        content = {"type": "input_text", "text": text} if typed else {"type": "input_audio", "transcript": text}
        item = {
            "id": _new_id("item"),
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [content],
        }
        frame = {"type": "conversation.item.created", "previous_item_id": self._previous_item, "item": item}
        self._previous_item = str(item["id"])
        await self._session.request(METHOD, frame)

    async def assistant(self, text: str) -> None:
        ids = {"item_id": _new_id("item"), "response_id": _new_id("resp"), "output_index": 0, "content_index": 0}
        self._previous_item = str(ids["item_id"])
        words = text.split(" ")
        for start in range(0, len(words), WORDS_PER_DELTA):
            piece = " ".join(words[start : start + WORDS_PER_DELTA])
            delta = piece if start == 0 else f" {piece}"
            await self._session.request(METHOD, {"type": "response.text.delta", "delta": delta, **ids})
            await asyncio.sleep(SECONDS_PER_DELTA)


def _new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:20]}"
