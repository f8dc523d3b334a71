"""Each command is one request with the right path and a body that the SDK's own parameter types accept."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
import respx
from pydantic import TypeAdapter, ValidationError
from telnyx.types.call_dial_params import CallDialParams
from telnyx.types.calls.action_add_ai_assistant_messages_params import ActionAddAIAssistantMessagesParams
from telnyx.types.calls.action_answer_params import ActionAnswerParams
from telnyx.types.calls.action_bridge_params import ActionBridgeParams
from telnyx.types.calls.action_gather_using_ai_params import ActionGatherUsingAIParams
from telnyx.types.calls.action_hangup_params import ActionHangupParams
from telnyx.types.calls.action_speak_params import ActionSpeakParams
from telnyx.types.calls.action_start_ai_assistant_params import ActionStartAIAssistantParams
from telnyx.types.calls.action_stop_ai_assistant_params import ActionStopAIAssistantParams
from telnyx.types.calls.action_switch_supervisor_role_params import ActionSwitchSupervisorRoleParams
from telnyx.types.calls.action_transfer_params import ActionTransferParams
from telnyx.types.conference_create_params import ConferenceCreateParams
from telnyx.types.conferences.action_join_params import ActionJoinParams
from telnyx.types.conferences.action_leave_params import ActionLeaveParams
from telnyx.types.telephony_credential_create_params import TelephonyCredentialCreateParams

from telephony.calls import SupervisorRole
from telephony.client import DialledLeg, Telnyx
from tests.telephony.vendor import API_KEY, answered, sent

CALL = "v3:HDR1-a_b"
COMMAND = UUID("11111111-2222-4333-8444-555555555555")
STATE = "b2ZmZXI6MQ=="
SCHEMA = {"type": "object", "properties": {"full_name": {"type": "string"}}, "required": ["full_name"]}
EXPIRY = datetime(2026, 12, 1, 11, 0, 0, 999, tzinfo=timezone(timedelta(hours=11)))

Case = tuple[Callable[[Telnyx], Any], str, Any, dict[str, Any]]

# name: the call, the path, the SDK's parameter type, the body that must be sent
COMMANDS: dict[str, Case] = {
    "answer": (
        lambda telnyx: telnyx.answer(CALL, command_id=COMMAND, client_state=STATE),
        f"/calls/{CALL}/actions/answer",
        ActionAnswerParams,
        {"client_state": STATE},
    ),
    "answer, bare": (
        lambda telnyx: telnyx.answer(CALL, command_id=COMMAND),
        f"/calls/{CALL}/actions/answer",
        ActionAnswerParams,
        {},
    ),
    "start_gather": (
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
    "start_gather, bare": (
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
    "start_assistant": (
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
    "start_assistant, bare": (
        lambda telnyx: telnyx.start_assistant(CALL, assistant_id="assistant-1", command_id=COMMAND),
        f"/calls/{CALL}/actions/ai_assistant_start",
        ActionStartAIAssistantParams,
        {"assistant": {"id": "assistant-1"}, "send_message_history_updates": True},
    ),
    "stop_assistant": (
        lambda telnyx: telnyx.stop_assistant(CALL, command_id=COMMAND),
        f"/calls/{CALL}/actions/ai_assistant_stop",
        ActionStopAIAssistantParams,
        {},
    ),
    "add_messages": (
        lambda telnyx: telnyx.add_messages(CALL, messages=[{"role": "user", "content": "Ada"}], command_id=COMMAND),
        f"/calls/{CALL}/actions/ai_assistant_add_messages",
        ActionAddAIAssistantMessagesParams,
        {"messages": [{"role": "user", "content": "Ada"}]},
    ),
    "speak": (
        lambda telnyx: telnyx.speak(
            CALL, text="One moment.", voice="AWS.Polly.Olivia", language="en-AU", command_id=COMMAND, client_state=STATE
        ),
        f"/calls/{CALL}/actions/speak",
        ActionSpeakParams,
        {"payload": "One moment.", "voice": "AWS.Polly.Olivia", "language": "en-AU", "client_state": STATE},
    ),
    "dial": (
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
            supervise=CALL,
            supervisor_role="monitor",
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
    "dial, bare": (
        lambda telnyx: telnyx.dial(
            connection_id="1", to="+61", from_="+62", ring_seconds=25, custom_headers={}, command_id=COMMAND
        ),
        "/calls",
        CallDialParams,
        {"connection_id": "1", "to": "+61", "from": "+62", "timeout_secs": 25, "custom_headers": []},
    ),
    "transfer": (
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
    "bridge": (
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
    "hang_up": (
        lambda telnyx: telnyx.hang_up(CALL, command_id=COMMAND),
        f"/calls/{CALL}/actions/hangup",
        ActionHangupParams,
        {},
    ),
    "create_conference": (
        lambda telnyx: telnyx.create_conference(CALL, name="handoff-1", region="Australia", command_id=COMMAND),
        "/conferences",
        ConferenceCreateParams,
        {"call_control_id": CALL, "name": "handoff-1", "region": "Australia"},
    ),
    "join_conference": (
        lambda telnyx: telnyx.join_conference("conf-1", CALL, region="Australia", command_id=COMMAND, end_on_exit=True),
        "/conferences/conf-1/actions/join",
        ActionJoinParams,
        {"call_control_id": CALL, "region": "Australia", "end_conference_on_exit": True},
    ),
    "leave_conference": (
        lambda telnyx: telnyx.leave_conference("conf-1", CALL, region="Australia", command_id=COMMAND),
        "/conferences/conf-1/actions/leave",
        ActionLeaveParams,
        {"call_control_id": CALL, "region": "Australia"},
    ),
}
ALIASES = {
    CallDialParams: {"from": "from_"},
    ActionTransferParams: {"from": "from_"},
    ActionBridgeParams: {"call_control_id": "call_control_id_to_bridge_with"},
}

ACCEPTED = {"result": "ok", "id": "x-1", "call_control_id": "v3:new", "call_leg_id": "l", "call_session_id": "s"}


def check(parameters: Any, body: dict[str, Any]) -> None:
    """Fail unless the SDK's parameter type knows every key of `body` and accepts every value."""
    aliases = ALIASES.get(parameters, {})
    arguments = {aliases.get(name, name): value for name, value in body.items()}
    assert arguments.keys() <= parameters.__annotations__.keys()
    drain(TypeAdapter(parameters).validate_python(arguments, strict=True))


