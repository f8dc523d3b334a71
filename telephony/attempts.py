"""Requests whose refusal is an answer too: what a probe sends to find out what the platform does.

Nothing is hidden and nothing is raised: each request gives the HTTP status, Telnyx's own code and the answer's body.
Parameters are those of the SDK's methods, among them some that the product itself does not use.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import telnyx

from strict_json import Unreadable, decode
from telephony.connection import Connection
from telephony.exchange import TelnyxError, given, send

Request = Callable[..., telnyx.APIResponse[Any]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """`status` is None without an answer, `code` Telnyx's own where it refused, `answer` what it said, if JSON."""

    status: int | None
    code: str | None = None
    answer: Any = field(default=None, repr=False)

    @property
    def was_taken(self) -> bool:
        return self.status is not None and self.status < 300


class Attempts(Connection):
    def command(self, name: str, call_control_id: str, **parameters: Any) -> Attempt:
        """Send a command of Call Control to a leg, by the SDK's name of it (`answer`, `start_ai_assistant`)."""
        return _attempt(getattr(self._actions, name), call_control_id, command_id=str(uuid4()), **parameters)

    def switch_role(self, call_control_id: str, role: str) -> Attempt:
        """Switch a supervisor's role; the one command without a `command_id`."""
        return _attempt(self._actions.switch_supervisor_role, call_control_id, role=role)

    def dial(self, **parameters: Any) -> Attempt:
        return _attempt(self._sdk.calls.with_raw_response.dial, command_id=str(uuid4()), **parameters)

    def create_conference(self, **parameters: Any) -> Attempt:
        return _attempt(self._sdk.conferences.with_raw_response.create, **parameters)

    def join_conference(self, conference_id: str, **parameters: Any) -> Attempt:
        return _attempt(self._sdk.conferences.actions.with_raw_response.join, conference_id, **parameters)

    def registration(self, username: str) -> Attempt:
        """Ask whether a softphone's login is registered.

        Source: https://developers.telnyx.com/api-reference (sip_registration_status; telnyx 4.189.0).
        """
        request = self._sdk.sip_registration_status.with_raw_response.list
        return _attempt(request, credential_type="telephony_credential", username=username)

    def messages(self, conversation_id: str) -> Attempt:
        return _attempt(self._sdk.ai.conversations.messages.with_raw_response.list, conversation_id)

    def call_reports(self) -> Attempt:
        """Ask for the newest reports of the browser SDK."""
        return _attempt(self._sdk.voice_sdk_call_reports.with_raw_response.list, page_size=5)

    def call_events(self, call_leg_id: str) -> Attempt:
        return _attempt(self._sdk.call_events.with_raw_response.list, filter={"leg_id": call_leg_id}, page_size=50)

    def create_assistant(self, **parameters: Any) -> Attempt:
        return _attempt(self._sdk.ai.assistants.with_raw_response.create, **parameters)

    def read_assistant(self, assistant_id: str) -> Attempt:
        return _attempt(self._sdk.ai.assistants.with_raw_response.retrieve, assistant_id)

    def update_assistant(self, assistant_id: str, **parameters: Any) -> Attempt:
        return _attempt(self._sdk.ai.assistants.with_raw_response.update, assistant_id, **parameters)

    def delete_assistant(self, assistant_id: str) -> Attempt:
        return _attempt(self._sdk.ai.assistants.with_raw_response.delete, assistant_id)


def _attempt(request: Request, /, *arguments: Any, **parameters: Any) -> Attempt:
    try:
        reply = send(request, *arguments, **given(**parameters))
    except TelnyxError as error:
        return Attempt(error.status, error.code)
    return Attempt(reply.status_code, answer=_body(reply.content))


def _body(content: bytes) -> Mapping[str, Any] | list[Any] | None:
    try:
        found = decode(content.decode())
    except (UnicodeDecodeError, Unreadable):
        return None
    return found if isinstance(found, dict | list) else None
