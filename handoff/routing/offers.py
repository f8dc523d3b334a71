"""Who is rung, in rows: make offers, close them. The choice itself is made by `choice`."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from handoff import policies
from handoff.closers import readiness, roster, softphones
from handoff.legs import attempts, connection, speech
from handoff.machine import Fact
from handoff.models import Closer, Handoff, Offer, RoutingPolicy
from handoff.routing.choice import Choice, NoChoice, Rules, choose, has_anybody
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg
from sessions_app.rules import hours
from sessions_app.visits import capacity

# Time for a closer to reload the page or to find the network again, before somebody else is rung.
CALL_AGAIN_FOR = timedelta(seconds=20)

_OVER: dict[str, str] = {
    Offer.State.EXPIRED: "Not answered in time; others are rung.",
    Offer.State.DECLINED: "You have declined this call.",
    Offer.State.ACCEPTED: "You have already taken this call.",
}


def offer(handoff: Handoff, now: datetime) -> Fact | None:
    """Ring whoever's turn it is. While the assistant speaks nobody waits, so the search does not give up."""
    made = list(handoff.offers.all())
    if any(one.state == Offer.State.RINGING for one in made):  # The assistant itself rings somebody.
        return Fact.OFFERED
    is_closer_lost = handoff.attempt is not None
    if is_closer_lost:  # This one could not be connected; somebody else is looked for.
        attempts.let_go(handoff)
    has_waited_enough = handoff.give_up_at is not None and now >= handoff.give_up_at
    chosen = NoChoice.NOBODY if has_waited_enough else _choose(handoff, made, now)
    if chosen is NoChoice.NOBODY and not handoff.session.is_assistant_running:
        # The closer's leg may have ended because the prospect left, and their end is told later: the next search, a
        # second from now, knows.
        if is_closer_lost:
            return None
        if handoff.lines_busy_at is not None and now - handoff.lines_busy_at <= speech.BUSY_FOR:
            # It was for want of a line that nobody was rung just now.
            handoff.outcome = str(Fact.LINES_BUSY)
        return Fact.NOBODY_LEFT
    if isinstance(chosen, NoChoice):
        return None
    if not capacity.may_dial(handoff.session, now=now):  # Nobody is rung who could not be connected.
        speech.tell_busy(handoff, now)
        return None
    # In the order of their keys, so that two searches that ring the same people cannot wait for each other.
    rung = [_ring_if_free(handoff, choice, now) for choice in sorted(chosen, key=lambda choice: choice.closer_id)]
    return Fact.OFFERED if any(rung) else None


def why_nobody(handoff: Handoff, now: datetime, *, team: Collection[Closer] | None = None) -> str:
    """Why nobody came: "lines_busy", "closed", "nobody_skilled" or "nobody_free". The team is read unless given."""
    if handoff.outcome == Fact.LINES_BUSY:
        return str(Fact.LINES_BUSY)
    if not _is_open(handoff, now):
        return "closed"
    # Ready or not: what they have in hand is of no matter.
    everybody = readiness.team(handoff.session.team_id) if team is None else team
    seen = readiness.candidates(everybody, held=readiness.IDLE, now=now)
    return "nobody_free" if has_anybody(seen, _skills(handoff)) else "nobody_skilled"


def next_in_line(handoff: Handoff, now: datetime) -> int:
    """How many could be rung after those whose dashboards ring now."""
    tried, skills = _tried(handoff, handoff.offers.all()), _skills(handoff)
    team = readiness.candidates(readiness.team(handoff.session.team_id), now=now)
    return sum(one.is_ready and one.closer_id not in tried and one.skills >= skills for one in team)


def _choose(handoff: Handoff, made: Iterable[Offer], now: datetime) -> list[Choice] | NoChoice:
    policy, session = policies.of(handoff.session), handoff.session
    tried = _tried(handoff, made)
    rules = Rules(
        is_all_at_once=policy.strategy == RoutingPolicy.Strategy.ALL_AT_ONCE,
        skills=_skills(handoff),
        assigned=_assigned(handoff),
        has_time=session.is_assistant_running,
        awaited=_awaited(handoff, tried, now),
    )
    if not _is_open(handoff, now) and not (rules.assigned or handoff.broken):
        return NoChoice.NOBODY
    team = readiness.candidates(readiness.team(session.team_id), now=now)
    if policy.prefers_spoken_before and any(one.is_ready for one in team):
        spoken = readiness.spoken_with(session)
        team = [replace(one, has_spoken=one.closer_id in spoken) for one in team]
    return choose(team, rules=rules, tried=tried, now=now)


