"""Every command on calls, assistants and conferences."""

from uuid import UUID

from telnyx.types.call_dial_params import CallDialParams
from telnyx.types.calls.action_add_ai_assistant_messages_params import ActionAddAIAssistantMessagesParams
from telnyx.types.calls.action_answer_params import ActionAnswerParams
from telnyx.types.calls.action_bridge_params import ActionBridgeParams
from telnyx.types.calls.action_gather_using_ai_params import ActionGatherUsingAIParams
from telnyx.types.calls.action_hangup_params import ActionHangupParams
from telnyx.types.calls.action_speak_params import ActionSpeakParams
from telnyx.types.calls.action_start_ai_assistant_params import ActionStartAIAssistantParams
from telnyx.types.calls.action_stop_ai_assistant_params import ActionStopAIAssistantParams
from telnyx.types.calls.action_transfer_params import ActionTransferParams
from telnyx.types.conference_create_params import ConferenceCreateParams
from telnyx.types.conferences.action_join_params import ActionJoinParams
from telnyx.types.conferences.action_leave_params import ActionLeaveParams

from tests.telephony.contract.case import Case

CALL = "v3:HDR1-a_b"
COMMAND = UUID("11111111-2222-4333-8444-555555555555")
STATE = "b2ZmZXI6MQ=="
SCHEMA = {"type": "object", "properties": {"full_name": {"type": "string"}}, "required": ["full_name"]}
ACCEPTED = {"result": "ok", "id": "x-1", "call_control_id": "v3:new", "call_leg_id": "l", "call_session_id": "s"}

