"""Commands on the assistant of a leg, and what it heard afterwards."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from strict_json import mapping, objects, text
from telephony import parsing
from telephony.connection import Connection
from telephony.events import InsightResult, Message
from telephony.exchange import CommandId, ask, command, given, pages, send

MESSAGES_PER_PAGE = 100

_NO_TIME = datetime.min.replace(tzinfo=UTC)


class AssistantCommands(Connection):
    def start_gather(
        self,
        call_control_id: str,
        *,
        parameters: Mapping[str, Any],
        greeting: str,
        voice: str,
        gather_ended_speech: str | None = None,
        assistant: Mapping[str, Any] | None = None,
        message_history: Sequence[Mapping[str, Any]] | None = None,
        command_id: CommandId,
        client_state: str | None = None,
    ) -> str:
        """Let an assistant gather the properties of the JSON schema `parameters`; return the conversation's id or "".

        Partial results and message history arrive as events. `assistant` may hold instructions, model and tools.
        `message_history` holds earlier turns ({role, content}) of the prospect (user) and the assistant, no others.
        """
        answer = ask(
            self._actions.gather_using_ai,
            call_control_id,
            **command(command_id, client_state),
            **gather_body(
                parameters=parameters,
                greeting=greeting,
                voice=voice,
                gather_ended_speech=gather_ended_speech,
                assistant=assistant,
                message_history=message_history,
            ),
        )
        return _conversation_id(answer)

    def start_assistant(
        self,
        call_control_id: str,
        *,
        assistant_id: str,
        instructions: str | None = None,
        greeting: str | None = None,
        dynamic_variables: Mapping[str, str] | None = None,
        message_history: Sequence[Mapping[str, Any]] | None = None,
        command_id: CommandId,
        client_state: str | None = None,
    ) -> str:
        """Let a configured assistant take the call; return the conversation's id or "".

        `instructions` replace the assistant's own for this run. An empty `greeting` lets the caller speak first.
        `message_history` ({role, content}) may hold system and developer turns too. Code 90061 says that an assistant
        is running already.
        """
        answer = ask(
            self._actions.start_ai_assistant,
            call_control_id,
            send_message_history_updates=True,
            **command(command_id, client_state),
            **given(
                assistant=given(id=assistant_id, instructions=instructions, dynamic_variables=dynamic_variables),
                greeting=greeting,
                message_history=message_history,
            ),
        )
        return _conversation_id(answer)

    def stop_assistant(self, call_control_id: str, *, command_id: CommandId) -> None:
        """Silence the assistant; the leg stays up and takes further commands."""
        send(self._actions.stop_ai_assistant, call_control_id, **command(command_id))

    def add_messages(
        self, call_control_id: str, *, messages: Sequence[Mapping[str, Any]], command_id: CommandId
    ) -> None:
        """Add turns ({role, content}) to the running conversation, such as a text that the prospect typed.

        What the prospect says is answered at once. Anything else waits for the assistant's next turn, which it would
        otherwise take in the middle of the prospect's sentence.
        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/calls/action_add_ai_assistant_messages_params.py
        """
        is_said = any(message.get("role") == "user" for message in messages)
        send(
            self._actions.add_ai_assistant_messages,
            call_control_id,
            **command(command_id),
            **given(messages=messages, trigger_response=is_said or None),
        )

    def conversation_messages(self, conversation_id: str) -> list[Message]:
        """Return every turn of a conversation, oldest first where Telnyx gives times."""
        request = self._sdk.ai.conversations.messages.with_raw_response.list
        turns = parsing.messages(pages(request, conversation_id, page_size=MESSAGES_PER_PAGE))
        if not all(turn.at for turn in turns):
            return list(turns)
        return sorted(turns, key=lambda turn: turn.at or _NO_TIME)

    def conversation_insights(self, conversation_id: str) -> list[InsightResult]:
        """Return the insights that are ready; none while Telnyx still works on them."""
        request = self._sdk.ai.conversations.with_raw_response.retrieve_conversations_insights
        answer = ask(request, conversation_id)
        return [
            result
            for group in objects(answer.get("data"))
            for result in parsing.insights(group.get("conversation_insights"))
        ]


def gather_body(
    *,
    parameters: Mapping[str, Any],
    greeting: str,
    voice: str,
    gather_ended_speech: str | None = None,
    assistant: Mapping[str, Any] | None = None,
    message_history: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """What `gather_using_ai` is asked, beside the ids that every command carries."""
    return given(
        send_partial_results=True,
        send_message_history_updates=True,
        parameters=parameters,
        greeting=greeting,
        voice=voice,
        gather_ended_speech=gather_ended_speech,
        assistant=assistant,
        message_history=message_history,
    )


def _conversation_id(answer: Mapping[str, Any]) -> str:
    return text(mapping(answer.get("data")).get("conversation_id"))