def _tried(handoff: Handoff, made: Iterable[Offer]) -> set[int]:
    """Who is not rung again in the same wait.

    A ring that was taken back says nothing of who was rung. One that passed unanswered while the assistant spoke, or
    before a talk whose line then broke, belongs to an earlier wait.
    """
    # The prospect waits, be it only for the end of the assistant's last sentence.
    run = handoff.session.current_run
    moments = [handoff.prospect_free_at, run.complete_at if run else None]
    waits_since = min((moment for moment in moments if moment), default=None)
    broke_at = handoff.broken.broke_at if handoff.broken else None
    return {
        one.closer_id
        for one in made
        if one.state != Offer.State.WITHDRAWN
        and not (waits_since and one.state == Offer.State.EXPIRED and one.offered_at < waits_since)
        and not (broke_at and one.offered_at < broke_at)
    }


def _assigned(handoff: Handoff) -> Choice | None:
    if handoff.assigned_to_id is None:
        return None
    by = handoff.assigned_by.display_name if handoff.assigned_by else "a supervisor"
    return Choice(handoff.assigned_to_id, f"assigned by {by}")


def _awaited(handoff: Handoff, tried: set[int], now: datetime) -> Choice | None:
    """After a broken line that closer comes first, for a while."""
    broken = handoff.broken
    if broken is None or broken.closer_id is None or broken.broke_at is None:
        return None
    if broken.closer_id in tried or now >= broken.broke_at + CALL_AGAIN_FOR:
        return None
    return Choice(broken.closer_id, "your line broke off")


def _skills(handoff: Handoff) -> frozenset[str]:
    return readiness.skills(handoff.session.widget.required_skills)


def _is_open(handoff: Handoff, now: datetime) -> bool:
    """Who came in the hours of business is served to the end."""
    widget = handoff.session.widget
    moments = (handoff.triggered_at, now)
    return any(hours.is_open(widget.business_hours, widget.time_zone, moment) for moment in moments)


def _ring_if_free(handoff: Handoff, choice: Choice, now: datetime) -> bool:
    """Hold the closer's row, as accepting and taking do, and look again: a click may have come since the choice."""
    closer = Closer.objects.select_for_update(of=("self",), no_key=True).get(pk=choice.closer_id)
    if readiness.load([closer]).is_full(closer):
        return False
    expires_at = now + timedelta(seconds=policies.of(handoff.session).ring_seconds)
    made = Offer.objects.create(
        handoff=handoff, closer=closer, reason=choice.reason, offered_at=now, expires_at=expires_at
    )
    handoff.offered_at = handoff.offered_at or now
    if choice.closer_id == handoff.assigned_to_id:
        handoff.assigned_to = handoff.assigned_by = None  # Carried out: from here on the order is the usual one.
    handoff.save(update_fields=["offered_at", "assigned_to", "assigned_by"])
    _tell(Kind.HANDOFF_OFFERED, handoff, made, now)
    return True


def ring_on(leg: CallLeg, handoff: Handoff, closer: Closer, *, reason: str, now: datetime) -> bool:
    """Offer a call that rings on a leg which is not ours; False when the closer is busy."""
    if not _ring_if_free(handoff, Choice(closer.pk, reason), now):
        return False
    handoff.offers.filter(closer=closer, state=Offer.State.RINGING).update(leg=leg)
    return True


def stop_on(leg: CallLeg, handoff: Handoff, *, met_limit: bool, now: datetime) -> bool:
    """The leg that rang is gone; False when none rang on it. It may have rung too shortly to be called a miss.

    Whose line did not come about for want of one was not rung at all.
    """
    rung = list(_ringing(handoff).filter(leg=leg).select_related("closer"))
    if softphones.was_absent(leg):
        softphones.lose([offer.closer_id for offer in rung], softphones.rung_on(leg))
    _close(_ringing(handoff).filter(leg=leg), Offer.State.WITHDRAWN if met_limit else Offer.State.EXPIRED, now)
    if met_limit:
        roster.changed(handoff.session.team_id)
        return bool(rung)
    for offer in rung:
        _tell(Kind.HANDOFF_UNANSWERED, handoff, offer, now)
    return bool(rung)


