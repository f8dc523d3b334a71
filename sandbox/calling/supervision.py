"""Lets one leg listen to another: heard by nobody (monitor), by that leg alone (whisper), or by both ends (barge).

Seen live by third parties (2026): a supervisor hears the caller and not the assistant; after a change of role, which is
accepted, nobody hears anybody.
"""

from sandbox.calling.switchboard import Switchboard
from sandbox.media.audio import Mix, Pcm, Relay, level
from sandbox.media.line import Line
from sandbox.model.legs import Leg, SupervisorRole


class Ear:
    """Lets the assistant of a leg hear a supervisor who barges in."""

    def __init__(self, media: Line, *, muted: bool) -> None:
        self.muted = muted
        self._media = media

    def push(self, pcm: Pcm) -> None:
        if self._media.ear and not self.muted:
            self._media.ear(level(pcm))


class Supervision:
    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        switchboard.on_answered.append(self.start)
        switchboard.on_leaving.append(self.leave)
        switchboard.on_rewired.append(self.rewire)

    def start(self, supervisor: Leg) -> None:
        """Connect a supervisor who has picked up with the leg it was dialled for."""
        supervised = supervisor.supervises
        if supervised is None or supervisor.media is None:
            return
        if not supervised.is_answered or supervised.media is None:
            supervisor.supervises = None
            return
        mix, said = Mix(name="supervised"), Relay(name="supervised")
        mix.relays.append(said)
        supervised.media.taps.add(said)
        if self._switchboard.platform.monitor_hears == "both":
            heard = Relay(name="supervised")
            mix.relays.append(heard)
            supervised.media.outlet.taps.add(heard)
        supervisor.media.outlet.base = mix
        self._let_speak(supervisor)

    def switch(self, supervisor: Leg, role: SupervisorRole) -> None:
        supervisor.supervisor_role = role
        if self._switchboard.platform.role_switch == "silence":
            supervisor.is_cut_off = True
            self._take_taps(supervisor, supervisor.supervises)
        self._let_speak(supervisor)

    def leave(self, leg: Leg) -> None:
        """End what this leg supervises and, when it is dead, its own supervision; a supervisor's leg stays up."""
        self._stop(leg)
        if not leg.is_alive:
            for supervisor in self._supervisors():
                if supervisor.supervises is leg:
                    self._stop(supervisor)

    def _stop(self, supervisor: Leg) -> None:
        supervised, supervisor.supervises = supervisor.supervises, None
        if supervised is None or supervisor.media is None:
            return
        self._silence(supervisor)
        self._take_taps(supervisor, supervised)

    def _take_taps(self, supervisor: Leg, supervised: Leg | None) -> None:
        """Let the supervisor hear nothing any more."""
        mix = supervisor.media.outlet.base if supervisor.media else None
        if supervised and supervised.media and isinstance(mix, Mix):
            supervised.media.taps.difference_update(mix.relays)
            supervised.media.outlet.taps.difference_update(mix.relays)
        self._switchboard.quiet(supervisor)

    def rewire(self) -> None:
        for supervisor in self._supervisors():
            self._let_speak(supervisor)

    def _let_speak(self, supervisor: Leg) -> None:
        """Rebuild who hears the supervisor: the role or the supervised leg's partner may have changed."""
        supervised = supervisor.supervises
        if supervised is None or supervisor.media is None or not supervisor.is_answered:
            return
        self._silence(supervisor)
        if supervisor.supervisor_role == "monitor" or supervisor.is_cut_off:
            return
        self._into(supervised, supervisor)
        if supervisor.supervisor_role == "barge":
            if supervised.peer:
                self._into(supervised.peer, supervisor)
            if supervised.media:
                supervisor.media.relays.add(Ear(supervised.media, muted=supervisor.on_hold))

    def _into(self, listener: Leg, supervisor: Leg) -> None:
        if listener.media and supervisor.media:
            voice = Relay(name="supervisor")
            voice.muted = supervisor.on_hold
            supervisor.media.relays.add(voice)
            listener.media.outlet.overlays.add(voice)

    def _silence(self, supervisor: Leg) -> None:
        if supervisor.media is None:
            return
        voices = {relay for relay in supervisor.media.relays if isinstance(relay, Relay)}
        for leg in self._switchboard.calls.all():
            if leg.media:
                leg.media.outlet.overlays -= voices
        supervisor.media.relays.clear()

    def _supervisors(self) -> list[Leg]:
        return [leg for leg in self._switchboard.calls.alive() if leg.supervises]