def drain(value: Any) -> None:
    """Validate iterables, which pydantic does only as they are read."""
    if isinstance(value, str | bytes):
        return
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, Iterable) else ():
        drain(item)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_sends_one_valid_request(client: Telnyx, api: respx.MockRouter, name: str) -> None:
    command, path, parameters, expected = COMMANDS[name]
    route = api.post(path).mock(return_value=answered(ACCEPTED))

    command(client)

    body = sent(route)
    assert body == {**expected, "command_id": str(COMMAND)}
    check(parameters, body)


@pytest.mark.parametrize("role", ["monitor", "whisper", "barge"])
def test_a_supervisors_role_is_all_that_is_sent(client: Telnyx, api: respx.MockRouter, role: SupervisorRole) -> None:
    route = api.post(f"/calls/{CALL}/actions/switch_supervisor_role").mock(return_value=answered(ACCEPTED))

    client.switch_supervisor_role(CALL, role=role)

    body = sent(route)
    assert body == {"role": role}
    check(ActionSwitchSupervisorRoleParams, body)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_authenticates_and_waits_five_seconds_at_most(client: Telnyx, api: respx.MockRouter, name: str) -> None:
    command, path, _, _ = COMMANDS[name]
    route = api.post(path).mock(return_value=answered(ACCEPTED))

    command(client)

    request = route.calls.last.request
    assert request.headers["authorization"] == f"Bearer {API_KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.extensions["timeout"] == {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


def test_the_check_of_parameters_can_fail() -> None:
    _, _, parameters, body = COMMANDS["dial"]

    with pytest.raises(ValidationError):
        check(parameters, {**body, "sip_region": "Atlantis"})
    with pytest.raises(ValidationError):
        check(parameters, {**body, "custom_headers": [{"name": "X-A"}]})
    with pytest.raises(ValidationError):
        check(parameters, {**body, "timeout_secs": "25"})
    with pytest.raises(AssertionError):
        check(parameters, {**body, "ring_seconds": 25})


