"""The words that evidence may hold: this product's own, and those of Telnyx's protocol. Pure.

Everything else that a webhook, an answer or the page holds came from a person or names one, and is masked. A word that
Telnyx begins to use tomorrow is masked too, but for the few keys of which no list is published (`OPEN`).
"""

# Who is at the end of a leg, and the page's own lines.
LEGS = frozenset({"caller", "closer", "newcomer", "monitor", "anonymous", "far"})
# What the page tells of a line.
TOLD = frozenset(
    {
        *("ready", "refused", "ringing", "active", "ended", "closed", "lost", "reattached", "not reattached"),
        *("heard", "stats", "spoken", "failed", "warning", "error", "placed"),
    }
)
# What is tried: points, and the steps of them.
TRIED = frozenset(
    {
        *("parked-call", "number", "word", "caller-number", "account-level", "notice", "calls", "webhook-url", "plain"),
        *("given", "gather-end", "one-required", "none-required", "gather-commands", "stop", "steer", "softphone"),
        *("open", "reloaded", "renewed", "closed", "joining", "bridge", "conference", "over-assistant", "listen-in"),
        *("monitor", "transcription", "deepgram", "telnyx", "google", "media", "call", "assistant-start", "command"),
        *("answer", "assistant-transfer", "transfer", "anonymous", "tools", "gather", "two-clients", "both"),
        *("reattach", "lose-socket", "updates", "assistant", "call-events", "list", "all"),
    }
)
ENDINGS = frozenset({"done", "skipped", "time limit", "interrupted", "failed"})
# The measurements on a line, by what they are for.
LABELS = frozenset(
    {
        *("greeting", "after stop", "notice", "joined", "over assistant", "listening", "after switch"),
        *("after steering", "alone", "second", "anchored", "before", "after", "first word"),
    }
)
COMMANDS = frozenset(
    {
        *("answer", "hangup", "speak", "bridge", "dial", "create_conference", "join_conference"),
        *("gather_using_ai", "ai_assistant_start", "ai_assistant_stop", "ai_assistant_add_messages"),
        *("switch_supervisor_role", "transcription_start", "transcription_stop"),
        *("registration", "messages", "insights", "call_reports", "call_events", "balance"),
        *("create_assistant", "read_assistant", "update_assistant", "delete_assistant", "conversations"),
    }
)
DOORS = frozenset({"call-control", "insights", "dynamic-variables", "reconciled", "tools"})
ENGINES = frozenset({"deepgram", "telnyx", "google"})

# Keys whose values are words of the protocol, and these values. Sources: the response and webhook types of telnyx
# 4.189.0, @telnyx/webrtc 2.27.10, and what was seen live by third parties (2026).
WORDS = frozenset(
    {
        *("incoming", "outgoing", "inbound", "outbound"),
        *("parked", "bridging", "answered", "ringing", "active", "hangup", "bridged"),
        *("caller", "callee", "unknown", "self"),
        *("call_rejected", "normal_clearing", "originator_cancel", "timeout", "time_limit", "user_busy", "not_found"),
        *("no_answer", "unspecified"),
        *("valid", "invalid", "client_error", "completed", "pending", "in_progress", "failed", "received", "delivered"),
        *("user", "assistant", "system", "developer", "tool"),
        *("pstn", "sip", "event", "call", "webhook", "command"),
        *("phone_call", "web_call", "sms_chat"),
        *("opus", "pcmu", "pcma", "g722", "g729"),
        *("registered", "unregistering", "standby", "trying", "connection_disabled"),
        *("host", "srflx", "prflx", "relay", "udp", "tcp", "tls", "audio", "connected", "none", "new"),
        *("barge", "whisper", "monitor"),
        *("key", "given", "absent", "null"),
    }
)
WORD_KEYS = frozenset(
    {
        *("direction", "state", "hangup_source", "role", "calling_party_type", "record_type", "status", "type"),
        *("telnyx_conversation_channel", "codec", "sip_registration_status", "transport", "transcription_track"),
        *("local", "remote", "connection", "supervisor_role"),
    }
)
# No list of these is published; the platform sets them, never a caller, and only at the top of a payload.
OPEN = frozenset({"reason", "status", "hangup_cause", "state"})
# Why a call ended, in the browser SDK's words.
CAUSES = frozenset(
    {
        *("NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER", "CALL_REJECTED", "UNALLOCATED_NUMBER", "ORIGINATOR_CANCEL"),
        *("RECOVERY_ON_TIMER_EXPIRE", "INCOMPATIBLE_DESTINATION", "SERVER_ERROR", "NORMAL_TEMPORARY_FAILURE"),
        *("NO_USER_RESPONSE", "SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED", "PURGE", "LOST"),
    }
)
# What says in codes why something ended or was refused.
CODES = frozenset({"sip_hangup_cause", "code", "sip", "cause"})

