"""Bodies for which the official SDK has no model, as the documents and live logs show them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from telnyx.types.shared.api_error import APIError


class Meta(BaseModel):
    """Source: https://developers.telnyx.com/docs/voice/programmable-voice/voice-api-webhooks"""

    attempt: int
    delivered_to: str


class Errors(BaseModel):
    """Source: https://developers.telnyx.com/api-reference/call-commands/dial, its answer 422."""

    errors: list[APIError]


class ExpiredCredential(BaseModel):
    """Source: https://developers.telnyx.com/docs/voice/webrtc/auth/telephony-credentials"""

    class Status(BaseModel):
        status: str

    errors: Status


class AiMistakes(BaseModel):
    """Source: https://developers.telnyx.com/api-reference/assistants/create-an-assistant, its answer 422."""

    class Mistake(BaseModel):
        loc: list[str | int]
        msg: str
        type: str

    detail: list[Mistake]


class PublicKey(BaseModel):
    """Source: https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks"""

    class Data(BaseModel):
        public: str
        record_type: str

    data: Data


class CallEventMetadata(BaseModel):
    """Source: as of the public key, “Voice API top-level structure”."""

    attempt: int
    delivered_to: str
    event: dict[str, Any]
    status: str


class Initialization(BaseModel):
    """Source: https://developers.telnyx.com/docs/inference/ai-assistants/dynamic-variables"""

    model_config = ConfigDict(strict=True)

    class Data(BaseModel):
        class Payload(BaseModel):
            assistant_id: str
            call_control_id: str
            telnyx_agent_target: str
            telnyx_conversation_channel: str
            telnyx_conversation_id: str
            telnyx_end_user_target: str
            telnyx_end_user_target_verified: bool

        event_type: Literal["assistant.initialization"]
        id: str
        occurred_at: str
        payload: Payload
        record_type: Literal["event"]

    data: Data


class InsightResult(BaseModel):
    """What an insight group posts to its own address, as third parties have logged it (2026)."""

    class Payload(BaseModel):
        class Result(BaseModel):
            insight_id: str
            result: str

        conversation_id: str
        insight_group_id: str
        metadata: dict[str, str]
        request_id: str
        results: list[Result]
        status: str

    event_type: Literal["conversation_insight_result"]
    payload: Payload
    record_type: Literal["event"] = Field(default="event")
