"""The SDK's model of each type of webhook, as the SDK itself tells them apart."""

from collections.abc import Iterator
from typing import Any, get_args

from telnyx.types.unsafe_unwrap_webhook_event import UnsafeUnwrapWebhookEvent

from tests.sandbox.contract import documented


def _models() -> Iterator[tuple[str, Any]]:
    for model in get_args(UnsafeUnwrapWebhookEvent):
        event = _object_in(model, "data")
        words = event.model_fields["event_type"].annotation if event and "event_type" in event.model_fields else None
        for literal in get_args(words):
            yield from ((word, model) for word in get_args(literal))


def _object_in(model: Any, name: str) -> Any:
    known = model.model_fields.get(name)
    parts = get_args(known.annotation) if known else ()
    return next((part for part in parts if hasattr(part, "model_fields")), None)


MODELS: dict[str, Any] = {
    **dict(_models()),
    "assistant.initialization": documented.Initialization,
    "conversation_insight_result": documented.InsightResult,
}
