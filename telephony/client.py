"""Commands to Telnyx over its official SDK: short timeout, no retries of its own, one kind of error.

Every method raises TelnyxError. A command only asks: what becomes of it arrives later as a webhook. Telnyx ignores a
`command_id` that it knows for the same call, but only for 60 s, so a repeat keeps its id and comes within that time.
A `client_state` is Base64, as Telnyx demands, and returns as it is in the leg's events.
Source: https://developers.telnyx.com/api-reference/ and the parameter types of telnyx 4.189.0 (read 2026-11).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import telnyx

from telephony import parsing
from telephony.answers import CallStatus, Credential, CredentialSummary, DialledLeg
from telephony.events import InsightResult, Message
from telephony.exchange import Request, TelnyxError, ask, given, send, unreadable
from telephony.wire import identifier, mapping, objects, text, whole

if TYPE_CHECKING:  # importing the resources is the slow part of the SDK, which `warm` does when it suits
    from telnyx.resources.calls.actions import ActionsResourceWithRawResponse

__all__ = ["CallStatus", "Credential", "CredentialSummary", "DialledLeg", "Telnyx", "TelnyxError"]

CommandId = str | UUID

CREDENTIALS_PER_PAGE = 250
MESSAGES_PER_PAGE = 100
MAX_PAGES = 50
# Longer than the pause between two commands of one call, shorter than the idle limit of common gateways.
KEEP_ALIVE_SECONDS = 55

_NO_TIME = datetime.min.replace(tzinfo=UTC)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class Telnyx:
    """The one door to Telnyx. Threads may share it; it may be made before a process forks, if first used after.

    `timeout` is in seconds and bounds each network step: connect, send, wait for an answer.
    """

    def __init__(self, *, api_key: str, base_url: str, timeout: float = 5.0) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE_SECONDS)
        self._sdk = telnyx.Telnyx(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,
            # Empty, because the SDK would switch to OAuth when the environment holds these two.
            client_id="",
            client_secret="",
            http_client=httpx.Client(timeout=timeout, limits=limits, follow_redirects=False),
        )

    def warm(self) -> None:
        """Load the SDK's resources now (about two seconds); makes no request. Call it at process start."""
        _ = (
            self._actions,
            self._sdk.calls.with_raw_response,
            self._sdk.conferences.actions.with_raw_response,
            self._sdk.telephony_credentials.with_raw_response,
            self._sdk.ai.conversations.messages.with_raw_response,
        )

    @property
    def _actions(self) -> "ActionsResourceWithRawResponse":
        return self._sdk.calls.actions.with_raw_response

    # Credentials

    def create_credential(self, *, connection_id: str, name: str, tag: str, expires_at: datetime) -> Credential:
        """Create a SIP login on a credential connection. A tag holds at most 1,000 credentials.

        There is no `command_id` here: after `outcome_unknown`, find a possible orphan by its unique `name`.
        """
        answer = ask(
            self._sdk.telephony_credentials.with_raw_response.create,
            **given(connection_id=connection_id, name=name, tag=tag, expires_at=_stamp(expires_at)),
        )
        credential = Credential.read(mapping(answer.get("data")), requested_expiry=expires_at)
        if credential is None:
            raise unreadable("create_credential")
        return credential

    def create_login_token(self, credential_id: str) -> str:
        """Mint a login token (JWT): valid for 24 hours or until its credential expires or is deleted."""
        answer = send(self._sdk.telephony_credentials.with_raw_response.create_token, credential_id)
        token = answer.text.strip()
        if not _JWT.fullmatch(token):
            raise unreadable("create_login_token")
        return token

    def delete_credential(self, credential_id: str) -> None:
        """Delete a credential, which also ends its tokens. One that is gone already counts as done."""
        try:
            send(self._sdk.telephony_credentials.with_raw_response.delete, credential_id)
        except TelnyxError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def list_credentials(self, *, tag: str) -> Iterator[CredentialSummary]:
        """Return the credentials of a tag, all read before the first is returned: deleting would shift the pages."""
        request = self._sdk.telephony_credentials.with_raw_response.list
        rows = _pages(request, page_size=CREDENTIALS_PER_PAGE, filter={"tag": tag})
        return iter([CredentialSummary.read(row) for row in rows])

    # Calls

    def answer(self, call_control_id: str, *, command_id: CommandId, client_state: str | None = None) -> None:
        """Answer a parked incoming call."""
        send(self._actions.answer, call_control_id, **_command(command_id, client_state))

    def dial(
        self,
        *,
        connection_id: str,
        to: str,
        from_: str,
        from_display_name: str | None = None,
        ring_seconds: int,
        custom_headers: Mapping[str, str],
        command_id: CommandId,
        client_state: str | None = None,
        sip_region: str | None = None,
        time_limit_seconds: int | None = None,
        link_to: str | None = None,
    ) -> DialledLeg:
        """Ring `to` (E.164 or a SIP URI) on a Call Control application; call.initiated may arrive before this returns.

        `ring_seconds` is 5–600. `link_to` is the call_control_id whose session the new leg joins.
        """
        answer = ask(
            self._sdk.calls.with_raw_response.dial,
            **_command(command_id, client_state),
            **given(
                connection_id=connection_id,
                to=to,
                from_=from_,
                from_display_name=from_display_name,
                timeout_secs=ring_seconds,
                custom_headers=_sip_headers(custom_headers),
                sip_region=sip_region,
                time_limit_secs=time_limit_seconds,
                link_to=link_to,
            ),
        )
        leg = DialledLeg.read(mapping(answer.get("data")))
        if leg is None:
            raise unreadable("dial")
        return leg

    def transfer(
        self,
        call_control_id: str,
        *,
        to: str,
        from_: str | None = None,
        ring_seconds: int,
        custom_headers: Mapping[str, str],
        command_id: CommandId,
        target_client_state: str | None = None,
        sip_region: str | None = None,
    ) -> None:
        """Ring `to` (E.164 or a SIP URI) on a new leg and bridge it when it answers.

        When it does not answer, or leaves later, the call stays parked. `ring_seconds` is 5–600.
        `target_client_state` returns in the events of the new leg.
        """
        send(
            self._actions.transfer,
            call_control_id,
            **_command(command_id),
            **given(
                to=to,
                from_=from_,
                timeout_secs=ring_seconds,
                custom_headers=_sip_headers(custom_headers),
                target_leg_client_state=target_client_state,
                sip_region=sip_region,
                park_after_unbridge="self",
            ),
        )

    def bridge(
        self, call_control_id: str, *, other: str, command_id: CommandId, client_state: str | None = None
    ) -> None:
        """Join the audio of two answered legs; when `other` leaves, this one stays parked."""
        send(
            self._actions.bridge,
            call_control_id,
            call_control_id_to_bridge_with=other,
            park_after_unbridge="self",
            prevent_double_bridge=True,
            **_command(command_id, client_state),
        )

    def speak(
        self,
        call_control_id: str,
        *,
        text: str,
        voice: str,
        language: str,
        command_id: CommandId,
        client_state: str | None = None,
    ) -> None:
        """Say `text` (at most 3,000 characters) to the caller; call.speak.ended follows."""
        send(
            self._actions.speak,
            call_control_id,
            **_command(command_id, client_state),
            **given(payload=text, voice=voice, language=language),
        )

    def hang_up(self, call_control_id: str, *, command_id: CommandId) -> None:
        """End the leg. Code 90018 says that it had ended already."""
        send(self._actions.hangup, call_control_id, **_command(command_id))

    def call_status(self, call_control_id: str) -> CallStatus:
        """Tell whether a leg lives; one that Telnyx does not know any more does not."""
        try:
            answer = ask(self._sdk.calls.with_raw_response.retrieve_status, call_control_id)
        except TelnyxError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return CallStatus(is_alive=False)
            raise
        status = CallStatus.read(mapping(answer.get("data")))
        if status is None:
            raise unreadable("call_status")
        return status

    # Assistant

    def start_gather(
        self,
        call_control_id: str,
        *,
        parameters: Mapping[str, Any],
        greeting: str,
        voice: str,
        gather_ended_speech: str | None = None,
        assistant: Mapping[str, Any] | None = None,
        command_id: CommandId,
        client_state: str | None = None,
    ) -> str:
        """Let an assistant gather the properties of the JSON schema `parameters`; return the conversation's id or "".

        Partial results and message history arrive as events. `assistant` may hold instructions, model and tools.
        """
        answer = ask(
            self._actions.gather_using_ai,
            call_control_id,
            send_partial_results=True,
            send_message_history_updates=True,
            **_command(command_id, client_state),
            **given(
                parameters=parameters,
                greeting=greeting,
                voice=voice,
                gather_ended_speech=gather_ended_speech,
                assistant=assistant,
            ),
        )
        return _conversation_id(answer)

    def start_assistant(
        self,
        call_control_id: str,
        *,
        assistant_id: str,
        greeting: str | None = None,
        dynamic_variables: Mapping[str, str] | None = None,
        message_history: Sequence[Mapping[str, Any]] | None = None,
        command_id: CommandId,
        client_state: str | None = None,
    ) -> str:
        """Let a configured assistant take the call; return the conversation's id or "".

        An empty `greeting` lets the caller speak first. Code 90061 says that an assistant is running already.
        """
        answer = ask(
            self._actions.start_ai_assistant,
            call_control_id,
            send_message_history_updates=True,
            **_command(command_id, client_state),
            **given(
                assistant=given(id=assistant_id, dynamic_variables=dynamic_variables),
                greeting=greeting,
                message_history=message_history,
            ),
        )
        return _conversation_id(answer)

    def stop_assistant(self, call_control_id: str, *, command_id: CommandId) -> None:
        """Silence the assistant; the leg stays up and takes further commands."""
        send(self._actions.stop_ai_assistant, call_control_id, **_command(command_id))

    def add_messages(
        self, call_control_id: str, *, messages: Sequence[Mapping[str, Any]], command_id: CommandId
    ) -> None:
        """Add turns ({role, content}) to the running conversation, such as a text that the prospect typed."""
        send(
            self._actions.add_ai_assistant_messages,
            call_control_id,
            **_command(command_id),
            **given(messages=messages),
        )

    # Conferences

    def create_conference(self, call_control_id: str, *, name: str, region: str, command_id: CommandId) -> str:
        """Make a conference around an answered leg and return its id; every later command must name the same region."""
        answer = ask(
            self._sdk.conferences.with_raw_response.create,
            **_command(command_id),
            **given(call_control_id=call_control_id, name=name, region=region),
        )
        conference_id = identifier(mapping(answer.get("data")).get("id"))
        if conference_id is None:
            raise unreadable("create_conference")
        return conference_id

    def join_conference(
        self,
        conference_id: str,
        call_control_id: str,
        *,
        region: str,
        command_id: CommandId,
        end_on_exit: bool = False,
    ) -> None:
        """Bring an answered leg into a conference; with `end_on_exit` the conference ends when that leg leaves."""
        send(
            self._sdk.conferences.actions.with_raw_response.join,
            conference_id,
            **_command(command_id),
            **given(call_control_id=call_control_id, region=region, end_conference_on_exit=end_on_exit),
        )

    # Conversations

    def conversation_messages(self, conversation_id: str) -> list[Message]:
        """Return every turn of a conversation, oldest first where Telnyx gives times."""
        request = self._sdk.ai.conversations.messages.with_raw_response.list
        turns = parsing.messages(_pages(request, conversation_id, page_size=MESSAGES_PER_PAGE))
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


def _command(command_id: CommandId, client_state: str | None = None) -> dict[str, Any]:
    return given(command_id=str(command_id), client_state=client_state)


def _sip_headers(headers: Mapping[str, str]) -> list[dict[str, str]]:
    # A line break in a value would begin another header.
    return [{"name": name, "value": _CONTROLS.sub(" ", value)} for name, value in headers.items()]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _conversation_id(answer: Mapping[str, Any]) -> str:
    return text(mapping(answer.get("data")).get("conversation_id"))


def _pages(request: Request[...], /, *arguments: str, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(1, MAX_PAGES + 1):
        answer = ask(request, *arguments, page_number=number, **parameters)
        page = objects(answer.get("data"))
        rows += page
        total = whole(mapping(answer.get("meta")).get("total_pages"))
        if not page or total is None or number >= total:
            break
    return rows
