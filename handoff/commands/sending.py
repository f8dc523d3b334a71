"""What each kind of command asks of Telnyx. No rows are written here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from handoff.commands.kinds import CommandKind
from handoff.machine import LONGEST_SEAT
from handoff.models import Command
from sessions_app.conversation import gather_request, runs
from sessions_app.visits import tokens
from telephony.client import DialledLeg, Telnyx

LANGUAGE = "en-AU"
TALK_LIMIT_SECONDS = 4 * 3600
LISTENING_LIMIT_SECONDS = int(LONGEST_SEAT.total_seconds())


@dataclass(frozen=True)
class Answer:
    """`ids` are kept on the command's row; `content` is not, because it may hold what a prospect said."""

    ids: dict[str, Any] = field(default_factory=dict)
    content: Any = None


def perform(client: Telnyx, command: Command) -> Answer:
    """Send one command. Raises TelnyxError."""
    return _PERFORM[CommandKind(command.kind)](client, command)


def answer(client: Telnyx, command: Command) -> Answer:
    given = command.arguments
    assistant = {name: given[name] for name in ("assistant_id", "greeting", "dynamic_variables") if name in given}
    client.answer(
        command.call_control_id, assistant=assistant or None, command_id=command.pk, client_state=given.get("mark")
    )
    return Answer()


def start_gather(client: Telnyx, command: Command) -> Answer:
    given = command.arguments
    # Made when it is sent, so that no row keeps it.
    ticket = tokens.tool_ticket(runs.read_mark(given["mark"]) or 0, command.call_control_id)
    conversation_id = client.start_gather(
        command.call_control_id,
        **gather_request.keywords(given, tools=gather_request.tools(ticket)),
        command_id=command.pk,
        client_state=given.get("mark"),
    )
    return Answer({"conversation_id": conversation_id})


def start_assistant(client: Telnyx, command: Command) -> Answer:
    given = command.arguments
    conversation_id = client.start_assistant(
        command.call_control_id,
        assistant_id=given["assistant_id"],
        greeting=given["greeting"],
        dynamic_variables=given["dynamic_variables"],
        message_history=given.get("history") or None,
        command_id=command.pk,
        client_state=given.get("mark"),
    )
    return Answer({"conversation_id": conversation_id})


def stop_assistant(client: Telnyx, command: Command) -> Answer:
    client.stop_assistant(command.call_control_id, command_id=command.pk)
    return Answer()


def add_message(client: Telnyx, command: Command) -> Answer:
    messages = [{"role": command.arguments.get("role", "user"), "content": command.arguments["text"]}]
    client.add_messages(command.call_control_id, messages=messages, command_id=command.pk)
    return Answer()


def speak(client: Telnyx, command: Command) -> Answer:
    client.speak(
        command.call_control_id,
        text=command.arguments["text"],
        voice=command.arguments["voice"],
        language=LANGUAGE,
        client_state=command.arguments["mark"],
        command_id=command.pk,
    )
    return Answer()


def dial(client: Telnyx, command: Command) -> Answer:
    return _rung(client, command, time_limit_seconds=TALK_LIMIT_SECONDS)


def listen(client: Telnyx, command: Command) -> Answer:
    monitors = command.arguments["supervise"]
    return _rung(client, command, time_limit_seconds=LISTENING_LIMIT_SECONDS, monitors=monitors)


def _rung(client: Telnyx, command: Command, *, time_limit_seconds: int, monitors: str | None = None) -> Answer:
    given = command.arguments
    leg = client.dial(
        connection_id=settings.TELNYX_CALL_CONTROL_APP_ID,
        to=given["to"],
        from_=settings.TELNYX_CALLER_NUMBER,
        ring_seconds=given["ring_seconds"],
        custom_headers=given["headers"],
        client_state=given["mark"],
        sip_region=settings.TELNYX_SIP_REGION,
        time_limit_seconds=time_limit_seconds,
        monitors=monitors,
        command_id=command.pk,
    )
    return Answer(_leg_ids(leg))


def _leg_ids(leg: DialledLeg) -> dict[str, Any]:
    return {
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
    }


