"""What an assistant is asked to do, and the fixed parts of what it reports."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.assistant.conversations import Conversation
from sandbox.assistant.questions import Question
from sandbox.assistant.toolbox import Toolbox
from sandbox.model import clock
from sandbox.model.legs import Leg
from sandbox.outbound import events

REPEAT_AFTER_SECONDS = 8.0
CHANNEL = "telnyx_conversation_channel"
AGENT_TARGET, END_USER_TARGET = "telnyx_agent_target", "telnyx_end_user_target"


@dataclass
class Brief:
    """What a command (or an anonymous caller) asks the AI to do."""

    kind: Literal["gather", "assistant"]
    # What a gather asks. A configured assistant learns what to ask from its tools and instructions.
    questions: list[Question] = field(default_factory=list)
    required: tuple[str, ...] = ()
    instructions: str | None = None
    # None: nobody has said anything about it.
    greeting: str | None = None
    closing: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)
    sends_partial_results: bool = False
    sends_history: bool = False
    hangs_up: bool = False
    repeat_seconds: float = REPEAT_AFTER_SECONDS
    # What the command itself names; everything else that is known of the call stands behind it.
    variables: dict[str, Any] = field(default_factory=dict)
    toolbox: Toolbox = field(default_factory=Toolbox)
    # The assistant of the account, with what this call overrides; a gather has none.
    assistant: dict[str, Any] = field(default_factory=dict)

    @property
    def assistant_id(self) -> str:
        return str(self.assistant.get("id") or "")

    @property
    def insight_group_id(self) -> str:
        return str((self.assistant.get("insight_settings") or {}).get("insight_group_id") or "")

    @property
    def telephony(self) -> dict[str, Any]:
        return self.assistant.get("telephony_settings") or {}

    @property
    def booking_order(self) -> str:
        """The message that tells this run to arrange a callback; "" when none does.

        What the assistant is told in general, and for every call, is not among it.
        """
        messages = [str(one.get("content") or "") for one in self.history if one.get("role") in ("system", "developer")]
        return next((text for text in [self.instructions or "", *messages] if "callback" in text.lower()), "")


def conversation_ended(
    brief: Brief, conversation: Conversation, reason: str, *, started_at: datetime
) -> dict[str, Any]:
    """What call.conversation.ended says beyond the ids of the leg. Of a gather no assistant is known."""
    is_full = brief.telephony.get("conversation_ended_full_history") is True
    return {
        **({"assistant_id": brief.assistant_id} if brief.assistant_id else {}),
        "calling_party_type": "sip",
        "duration_sec": int((clock.now() - started_at).total_seconds()),
        "llm_model": str(brief.assistant.get("model") or "openai/gpt-4o"),
        "stt_model": "deepgram/flux",
        "tts_provider": "telnyx",
        "tts_model_id": "Natural",
        "tts_voice_id": "Marissa",
        "reason": reason,
        "messages": conversation.told(is_full=is_full),
    }


def system_variables(conversation: Conversation, leg: Leg) -> dict[str, str]:
    """What every assistant knows of its call.

    Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/call_assistant_request_param.py
    """
    known = {name: conversation.metadata[name] for name in (CHANNEL, AGENT_TARGET, END_USER_TARGET)}
    return {
        **known,
        "telnyx_current_time": clock.iso(clock.now()),
        "telnyx_call_to": leg.to,
        "telnyx_call_from": leg.from_,
        "telnyx_call_caller_id_name": leg.from_display_name,
        "call_control_id": leg.call_control_id,
    }


def start_failed(brief: Brief, leg: Leg, reason: str) -> dict[str, Any]:
    """Source: telnyx SDK, types/call_conversation_start_failed_webhook_event.py."""
    return {
        **events.common(leg),
        "assistant_id": brief.assistant_id,
        "calling_party_type": "sip",
        "reason": reason,
    }


def initialization(brief: Brief, conversation: Conversation, leg: Leg) -> dict[str, Any]:
    """The question for dynamic variables, as it is posted."""
    metadata = conversation.metadata
    return {
        "data": {
            "record_type": "event",
            "id": str(uuid.uuid4()),
            "event_type": "assistant.initialization",
            "occurred_at": clock.iso(clock.now()),
            "payload": {
                **{name: metadata[name] for name in (CHANNEL, AGENT_TARGET, END_USER_TARGET)},
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
            **({"assistant_id": assistant_id} if assistant_id else {}),
            "call_control_id": leg.call_control_id,
            "call_leg_id": leg.call_leg_id,
            "call_session_id": leg.call_session_id,
            "from": leg.from_,
            "to": leg.to,
            CHANNEL: channel,
            AGENT_TARGET: leg.to,
            END_USER_TARGET: leg.from_,
        }
    )