COMMANDS: dict[str, Case] = {
    "answer": Case(
        lambda telnyx: telnyx.answer(CALL, command_id=COMMAND, client_state=STATE),
        f"/calls/{CALL}/actions/answer",
        ActionAnswerParams,
        {"client_state": STATE},
    ),
    "answer, bare": Case(
        lambda telnyx: telnyx.answer(CALL, command_id=COMMAND),
        f"/calls/{CALL}/actions/answer",
        ActionAnswerParams,
        {},
    ),
    "answer with the assistant": Case(
        lambda telnyx: telnyx.answer(
            CALL,
            assistant={"assistant_id": "assistant-1", "greeting": "Hello!", "dynamic_variables": {"company": "A"}},
            command_id=COMMAND,
        ),
        f"/calls/{CALL}/actions/answer",
        ActionAnswerParams,
        {"assistant": {"id": "assistant-1", "greeting": "Hello!", "dynamic_variables": {"company": "A"}}},
    ),
    "start_gather": Case(
        lambda telnyx: telnyx.start_gather(
            CALL,
            parameters=SCHEMA,
            greeting="Hello!",
            voice="Telnyx.NaturalHD.astra",
            gather_ended_speech="Thank you.",
            assistant={"instructions": "Be brief.", "model": "openai/gpt-4o"},
            message_history=[{"role": "assistant", "content": "Hello!"}],
            command_id=COMMAND,
            client_state=STATE,
        ),
        f"/calls/{CALL}/actions/gather_using_ai",
        ActionGatherUsingAIParams,
        {
            "parameters": SCHEMA,
            "greeting": "Hello!",
            "voice": "Telnyx.NaturalHD.astra",
            "gather_ended_speech": "Thank you.",
            "assistant": {"instructions": "Be brief.", "model": "openai/gpt-4o"},
            "message_history": [{"role": "assistant", "content": "Hello!"}],
            "send_partial_results": True,
            "send_message_history_updates": True,
            "client_state": STATE,
        },
    ),
    "start_gather, bare": Case(
        lambda telnyx: telnyx.start_gather(CALL, parameters={}, greeting="", voice="v", command_id=COMMAND),
        f"/calls/{CALL}/actions/gather_using_ai",
        ActionGatherUsingAIParams,
        {
            "parameters": {},
            "greeting": "",
            "voice": "v",
            "send_partial_results": True,
            "send_message_history_updates": True,
        },
    ),
    "start_assistant": Case(
        lambda telnyx: telnyx.start_assistant(
            CALL,
            assistant_id="assistant-1",
            instructions="Book a time to call back.",
            greeting="",
            dynamic_variables={"page": "/pricing"},
            message_history=[{"role": "user", "content": "Hi"}, {"role": "system", "content": "No one was free."}],
            command_id=COMMAND,
            client_state=STATE,
        ),
        f"/calls/{CALL}/actions/ai_assistant_start",
        ActionStartAIAssistantParams,
        {
            "assistant": {
                "id": "assistant-1",
                "instructions": "Book a time to call back.",
                "dynamic_variables": {"page": "/pricing"},
            },
            "greeting": "",
            "message_history": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "No one was free."}],
            "send_message_history_updates": True,
            "client_state": STATE,
        },
    ),
    "start_assistant, bare": Case(
        lambda telnyx: telnyx.start_assistant(CALL, assistant_id="assistant-1", command_id=COMMAND),
        f"/calls/{CALL}/actions/ai_assistant_start",
        ActionStartAIAssistantParams,
        {"assistant": {"id": "assistant-1"}, "send_message_history_updates": True},
    ),
    "stop_assistant": Case(
        lambda telnyx: telnyx.stop_assistant(CALL, command_id=COMMAND),
        f"/calls/{CALL}/actions/ai_assistant_stop",
        ActionStopAIAssistantParams,
        {},
    ),
    "add_messages": Case(
        lambda telnyx: telnyx.add_messages(CALL, messages=[{"role": "user", "content": "Ada"}], command_id=COMMAND),
        f"/calls/{CALL}/actions/ai_assistant_add_messages",
        ActionAddAIAssistantMessagesParams,
        {"messages": [{"role": "user", "content": "Ada"}], "trigger_response": True},
    ),
    "speak": Case(
        lambda telnyx: telnyx.speak(
            CALL, text="One moment.", voice="AWS.Polly.Olivia", language="en-AU", command_id=COMMAND, client_state=STATE
        ),
        f"/calls/{CALL}/actions/speak",
        ActionSpeakParams,
        {"payload": "One moment.", "voice": "AWS.Polly.Olivia", "language": "en-AU", "client_state": STATE},
    ),
    "dial": Case(
        lambda telnyx: telnyx.dial(
            connection_id="1684641123236054244",
            to="sip:gencred7x@sip.telnyx.com",
            from_="+61255501234",
            from_display_name="Website",
            ring_seconds=25,
            custom_headers={"X-Handoff": "h1"},
            command_id=COMMAND,
            client_state=STATE,
            sip_region="Australia",
            time_limit_seconds=3600,
            link_to=CALL,
            monitors=CALL,
        ),
        "/calls",
        CallDialParams,
        {
            "connection_id": "1684641123236054244",
            "to": "sip:gencred7x@sip.telnyx.com",
            "from": "+61255501234",
            "from_display_name": "Website",
            "timeout_secs": 25,
            "custom_headers": [{"name": "X-Handoff", "value": "h1"}],
            "client_state": STATE,
            "sip_region": "Australia",
            "time_limit_secs": 3600,
            "link_to": CALL,
            "supervise_call_control_id": CALL,
            "supervisor_role": "monitor",
        },
    ),
    "dial, bare": Case(
        lambda telnyx: telnyx.dial(
            connection_id="1", to="+61", from_="+62", ring_seconds=25, custom_headers={}, command_id=COMMAND
        ),
        "/calls",
        CallDialParams,
        {"connection_id": "1", "to": "+61", "from": "+62", "timeout_secs": 25, "custom_headers": []},
    ),
    "transfer": Case(
        lambda telnyx: telnyx.transfer(
            CALL,
            to="+61390001111",
            from_="+61255501234",
            ring_seconds=20,
            custom_headers={"X-Handoff": "h1", "X-Name": "Ada\r\nX-Evil: 1\0"},
            command_id=COMMAND,
            target_client_state=STATE,
            sip_region="Australia",
        ),
        f"/calls/{CALL}/actions/transfer",
        ActionTransferParams,
        {
            "to": "+61390001111",
            "from": "+61255501234",
            "timeout_secs": 20,
            "custom_headers": [
                {"name": "X-Handoff", "value": "h1"},
                {"name": "X-Name", "value": "Ada X-Evil: 1 "},
            ],
            "target_leg_client_state": STATE,
            "sip_region": "Australia",
            "park_after_unbridge": "self",
        },
    ),
    "bridge": Case(
        lambda telnyx: telnyx.bridge(CALL, other="v3:other", command_id=COMMAND, client_state=STATE),
        f"/calls/{CALL}/actions/bridge",
        ActionBridgeParams,
        {
            "call_control_id": "v3:other",
            "park_after_unbridge": "self",
            "prevent_double_bridge": True,
            "client_state": STATE,
        },
    ),
    "hang_up": Case(
        lambda telnyx: telnyx.hang_up(CALL, command_id=COMMAND),
        f"/calls/{CALL}/actions/hangup",
        ActionHangupParams,
        {},
    ),
    "create_conference": Case(
        lambda telnyx: telnyx.create_conference(CALL, name="handoff-1", region="Australia", command_id=COMMAND),
        "/conferences",
        ConferenceCreateParams,
        {"call_control_id": CALL, "name": "handoff-1", "region": "Australia"},
    ),
    "join_conference": Case(
        lambda telnyx: telnyx.join_conference("conf-1", CALL, region="Australia", command_id=COMMAND, end_on_exit=True),
        "/conferences/conf-1/actions/join",
        ActionJoinParams,
        {"call_control_id": CALL, "region": "Australia", "end_conference_on_exit": True},
    ),
    "leave_conference": Case(
        lambda telnyx: telnyx.leave_conference("conf-1", CALL, region="Australia", command_id=COMMAND),
        "/conferences/conf-1/actions/leave",
        ActionLeaveParams,
        {"call_control_id": CALL, "region": "Australia"},
    ),
}
