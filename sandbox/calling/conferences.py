"""Conference rooms: everybody hears everybody else."""

from sandbox.calling.switchboard import Switchboard
from sandbox.media.audio import Mix, Relay
from sandbox.model import clock
from sandbox.model.legs import Conference, Leg, Participant
from sandbox.model.orders import NORMAL
from sandbox.outbound import events


class ConferenceRooms:
    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        switchboard.on_leaving.append(self.leave)

    def create(self, leg: Leg, *, name: str, region: str | None) -> Conference:
        conference = Conference(name=name, region=region, connection_id=leg.connection_id)
        self._switchboard.calls.add_conference(conference)
        self._emit(conference, leg, "conference.created")
        return conference

    def join(self, conference: Conference, participant: Participant) -> None:
        leg = participant.leg
        self._switchboard.make_way(leg)
        self._switchboard.leave_rooms(leg)
        if leg.peer:
            self._switchboard.unlink(leg)
        if not leg.is_answered:
            return
        leg.conference = conference
        conference.participants[leg.call_control_id] = participant
        self._connect(conference)
        self._emit(conference, leg, "conference.participant.joined")

    def leave(self, leg: Leg) -> None:
        """Take the leg out, back to parked; the room ends with its last or its leading participant."""
        conference, leg.conference = leg.conference, None
        if conference is None:
            return
        participant = conference.participants.pop(leg.call_control_id)
        if leg.media:
            leg.media.relays.clear()
        self._switchboard.quiet(leg)
        self._emit(conference, leg, "conference.participant.left")
        self._connect(conference)
        if participant.ends_conference or participant.soft_ends_conference or not conference.participants:
            self._end(conference, leg, hangs_up=participant.ends_conference)

    def end(self, conference: Conference) -> None:
        """End it at somebody's command: everybody in it is hung up."""
        members = [participant.leg for participant in conference.participants.values()]
        conference.end_reason = "ended_via_api"
        self._end(conference, members[0] if members else None, hangs_up=True)

    def _end(self, conference: Conference, last: Leg | None, *, hangs_up: bool) -> None:
        if conference.ended_at:
            return
        remaining = [participant.leg for participant in conference.participants.values()]
        conference.ended_at = clock.now()
        conference.end_reason = conference.end_reason or ("host_left" if remaining else "all_left")
        for leg in remaining:
            self.leave(leg)
            if hangs_up:
                self._switchboard.background(self._switchboard.hang_up(leg, NORMAL, source="unknown"))
        if last is None:
            return
        conference.ended_by = {"call_control_id": last.call_control_id, "call_session_id": last.call_session_id}
        # The webhook knows no word for an end by command.
        told = {} if conference.end_reason == "ended_via_api" else {"reason": conference.end_reason}
        self._switchboard.emit(last, "conference.ended", {**events.conference(conference, last), **told})

    def _connect(self, conference: Conference) -> None:
        """Rebuild who hears whom; rooms are small, so rebuilding is simpler than patching."""
        members = list(conference.participants.values())
        for member in members:
            if member.leg.media:
                member.leg.media.relays.clear()
        for listener in members:
            if listener.leg.media:
                mix = Mix(name="conference")
                for speaker in members:
                    if speaker is not listener and speaker.leg.media and _heard_by(speaker, listener):
                        relay = Relay(name="conference")
                        speaker.leg.media.relays.add(relay)
                        mix.relays.append(relay)
                listener.leg.media.outlet.base = mix

    def _emit(self, conference: Conference, leg: Leg, event_type: str) -> None:
        self._switchboard.emit(leg, event_type, events.conference(conference, leg))


def _heard_by(speaker: Participant, listener: Participant) -> bool:
    if speaker.muted or speaker.on_hold or listener.on_hold:
        return False
    if speaker.supervisor_role in ("monitor", "whisper"):
        return speaker.supervisor_role == "whisper" and listener.leg.call_control_id in speaker.whispers_to
    return True
