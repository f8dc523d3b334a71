"""Joins two legs: bridge, transfer, hold. Media is switched, never renegotiated. What is refused, `rest/` refuses."""

from sandbox.calling.switchboard import Switchboard
from sandbox.media.audio import Relay
from sandbox.model import clock
from sandbox.model.legs import Leg
from sandbox.model.orders import Order
from sandbox.outbound import events


class Bridging:
    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        switchboard.on_answered.append(self.answered)

    def transfer(self, leg: Leg, order: Order, *, parks: bool, by_assistant: bool = False) -> Leg:
        """Ring a second leg in the same session; the two are bridged when it answers."""
        leg.parks_after_unbridge = parks
        target = self._switchboard.dial(order, role="transfer", session_id=leg.call_session_id)
        target.ringing_for, target.rung_by_assistant = leg, by_assistant
        if not leg.run:
            self._switchboard.play_ringback(leg)
        return target

    def bridge_on_answer(self, leg: Leg, other: Leg) -> None:
        leg.ringing_for = other

    def answered(self, leg: Leg) -> None:
        """Leg B has answered: if it was rung for another leg, bridge them."""
        waiting, leg.ringing_for = leg.ringing_for, None
        if waiting and waiting.is_answered:
            if leg.rung_by_assistant and waiting.run:
                waiting.run.hand_over()
            self.bridge(waiting, leg)

    def bridge(self, leg: Leg, other: Leg, *, parks: bool | None = None) -> None:
        for one in (leg, other):  # A bridge replaces what each is in now.
            self._switchboard.make_way(one)
            self._switchboard.leave_rooms(one)
            if one.peer:
                self._switchboard.unlink(one)
        if not (leg.is_answered and other.is_answered):
            return
        if parks is not None:
            leg.parks_after_unbridge = parks
        leg.peer, other.peer = other, leg
        leg.state = other.state = "bridged"
        leg.bridged_at = other.bridged_at = clock.now()
        self._connect(leg, other)
        self._connect(other, leg)
        self._switchboard.rewired()
        for one in (leg, other):
            self._switchboard.emit(one, "call.bridged", events.bridged(one))

    def _connect(self, speaker: Leg, listener: Leg) -> None:
        if not speaker.media or not listener.media:
            return
        relay = Relay(name="peer")
        relay.muted = speaker.on_hold
        speaker.media.relays.add(relay)
        listener.media.outlet.base = relay

    def hold(self, leg: Leg, on_hold: bool) -> None:
        """Put the leg on hold: neither it nor its peer hears the other."""
        leg.on_hold = on_hold
        if leg.media:
            leg.media.outlet.held = on_hold
            for listener in leg.media.relays | leg.media.taps:
                listener.muted = on_hold
