"""The clicks of a recording, made again: each when its button is there, as the closers saw it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flight_recorder.replay.ghost import Ghost
from flight_recorder.replay.script import Fact, Script
from handoff import actions
from handoff.actions import calls, steering
from handoff.engine import transitions
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import VoiceSession

_TO_BE_HAD = {State.NONE, State.RESERVED, State.RINGING}


class Desk:
    def __init__(self, ghost: Ghost, script: Script) -> None:
        self.ghost, self.script = ghost, script

    def shows(self, fact: Fact) -> bool:
        """Whether somebody could click on it now."""
        if fact.kind == "answer":
            offer = self._ring(fact)
            return offer is not None and offer.state == Offer.State.RINGING
        if fact.kind in {"take", "assign", "request", "steer"}:
            return self._is_with_assistant(is_handed_over_too=fact.kind in {"take", "assign"})
        handoff = self.ghost.handoffs().get(fact.handoff)
        if fact.kind == "register":
            return handoff is not None and handoff.attempt is not None and handoff.attempt.awaits_line
        return handoff is not None and handoff.state == fact.state

    def click(self, fact: Fact, *, now: datetime) -> None:
        """Raises ActionRefused, as it would for the page."""
        _CLICKS[fact.kind](self, fact, now)

    def _is_with_assistant(self, *, is_handed_over_too: bool) -> bool:
        session = VoiceSession.objects.get(pk=self.ghost.session.pk)
        handoff = transitions.open_handoff(session)
        if handoff is not None and is_handed_over_too:
            return handoff.state in _TO_BE_HAD
        return session.is_assistant_running and session.call_control_id is not None

    def _ring(self, fact: Fact) -> Offer | None:
        """The closer's ring of that number in this session."""
        rings = Offer.objects.filter(handoff__session=self.ghost.session, closer=self._closer(fact))
        return rings.order_by("offered_at", "pk")[fact.number - 1 : fact.number].first()

    def _closer(self, fact: Fact) -> Closer:
        return Closer.objects.get(pk=self.ghost.closers[fact.closer].pk)

    def _handoff(self, fact: Fact) -> Handoff:
        return self.ghost.handoffs()[fact.handoff]

    def answer(self, fact: Fact, now: datetime) -> None:
        offer = self._ring(fact)
        act = actions.accept if fact.text == "accepted" else actions.decline
        if offer is not None:
            act(offer.pk, closer=self._closer(fact), now=now)

    def take(self, fact: Fact, now: datetime) -> None:
        recorded = self._recorded(fact)
        is_taken_over_later = any(
            other.kind == "take_over" and other.handoff == fact.handoff for other in self.script.facts
        )
        is_impatient = bool(recorded["takes_now"]) and not is_taken_over_later
        calls.take(self.ghost.session.pk, closer=self._closer(fact), immediately=is_impatient, now=now)

    def assign(self, fact: Fact, now: datetime) -> None:
        calls.assign(self.ghost.session.pk, to=self._closer(fact).pk, by=self.ghost.supervisor, now=now)

    def take_over(self, fact: Fact, now: datetime) -> None:
        calls.take_over(self._handoff(fact).pk, closer=self._closer(fact), now=now)

    def steer(self, fact: Fact, now: datetime) -> None:
        steering.steer(self.ghost.session.pk, closer=self._closer(fact), text=fact.text, now=now)

    def request(self, fact: Fact, now: datetime) -> None:
        steering.request_handoff(self.ghost.session.pk, reason="requested", now=now)

    def hang_up(self, fact: Fact, now: datetime) -> None:
        actions.hang_up(self._handoff(fact).pk, closer=self._closer(fact), now=now)

    def hand_back(self, fact: Fact, now: datetime) -> None:
        steering.hand_back(self._handoff(fact).pk, closer=self._closer(fact), instruction=fact.text, now=now)

    def complete(self, fact: Fact, now: datetime) -> None:
        recorded, handoff, closer = self._recorded(fact), self._handoff(fact), self._closer(fact)
        actions.save_notes(handoff.pk, closer=closer, notes=recorded["notes"], now=now)
        actions.complete(handoff.pk, closer=closer, disposition=recorded["disposition"], now=now)

    def register(self, fact: Fact, now: datetime) -> None:
        closer = self._closer(fact)
        fresh = f"{closer.sip_username}-anew"
        Closer.objects.filter(pk=closer.pk).update(sip_username=fresh, registered_as=fresh, line_proven_at=now)
        actions.ring_once_more(self.ghost.session.pk, self._handoff(fact).pk, now=now)

    def _recorded(self, fact: Fact) -> dict[str, Any]:
        return next(dict(one) for one in self.script.recording["handoffs"] if one["handoff"] == fact.handoff)


_CLICKS: dict[str, Callable[[Desk, Fact, datetime], None]] = {
    "answer": Desk.answer,
    "take": Desk.take,
    "assign": Desk.assign,
    "take_over": Desk.take_over,
    "steer": Desk.steer,
    "request": Desk.request,
    "hang_up": Desk.hang_up,
    "hand_back": Desk.hand_back,
    "complete": Desk.complete,
    "register": Desk.register,
}