# Whole numbers and truths that are measures of a call, not something that a person said.
FIGURES = frozenset(
    {
        *("at", "status", "sip", "code", "seconds", "ms", "readings", "loud", "voice", "span_ms", "rms"),
        *("rtt_ms", "jitter_ms", "packets_received", "packets_sent", "packets_lost", "count", "duplicates"),
        *("duration_sec", "sampling_rate", "is_alive", "is_final", "confidence", "registered", "expires", "attempt"),
        *("time_limit_secs", "user_idle_reply_secs"),
        *("signed", "names_call", "again", "anew", "bearer", "fatal", "limit", "page_number", "total_pages"),
        *("call_duration", "telnyx_end_user_target_verified", "stopped", "accepted"),
    }
)
# Masked by kind, so that what belongs together can still be seen to.
IDS = {
    "call_control_id": "call",
    "call_leg_id": "leg",
    "call_session_id": "session",
    "connection_id": "connection",
    "conversation_id": "conversation",
    "telnyx_conversation_id": "conversation",
    "assistant_id": "assistant",
    "insight_group_id": "group",
    "conference_id": "conference",
}
ADDRESSES = frozenset(
    {
        *("from", "to", "from_sip_uri", "to_sip_uri", "sip_username", "telnyx_agent_target"),
        *("telnyx_end_user_target", "credential_username", "caller_id_number", "delivered_to"),
    }
)
HEADERS = frozenset({"custom_headers", "sip_headers"})
# Below these stands what somebody said or what a model made of it.
SAID = frozenset(
    {
        *("result", "results", "partial_results", "dynamic_variables", "metadata", "arguments", "variables"),
        *("message_history", "messages", "transcription_data", "tags"),
    }
)
# The keys of a payload or an answer that may be read; of another one it is only seen that it is there. Sources: the
# webhook and response types of telnyx 4.189.0, and what real payloads were seen to hold beside them.
_KEYS = """
arguments assistant_id attempt breakdown call_control_id call_cost_in_webhooks call_duration call_leg_id
call_quality_stats call_screening_result call_session_id caller_id_name caller_id_number calling_party_type channels
client_state codec conference_id confidence connection_codecs connection_id content conversation_id
conversation_insights cost count created_at credential_type credential_username creator_call_session_id custom_headers
data delivered_to direction duration_sec dynamic_variables end_time error_message error_type event event_timestamp
event_type expires failure_cause failure_reason from from_sip_uri function greeting hangup_cause hangup_source id
inbound insight_group_id insight_id insight_settings instructions is_alive is_final jitter_max_variance
jitter_packet_count last_modified llm_model message_history messages meta metadata model mos name occurred_at
offered_codecs outbound packet_count page_number partial_results payload raw_event reason record record_type
registered result results role sampling_rate shaken_stir_attestation shaken_stir_validated sip_hangup_cause
sip_headers sip_registration_details sip_registration_status sip_username skip_packet_count start_time state status
stt_model tags telephony_settings telnyx_agent_target telnyx_conversation_channel telnyx_conversation_id
telnyx_current_time telnyx_end_user_target telnyx_end_user_target_verified time_limit_secs timestamp to to_sip_uri
tool_call_id tool_calls total total_pages transcript transcription_data transcription_track transport tts_model_id
tts_provider tts_voice_id type ua_ip ua_port updated_at user_idle_reply_secs value variables voice webhook
"""
KEYS = frozenset(_KEYS.split())
# The kinds of masks, each with a number where it tells things apart.
MASKS = (
    *("call", "leg", "session", "connection", "conversation", "assistant", "group", "conference", "user", "number"),
    *("key", "text", "figure", "header", "word", "short", "host", "ours"),
)
# Names of keys that are ours: the questions that a probe has asked, and its headers.
QUESTIONS = frozenset({"colour", "animal"})
OUR_HEADERS = frozenset({"x-probe-call", "x-probe-tier"})