# --- the end of a ring


def is_ringing(handoff: Handoff) -> bool:
    return handoff.offers.filter(state=Offer.State.RINGING).exists()


def declined(handoff: Handoff, offer: Offer, now: datetime) -> None:
    """Write down who left the call to others."""
    _let_go(handoff, now)
    _tell(Kind.HANDOFF_DECLINED, handoff, offer, now)


def withdraw(handoff: Handoff, now: datetime) -> None:
    _close(_ringing(handoff), Offer.State.WITHDRAWN, now)
    _let_go(handoff, now)
    roster.changed(handoff.session.team_id)


def expire(handoff: Handoff, now: datetime) -> None:
    """Nobody answered. Who lets a ring pass is not rung again before they say that they are back."""
    missed = list(_ringing(handoff).select_related("closer"))
    _close(_ringing(handoff), Offer.State.EXPIRED, now)
    _let_go(handoff, now)
    if policies.of(handoff.session).demotes_after_miss:
        Closer.objects.filter(pk__in=[offer.closer_id for offer in missed]).update(missed_at=now)
    for offer in missed:
        _tell(Kind.HANDOFF_UNANSWERED, handoff, offer, now)
    roster.changed(handoff.session.team_id)


def spare(handoff: Handoff, now: datetime) -> None:
    """Let the closer go as if they had not been rung: that no line is free says nothing of them."""
    closer = handoff.closer
    if closer is None:
        return
    handoff.offers.filter(closer=closer, state=Offer.State.ACCEPTED).update(state=Offer.State.WITHDRAWN)
    attempts.let_go(handoff)
    roster.changed(closer.team_id)


def why_over(offer: Offer) -> str:
    """Why this ring cannot be answered any more, in words for its closer."""
    offer = Offer.objects.select_related("handoff__attempt__closer", "handoff__session").get(pk=offer.pk)
    taker = taker_instead(offer)
    if taker is not None:
        return f"Taken by {taker.display_name}."
    if offer.state == Offer.State.WITHDRAWN and offer.handoff.session.ended_at:
        return "The prospect has left."
    return _OVER.get(offer.state, "This call is no longer waiting.")


def taker_instead(offer: Offer) -> Closer | None:
    """Who else has the call that this ring offered, or took it and could not be connected."""
    others = offer.handoff.offers.exclude(closer_id=offer.closer_id).select_related("closer")
    accepted = others.filter(state=Offer.State.ACCEPTED, answered_at__gte=offer.offered_at)
    last = accepted.order_by("answered_at").last()
    closer = offer.handoff.closer
    if closer is not None:
        return closer if closer.pk != offer.closer_id else None
    return last.closer if last else None


def _ringing(handoff: Handoff) -> QuerySet[Offer]:
    return handoff.offers.filter(state=Offer.State.RINGING).order_by("closer_id")


def _close(offers: QuerySet[Offer], state: str, now: datetime) -> None:
    offers.order_by().update(state=state, answered_at=now)


def _let_go(handoff: Handoff, now: datetime) -> None:
    """Hang up the legs on which the assistant rings somebody who does not take the call."""
    over = handoff.offers.exclude(state__in=[Offer.State.RINGING, Offer.State.ACCEPTED])
    for leg in CallLeg.objects.filter(pk__in=over.values("leg_id"), ended_at=None):
        connection.hang_up(handoff.session, leg, now=now)


def _tell(kind: Kind, handoff: Handoff, offer: Offer, now: datetime) -> None:
    closer = offer.closer
    what = {"handoff": str(handoff.pk), "offer": str(offer.pk), "closer": closer.pk, "closer_name": closer.display_name}
    if kind == Kind.HANDOFF_OFFERED:
        what["reason"] = offer.reason
    timeline.append(handoff.session, kind, what, occurred_at=now)
    roster.changed(closer.team_id)