def call_prospect(client: Telnyx, command: Command) -> Answer:
    given = command.arguments
    leg = client.dial(
        connection_id=settings.TELNYX_CALL_CONTROL_APP_ID,
        to=given["to"],
        from_=settings.TELNYX_CALLER_NUMBER,
        ring_seconds=given["ring_seconds"],
        custom_headers={},
        client_state=given["mark"],
        time_limit_seconds=TALK_LIMIT_SECONDS,
        command_id=command.pk,
    )
    return Answer(_leg_ids(leg))


def transfer(client: Telnyx, command: Command) -> Answer:
    given = command.arguments
    client.transfer(
        command.call_control_id,
        to=given["to"],
        from_=settings.TELNYX_CALLER_NUMBER,
        ring_seconds=given["ring_seconds"],
        custom_headers=given["headers"],
        target_client_state=given["mark"],
        sip_region=settings.TELNYX_SIP_REGION,
        command_id=command.pk,
    )
    return Answer()


def bridge(client: Telnyx, command: Command) -> Answer:
    client.bridge(command.call_control_id, other=command.arguments["other"], command_id=command.pk)
    return Answer()


def create_conference(client: Telnyx, command: Command) -> Answer:
    conference_id = client.create_conference(
        command.call_control_id,
        name=command.arguments["name"],
        region=settings.TELNYX_CONFERENCE_REGION,
        command_id=command.pk,
    )
    return Answer({"conference_id": conference_id})


def join_conference(client: Telnyx, command: Command) -> Answer:
    client.join_conference(
        command.arguments["conference_id"],
        command.call_control_id,
        region=settings.TELNYX_CONFERENCE_REGION,
        command_id=command.pk,
    )
    return Answer()


def leave_conference(client: Telnyx, command: Command) -> Answer:
    client.leave_conference(
        command.arguments["conference_id"],
        command.call_control_id,
        region=settings.TELNYX_CONFERENCE_REGION,
        command_id=command.pk,
    )
    return Answer()


def hang_up(client: Telnyx, command: Command) -> Answer:
    client.hang_up(command.call_control_id, command_id=command.pk)
    return Answer()


def look_up(client: Telnyx, command: Command) -> Answer:
    return Answer({"is_alive": client.call_status(command.call_control_id).is_alive})


def look_up_line(client: Telnyx, command: Command) -> Answer:
    return Answer({"is_registered": client.is_registered(command.arguments["username"])})


def fetch_transcript(client: Telnyx, command: Command) -> Answer:
    messages = client.conversation_messages(command.arguments["conversation_id"])
    return Answer({"messages": len(messages)}, content=messages)


def fetch_assistant(client: Telnyx, command: Command) -> Answer:
    found = client.conversations_of_call(command.call_control_id)
    return Answer({"conversations": len(found)}, content=found)


def fetch_insights(client: Telnyx, command: Command) -> Answer:
    insights = client.conversation_insights(command.arguments["conversation_id"])
    return Answer({"insights": len(insights)}, content=insights)


_PERFORM: dict[CommandKind, Callable[[Telnyx, Command], Answer]] = {
    CommandKind.ANSWER: answer,
    CommandKind.START_GATHER: start_gather,
    CommandKind.START_ASSISTANT: start_assistant,
    CommandKind.STOP_ASSISTANT: stop_assistant,
    CommandKind.ADD_MESSAGE: add_message,
    CommandKind.SPEAK: speak,
    CommandKind.DIAL: dial,
    CommandKind.LISTEN: listen,
    CommandKind.CALL_PROSPECT: call_prospect,
    CommandKind.TRANSFER: transfer,
    CommandKind.BRIDGE: bridge,
    CommandKind.CREATE_CONFERENCE: create_conference,
    CommandKind.JOIN_CONFERENCE: join_conference,
    CommandKind.LEAVE_CONFERENCE: leave_conference,
    CommandKind.HANG_UP: hang_up,
    CommandKind.LOOK_UP: look_up,
    CommandKind.LOOK_UP_LINE: look_up_line,
    CommandKind.FETCH_TRANSCRIPT: fetch_transcript,
    CommandKind.FETCH_INSIGHTS: fetch_insights,
    CommandKind.FETCH_ASSISTANT: fetch_assistant,
}
