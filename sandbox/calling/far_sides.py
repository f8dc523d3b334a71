"""Tells of a leg that arrives at a softphone a second time: as the softphone's own connection sees it.

The webhook of a credential connection tells of every call of the connection, also of those that come to it; with
which direction and in which call session is documented nowhere.
https://support.telnyx.com/en/articles/4351104-sip-connection-settings
"""

from typing import Any

from sandbox.calling.switchboard import Switchboard
from sandbox.model import clock
from sandbox.model.credentials import Credential
from sandbox.model.legs import Leg
from sandbox.outbound import events


class FarSides:
    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._platform = switchboard.platform
        switchboard.on_arrived.append(self.arrived)
        switchboard.on_told.append(self.told)

    def arrived(self, leg: Leg, credential: Credential) -> None:
        if self._platform.far_side == "silent":
            return
        address = f"{credential.sip_username}@{leg.sip_domain}"
        far_side = Leg(
            role="far_side",
            state="ringing",
            connection_id=credential.connection_id,
            from_=leg.from_,
            to=address if self._platform.parked_from == "sip_uri" else credential.sip_username,
            from_display_name=leg.from_display_name,
            from_sip_uri=leg.from_sip_uri,
            to_sip_uri=address,
            custom_headers=leg.custom_headers,
            arrives_from=leg,
        )
        if self._platform.far_side == "same_session":
            far_side.call_session_id = leg.call_session_id
        leg.far_side = far_side
        self._switchboard.calls.add_far_side(far_side)
        self._switchboard.emit(far_side, "call.initiated", events.initiated(far_side, self._platform))

    def told(self, leg: Leg, event_type: str, payload: dict[str, Any]) -> None:
        far_side = leg.far_side
        if far_side is None:
            return
        if event_type == "call.answered":
            far_side.state, far_side.answered_at, far_side.media = "answered", leg.answered_at, leg.media
            self._switchboard.emit(far_side, event_type, events.answered(far_side))
        elif event_type == "call.bridged":
            self._switchboard.emit(far_side, event_type, events.bridged(far_side))
        elif event_type == "call.hangup":
            far_side.state, far_side.hangup_cause, far_side.ended_at = "ended", leg.hangup_cause, clock.now()
            ending = {"source": payload["hangup_source"], "sip_cause": payload["sip_hangup_cause"]}
            self._switchboard.emit(far_side, event_type, events.hangup(far_side, self._platform, **ending))
