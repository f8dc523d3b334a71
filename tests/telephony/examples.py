"""One full payload of every event that has a class of its own, as Telnyx documents it."""

from typing import Any

CALL: dict[str, Any] = {
    "call_control_id": "v3:HDR1-a_b",
    "call_leg_id": "cc29cce6-2f1c-11f0-8c5d-02420aef41a1",
    "call_session_id": "cc29c8d6-2f1c-11f0-a1d1-02420aef41a1",
    "connection_id": "2694492062593582591",
    "client_state": "b2ZmZXI6MQ==",
}
TURNS: list[dict[str, Any]] = [
    {"role": "assistant", "content": "Hello, who is calling?"},
    {"role": "user", "content": "Ada Lovelace"},
]

PAYLOADS: dict[str, dict[str, Any]] = {
    "call.initiated": {
        **CALL,
        "direction": "outgoing",
        "state": "parked",
        "from": "gencred7x@sip.telnyx.com",
        "to": "61255501234",
        "from_sip_uri": "gencred7x@sip.telnyx.com",
        "to_sip_uri": "61255501234@sip.telnyx.com",
        "sip_username": "gencred7x",
        "calling_party_type": "sip",
        "custom_headers": [{"name": "X-Session", "value": "tok.en"}, {"name": "X-Page", "value": "/pricing"}],
    },
    "call.answered": {**CALL, "state": "answered", "codec": "OPUS"},
    "call.bridged": {**CALL, "from": "a", "to": "b"},
    "call.hangup": {
        **CALL,
        "hangup_cause": "normal_clearing",
        "hangup_source": "caller",
        "sip_hangup_cause": "200",
        "call_quality_stats": {"inbound": {"mos": "4.50", "packet_count": "591"}, "outbound": {"packet_count": "0"}},
    },
    "call.speak.ended": {**CALL, "status": "completed"},
    "call.conversation.created": {**CALL, "conversation_id": "0424805b-aaaa"},
    "call.conversation.start_failed": {**CALL, "assistant_id": "assistant-1", "reason": "service_error"},
    "call.conversation.ended": {
        **CALL,
        "assistant_id": "assistant-1",
        "conversation_id": "0424805b-aaaa",
        "duration_sec": 83,
        "reason": "customer_disconnect",
        "messages": [
            {"role": "user", "content": "Hi", "timestamp": "2026-11-22T03:00:00Z"},
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "escalate", "arguments": '{"why": "price"}'},
                    }
                ],
            },
        ],
    },
    "call.ai_gather.partial_results": {**CALL, "partial_results": {"full_name": "Ada"}, "message_history": TURNS},
    "call.ai_gather.ended": {
        **CALL,
        "status": "valid",
        "result": {"full_name": "Ada Lovelace", "seats": 12},
        "message_history": TURNS,
    },
    "call.ai_gather.message_history_updated": {**CALL, "message_history": TURNS},
    "call.conversation_insights.generated": {
        **CALL,
        "insight_group_id": "group-1",
        "results": [{"insight_id": "i1", "result": '{"score": 8}'}, {"insight_id": "i2", "result": "Warm lead."}],
    },
    "call.conversation.insights.generated": {**CALL, "insight_group_id": "group-1", "results": []},
    "conversation_insight_result": {
        "request_id": "r1",
        "conversation_id": "0424805b-aaaa",
        "status": "pending",
        "insight_group_id": "group-1",
        "metadata": {**CALL, "telnyx_conversation_channel": "web_call"},
        "results": [{"insight_id": "i1", "result": {"score": 8}}],
    },
    "conversation.insights.completed": {
        "conversation_id": "0424805b-aaaa",
        "insight_group_id": "group-1",
        "insight_group_name": "Sales",
        "insights": [{"insight_id": "i1", "insight_name": "Score", "result": "8"}],
    },
    "assistant.initialization": {
        "telnyx_conversation_channel": "web_call",
        "telnyx_agent_target": "assistant-1",
        "telnyx_end_user_target": "anonymous",
        "telnyx_end_user_target_verified": False,
        "call_control_id": "v3:HDR1-a_b",
        "assistant_id": "assistant-1",
        "telnyx_conversation_id": "0424805b-aaaa",
        "page": "/pricing",
        "visits": 3,
    },
    "conference.created": {**CALL, "conference_id": "conf-1"},
    "conference.participant.joined": {**CALL, "conference_id": "conf-1"},
    "conference.participant.left": {**CALL, "conference_id": "conf-1"},
    "conference.ended": {"conference_id": "conf-1", "reason": "all_left"},
}
