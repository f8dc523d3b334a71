"""What each effect of the machine does: rows, and commands written into the ledger. Nothing here speaks to Telnyx."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from handoff import assignment, ledger, marks, roster, sentences
from handoff.ledger import Intent
from handoff.machine import Effect, Fact
from handoff.models import CallbackPromise, Closer, Handoff, Offer, RoutingPolicy
from handoff.readiness import candidates
from sessions_app import timeline
from sessions_app.models import CallLeg, VoiceSession

logger = logging.getLogger(__name__)

LEG_RING_SECONDS = 15
APOLOGY = "callback"
# Time for a closer to reload the page or to find the network again, before somebody else is rung.
CALL_AGAIN_FOR = timedelta(seconds=20)
# After the apology was spoken; its own end hastens this.
HANG_UP_AFTER_PROMISE = timedelta(seconds=25)


def run(effect: Effect, handoff: Handoff, *, now: datetime) -> Fact | None:
    """Carry out one effect inside the transaction of its move; may come back with the next fact."""
    return _RUN[effect](handoff, now)


def policy_of(handoff: Handoff) -> RoutingPolicy:
    return RoutingPolicy.objects.get_or_create(team_id=handoff.session.team_id)[0]


def prospect_leg(session: VoiceSession) -> CallLeg | None:
    """The prospect's leg while it can take commands: answered, alive, and not the assistant's own."""
    leg = CallLeg.objects.filter(call_control_id=session.call_control_id or "", ended_at=None).first()
    is_ours = leg is not None and leg.answered_at is not None and leg.connection_id == settings.TELNYX_CONNECTION_ID
    return leg if is_ours else None


def tell(handoff: Handoff, text: str, *, name: str, now: datetime, delay: timedelta = timedelta()) -> None:
    """Say a sentence to the prospect, if there is a leg to say it on."""
    leg = prospect_leg(handoff.session)
    if leg is None:
        return
    mark = marks.write(handoff.pk, marks.sentence(name))
    said = {"text": text, "voice": handoff.session.widget.voice, "mark": mark}
    key = f"{handoff.pk}:say:{name}"
    intent = Intent("speak", key, call_control_id=leg.call_control_id, arguments=said, delay=delay)
    ledger.enqueue(handoff.session, intent, now=now, handoff=handoff)


def _offer(handoff: Handoff, now: datetime) -> Fact | None:
    if handoff.closer_id:  # This one could not be connected; somebody else is looked for.
        handoff.closer, handoff.closer_leg = None, None
        handoff.save(update_fields=["closer", "closer_leg"])
    if now >= handoff.give_up_at:
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
    expires_at = now + timedelta(seconds=policy_of(handoff).ring_seconds)
    offer = Offer.objects.create(handoff=handoff, closer=closer, reason=reason, offered_at=now, expires_at=expires_at)
    handoff.offered_at = handoff.offered_at or now
    handoff.save(update_fields=["offered_at"])
    what = {"offer": str(offer.pk), "closer": closer.pk, "closer_name": closer.display_name, "reason": reason}
    timeline.append(handoff.session, "handoff.offered", what, occurred_at=now)
    roster.changed(handoff.session.team_id)


def _tell_waiting(handoff: Handoff, now: datetime) -> None:
    tell(handoff, sentences.calling(), name="waiting:0", now=now)
    leg = handoff.session.call_control_id
    if leg and prospect_leg(handoff.session):
        # The event that brought us here does not prove that the leg lives.
        ledger.enqueue(
            handoff.session, Intent("look_up", f"{handoff.pk}:look_up", call_control_id=leg), now=now, handoff=handoff
        )


def _tell_dropped(handoff: Handoff, now: datetime) -> None:
    handoff.dropped_by, handoff.dropped_at, handoff.closer_leg = handoff.closer, now, None
    handoff.give_up_at = now + timedelta(seconds=policy_of(handoff).max_wait_seconds)
    handoff.save(update_fields=["dropped_by", "dropped_at", "closer_leg", "give_up_at"])
    tell(handoff, sentences.dropped(), name=f"dropped:{handoff.attempt}", now=now)


def _close_ring(handoff: Handoff, state: str, now: datetime) -> None:
    handoff.offers.filter(state=Offer.State.RINGING).update(state=state, answered_at=now)
    roster.changed(handoff.session.team_id)


def _withdraw(handoff: Handoff, now: datetime) -> None:
    _close_ring(handoff, Offer.State.WITHDRAWN, now)


def _expire(handoff: Handoff, now: datetime) -> None:
    _close_ring(handoff, Offer.State.EXPIRED, now)


def _connect(handoff: Handoff, now: datetime) -> None:
    ledger.drop(handoff, {"speak"})
    closer = handoff.closer
    if closer is None:
        raise ValueError(f"hand-over {handoff.pk} has nobody to connect")
    arguments = {
        "to": f"sip:{closer.sip_username}@{settings.TELNYX_SIP_DOMAIN}",
        "ring_seconds": LEG_RING_SECONDS,
        "headers": {"X-Handoff-Id": str(handoff.pk)},
        "mark": marks.write(handoff.pk, marks.leg(handoff.attempt)),
    }
    if handoff.method != RoutingPolicy.Method.TRANSFER:
        _command(handoff, Intent("dial", _key(handoff, "dial"), arguments=arguments), now)
        return
    leg = prospect_leg(handoff.session)
    if leg is not None:  # Else the page is still rejoining, and its leg brings us here again.
        intent = Intent("transfer", _key(handoff, "transfer"), leg.call_control_id, arguments)
        _command(handoff, intent, now)


def _join(handoff: Handoff, now: datetime) -> None:
    prospect, closer = prospect_leg(handoff.session), handoff.closer_leg
    if prospect is None or closer is None or handoff.method == RoutingPolicy.Method.TRANSFER:
        return
    if handoff.method == RoutingPolicy.Method.BRIDGE:
        other = {"other": closer.call_control_id}
        _command(handoff, Intent("bridge", _key(handoff, "bridge"), prospect.call_control_id, other), now)
        return
    if handoff.conference_id:  # The prospect is still in it, after the first closer's line broke.
        _command(handoff, join_conference(handoff, closer), now)
        return
    name = {"name": f"handoff-{handoff.pk}-{handoff.attempt}"}
    intent = Intent("create_conference", _key(handoff, "conference"), prospect.call_control_id, name)
    _command(handoff, intent, now)


def join_conference(handoff: Handoff, closer: CallLeg) -> Intent:
    arguments = {"conference_id": handoff.conference_id}
    return Intent("join_conference", _key(handoff, "join"), closer.call_control_id, arguments)


def _drop_closer(handoff: Handoff, now: datetime) -> None:
    ledger.drop(handoff, {"dial", "transfer", "bridge", "create_conference", "join_conference"})
    leg = handoff.closer_leg
    if leg is not None and leg.ended_at is None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


def _drop_prospect(handoff: Handoff, now: datetime) -> None:
    leg = prospect_leg(handoff.session)
    if leg is not None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


def _promise(handoff: Handoff, now: datetime) -> None:
    session, minutes = handoff.session, policy_of(handoff).callback_minutes
    due_at = now + timedelta(minutes=minutes)
    prospect = session.prospect
    CallbackPromise.objects.get_or_create(
        session=session,
        defaults={
            "team_id": session.team_id,
            "owner": Closer.objects.filter(team_id=session.team_id).order_by("-is_supervisor", "pk").first(),
            "reason": "nobody_free",
            "promised_at": now,
            "due_at": due_at,
            "name": prospect.name if prospect else "",
            "phone": prospect.phone if prospect else "",
        },
    )
    session.callback_due_at = due_at
    session.save(update_fields=["callback_due_at"])
    ledger.drop(handoff, {"speak"})
    tell(handoff, sentences.callback(minutes), name=APOLOGY, now=now)
    leg = prospect_leg(session)
    if leg is not None:
        hang_up(session, leg, now=now, handoff=handoff, delay=HANG_UP_AFTER_PROMISE)


def hang_up(
    session: VoiceSession,
    leg: CallLeg,
    *,
    now: datetime,
    handoff: Handoff | None = None,
    delay: timedelta = timedelta(),
) -> None:
    intent = Intent("hang_up", hang_up_key(leg), leg.call_control_id, delay=delay)
    if ledger.enqueue(session, intent, now=now, handoff=handoff) is None and not delay:
        ledger.hasten(intent.key, now=now)


def hang_up_key(leg: CallLeg) -> str:
    return f"leg:{leg.pk}:hang_up"


def _key(handoff: Handoff, name: str) -> str:
    return f"{handoff.pk}:{handoff.attempt}:{name}"


def _command(handoff: Handoff, intent: Intent, now: datetime) -> None:
    if ledger.enqueue(handoff.session, intent, now=now, handoff=handoff) is not None:
        timeline.append(handoff.session, "command.sent", {"command": intent.kind}, occurred_at=now)


_RUN: dict[Effect, Callable[[Handoff, datetime], Fact | None]] = {
    Effect.OFFER: _offer,
    Effect.TELL_WAITING: _tell_waiting,
    Effect.TELL_DROPPED: _tell_dropped,
    Effect.WITHDRAW: _withdraw,
    Effect.EXPIRE: _expire,
    Effect.CONNECT: _connect,
    Effect.JOIN: _join,
    Effect.DROP_CLOSER: _drop_closer,
    Effect.DROP_PROSPECT: _drop_prospect,
    Effect.PROMISE: _promise,
}
