"""Commands on call legs: ring, join, speak, end."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

from strict_json import mapping
from telephony.answers import CallStatus, DialledLeg
from telephony.connection import Connection
from telephony.exchange import CommandId, TelnyxError, ask, command, given, send, unreadable

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class CallCommands(Connection):
    def answer(
        self,
        call_control_id: str,
        *,
        assistant: Mapping[str, Any] | None = None,
        command_id: CommandId,
        client_state: str | None = None,
    ) -> None:
        """Answer a parked call.

        With `assistant` (assistant_id, greeting, dynamic_variables) a configured one takes it at once; the id of its
        conversation comes by event.
        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/calls/action_answer_params.py
        """
        asked = {("id" if name == "assistant_id" else name): value for name, value in (assistant or {}).items()}
        send(
            self._actions.answer,
            call_control_id,
            **command(command_id, client_state),
            **given(assistant=asked or None, **self._webhooks),
        )

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
        monitors: str | None = None,
    ) -> DialledLeg:
        """Ring `to` (E.164 or a SIP URI) on a Call Control application; call.initiated may arrive before this returns.

        `ring_seconds` is 5–600. `link_to` is the call_control_id whose session the new leg joins. `monitors` is one
        that the new leg hears, heard itself by nobody: its caller, not an assistant that speaks to them, and it keeps
        that role (seen live by third parties, 2026).
        """
        answer = ask(
            self._sdk.calls.with_raw_response.dial,
            **command(command_id, client_state),
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
                supervise_call_control_id=monitors,
                supervisor_role="monitor" if monitors else None,
                **self._webhooks,
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
            **command(command_id),
            **given(
                to=to,
                from_=from_,
                timeout_secs=ring_seconds,
                custom_headers=_sip_headers(custom_headers),
                target_leg_client_state=target_client_state,
                sip_region=sip_region,
                park_after_unbridge="self",
                **self._webhooks,
            ),
        )

    def bridge(
        self, call_control_id: str, *, other: str, command_id: CommandId, client_state: str | None = None
    ) -> None:
        """Join the audio of two answered legs; when `other` leaves, this one stays parked.

        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/calls/action_bridge_params.py
        """
        send(
            self._actions.bridge,
            call_control_id,
            call_control_id_to_bridge_with=other,
            park_after_unbridge="self",
            prevent_double_bridge=True,
            **command(command_id, client_state),
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
        """Say `text` (at most 3,000 characters) to the caller; call.speak.ended follows.

        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/calls/action_speak_params.py
        """
        send(
            self._actions.speak,
            call_control_id,
            **command(command_id, client_state),
            **given(payload=text, voice=voice, language=language),
        )

    def hang_up(self, call_control_id: str, *, command_id: CommandId) -> None:
        """End the leg. Code 90018 says that it had ended already."""
        send(self._actions.hangup, call_control_id, **command(command_id))

    def call_status(self, call_control_id: str) -> CallStatus:
        """Tell whether a leg lives; one that Telnyx does not know, or not any more, counts as ended and says so."""
        try:
            answer = ask(self._sdk.calls.with_raw_response.retrieve_status, call_control_id)
        except TelnyxError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return CallStatus(is_alive=False, is_known=False)
            raise
        status = CallStatus.read(mapping(answer.get("data")))
        if status is None:
            raise unreadable("call_status")
        return status


def _sip_headers(headers: Mapping[str, str]) -> list[dict[str, str]]:
    # A line break in a value would begin another header.
    return [{"name": name, "value": _CONTROLS.sub(" ", value)} for name, value in headers.items()]
