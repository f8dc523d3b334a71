"""What an assistant is asked to do, and the fixed parts of what it reports."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox import clock
from sandbox.calls import Leg
from sandbox.conversations import Conversation
from sandbox.script import Question

REPEAT_AFTER_SECONDS = 8.0
# The answers of tools are told only to those who ask for the full history.
TOLD_ROLES = ("user", "assistant", "system", "developer")


@dataclass
class Brief:
    """What a command (or an anonymous caller) asks the AI to do."""

    kind: Literal["gather", "assistant"]
    questions: list[Question]
    instructions: str | None = None
    greeting: str | None = None
    closing: str | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    assistant_id: str = ""
    sends_partial_results: bool = False
    sends_history: bool = False
    hangs_up: bool = False
    asks_for_variables: bool = False
    repeat_seconds: float = REPEAT_AFTER_SECONDS
    variables: dict[str, Any] = field(default_factory=dict)


def conversation_ended(
    brief: Brief, conversation: Conversation, reason: str, *, started_at: datetime
) -> dict[str, Any]:
    """What call.conversation.ended says beyond the ids of the leg."""
    return {
        "assistant_id": brief.assistant_id,
        "calling_party_type": "sip",
        "duration_sec": int((clock.now() - started_at).total_seconds()),
        "llm_model": "openai/gpt-4o",
        "stt_model": "deepgram/flux",
        "tts_provider": "telnyx",
        "tts_model_id": "Natural",
        "tts_voice_id": "Marissa",
        "reason": reason,
        "messages": [message.as_event_json() for message in conversation.messages if message.role in TOLD_ROLES],
    }


def initialization(brief: Brief, conversation: Conversation, leg: Leg) -> dict[str, Any]:
    """The question for dynamic variables, as it is posted."""
    metadata = conversation.metadata
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
                "call_control_id": leg.call_control_id,
                "assistant_id": brief.assistant_id,
                "telnyx_conversation_id": conversation.id,
            },
        }
    }


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
