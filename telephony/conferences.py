"""Commands on conferences; every one must name the region in which the conference was made.

Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/conferences/action_join_params.py
"""

from strict_json import identifier, mapping
from telephony.connection import Connection
from telephony.exchange import CommandId, ask, command, given, send, unreadable


class ConferenceCommands(Connection):
    def create_conference(self, call_control_id: str, *, name: str, region: str, command_id: CommandId) -> str:
        """Make a conference around an answered leg and return its id; every later command must name the same region."""
        answer = ask(
            self._sdk.conferences.with_raw_response.create,
            **command(command_id),
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
            **command(command_id),
            **given(call_control_id=call_control_id, region=region, end_conference_on_exit=end_on_exit),
        )

    def leave_conference(self, conference_id: str, call_control_id: str, *, region: str, command_id: CommandId) -> None:
        """Take a leg out of a conference, back to parked; conference.participant.left follows."""
        send(
            self._sdk.conferences.actions.with_raw_response.leave,
            conference_id,
            **command(command_id),
            **given(call_control_id=call_control_id, region=region),
        )
