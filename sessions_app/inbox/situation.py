"""What one fact from Telnyx finds: read once, with the session's row locked, after what the fact itself teaches."""

from functools import cached_property

from sessions_app.conversation import runs
from sessions_app.models import CallLeg, VoiceSession
from telephony.events import Event


class Situation:
    """The session, and what of it the event names. Not to be used after another delivery was let in."""

    def __init__(self, event: Event, session: VoiceSession) -> None:
        self.session = session
        self._event = event

    @cached_property
    def leg(self) -> CallLeg | None:
        """The session's leg that the event is about; None when it is about none, or about a leg of nobody's."""
        name, current = self._event.ids.call_control_id, self.session.current_leg
        if not name or (current is not None and current.call_control_id == name):
            return current if name else None
        return CallLeg.objects.filter(session=self.session, call_control_id=name).first()

    @property
    def is_current(self) -> bool:
        """Whether that leg is the one that carries the prospect now."""
        return self.leg is not None and self.leg.pk == self.session.current_leg_id

    @cached_property
    def number(self) -> int:
        """Of the run that the event tells of."""
        return runs.number_of(self._event, self.session)
