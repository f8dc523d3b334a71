"""Who is rung, in rows: make an offer, close it. The choice itself is made by `assignment`."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from handoff import assignment, policies, roster
from handoff.machine import Fact
from handoff.models import Closer, Handoff, Offer
from handoff.readiness import candidates
from sessions_app import timeline

# Time for a closer to reload the page or to find the network again, before somebody else is rung.
CALL_AGAIN_FOR = timedelta(seconds=20)


def offer(handoff: Handoff, now: datetime) -> Fact | None:
    if handoff.closer_id:  # This one could not be connected; somebody else is looked for.
        handoff.closer, handoff.closer_leg = None, None
        handoff.save(update_fields=["closer", "closer_leg"])
    if handoff.give_up_at and now >= handoff.give_up_at:
        return Fact.NOBODY_LEFT
    chosen = _choose(handoff, now)
    if chosen is assignment.NoChoice.NOBODY:
        return Fact.NOBODY_LEFT
    if not isinstance(chosen, assignment.Choice):
        return None
    closer = Closer.objects.get(pk=chosen.closer_id)
    try:
        with transaction.atomic():
            _ring(handoff, closer, chosen.reason, now)
    except IntegrityError:
        return None  # Another hand-over rang this closer first; the next search is a second away.
    return Fact.OFFERED


def _choose(handoff: Handoff, now: datetime) -> assignment.Choice | assignment.NoChoice:
    """Whose turn it is. After a broken line, offers made before it do not count, and that closer comes first."""
    offers = handoff.offers.filter(offered_at__gte=handoff.dropped_at) if handoff.dropped_at else handoff.offers.all()
    tried = set(offers.values_list("closer_id", flat=True))
    everybody = candidates(handoff.session.team_id, now=now)
    if handoff.dropped_at and handoff.dropped_by_id not in tried and now < handoff.dropped_at + CALL_AGAIN_FOR:
        dropped = [one for one in everybody if one.closer_id == handoff.dropped_by_id]
        chosen = assignment.choose(dropped, tried=tried, now=now)
        if isinstance(chosen, assignment.Choice):
            return assignment.Choice(chosen.closer_id, "your line broke off")
        return assignment.NoChoice.WAIT
    return assignment.choose(everybody, tried=tried, now=now)


def _ring(handoff: Handoff, closer: Closer, reason: str, now: datetime) -> None:
    expires_at = now + timedelta(seconds=policies.of(handoff.session).ring_seconds)
    made = Offer.objects.create(handoff=handoff, closer=closer, reason=reason, offered_at=now, expires_at=expires_at)
    handoff.offered_at = handoff.offered_at or now
    handoff.save(update_fields=["offered_at"])
    what = {"offer": str(made.pk), "closer": closer.pk, "closer_name": closer.display_name, "reason": reason}
    timeline.append(handoff.session, "handoff.offered", what, occurred_at=now)
    roster.changed(handoff.session.team_id)


def withdraw(handoff: Handoff, now: datetime) -> None:
    _close_ring(handoff, Offer.State.WITHDRAWN, now)


def expire(handoff: Handoff, now: datetime) -> None:
    _close_ring(handoff, Offer.State.EXPIRED, now)


def _close_ring(handoff: Handoff, state: str, now: datetime) -> None:
    handoff.offers.filter(state=Offer.State.RINGING).update(state=state, answered_at=now)
    roster.changed(handoff.session.team_id)