@pytest.mark.parametrize(
    ("call_control_id", "segment"),
    [("v3:HDR1-a_b", b"v3:HDR1-a_b"), ("v3:a/b?c#d%2e", b"v3:a%2Fb%3Fc%23d%252e"), ("v3:ü ", b"v3:%C3%BC%20")],
)
def test_the_id_of_the_call_stays_one_segment_of_the_path(
    client: Telnyx, api: respx.MockRouter, call_control_id: str, segment: bytes
) -> None:
    route = api.post(url__regex=".*").mock(return_value=answered(ACCEPTED))

    client.hang_up(call_control_id, command_id=COMMAND)

    assert route.calls.last.request.url.raw_path == b"/v2/calls/" + segment + b"/actions/hangup"


@pytest.mark.parametrize("call_control_id", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(
    client: Telnyx, api: respx.MockRouter, call_control_id: str
) -> None:
    route = api.post(url__regex=".*").mock(return_value=answered(ACCEPTED))

    with pytest.raises(ValueError, match=r"non-empty|dot-segment"):
        client.hang_up(call_control_id, command_id=COMMAND)
    assert not route.called


def test_a_command_id_may_be_text(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.post(f"/calls/{CALL}/actions/hangup").mock(return_value=answered(ACCEPTED))

    client.hang_up(CALL, command_id="attempt-7")

    assert sent(route) == {"command_id": "attempt-7"}


def test_text_that_utf8_cannot_carry_does_not_stop_a_command(client: Telnyx, api: respx.MockRouter) -> None:
    route = api.post(f"/calls/{CALL}/actions/ai_assistant_add_messages").mock(return_value=answered(ACCEPTED))

    client.add_messages(CALL, messages=[{"role": "user", "content": "a\ud800b😀"}], command_id=COMMAND)

    assert sent(route)["messages"] == [{"role": "user", "content": "a�b😀"}]


def test_dialling_returns_the_new_leg(client: Telnyx, api: respx.MockRouter) -> None:
    api.post("/calls").mock(return_value=answered({**ACCEPTED, "call_leg_id": 7, "is_alive": False}))

    assert COMMANDS["dial"][0](client) == DialledLeg("v3:new", "7", "s")


def test_a_conference_has_an_id(client: Telnyx, api: respx.MockRouter) -> None:
    api.post("/conferences").mock(return_value=answered({"id": "conf-9"}))

    assert COMMANDS["create_conference"][0](client) == "conf-9"


@pytest.mark.parametrize("name", ["start_gather", "start_assistant"])
@pytest.mark.parametrize(
    ("data", "conversation_id"),
    [({"conversation_id": "c1"}, "c1"), ({"conversation_id": None}, ""), ({"result": "ok"}, ""), ([], "")],
)
def test_starting_the_assistant_returns_the_conversation(
    client: Telnyx, api: respx.MockRouter, name: str, data: Any, conversation_id: str
) -> None:
    command, path, _, _ = COMMANDS[name]
    api.post(path).mock(return_value=answered(data))

    assert command(client) == conversation_id


def test_creating_a_credential_sends_its_expiry_in_utc(client: Telnyx, api: respx.MockRouter) -> None:
    login = {"id": "c1", "sip_username": "gencred7x", "sip_password": "a92dbc", "expires_at": "2026-12-01T00:00:00"}
    route = api.post("/telephony_credentials").mock(return_value=answered(login))

    credential = client.create_credential(connection_id="26944", name="session-1", tag="prod", expires_at=EXPIRY)

    body = sent(route)
    assert body == {"connection_id": "26944", "name": "session-1", "tag": "prod", "expires_at": "2026-12-01T00:00:00Z"}
    check(TelephonyCredentialCreateParams, body)
    assert (credential.id, credential.username, credential.password) == ("c1", "gencred7x", "a92dbc")
    assert credential.expires_at == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_credential_hides_its_password(client: Telnyx, api: respx.MockRouter) -> None:
    login = {"id": "c1", "sip_username": "gencred7x", "sip_password": "a92dbc"}
    api.post("/telephony_credentials").mock(return_value=answered(login))

    credential = client.create_credential(connection_id="1", name="n", tag="t", expires_at=EXPIRY)

    assert credential.expires_at == EXPIRY
    assert "gencred7x" in repr(credential)
    assert "a92dbc" not in f"{credential!r}{credential}"
