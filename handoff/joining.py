"""The legs of a hand-over: set the closer's up, bring both together, hang up. Commands only, written in the ledger."""

from datetime import datetime, timedelta

from django.conf import settings

from handoff import ledger, marks
from handoff.ledger import Intent
from handoff.machine import Fact
from handoff.models import Handoff, RoutingPolicy
from sessions_app import timeline
from sessions_app.models import CallLeg, VoiceSession

LEG_RING_SECONDS = 15


def prospect_leg(session: VoiceSession) -> CallLeg | None:
    """The prospect's leg while it can take commands: answered, alive, and not the assistant's own."""
    leg = CallLeg.objects.filter(call_control_id=session.call_control_id or "", ended_at=None).first()
    is_ours = leg is not None and leg.answered_at is not None and leg.connection_id == settings.TELNYX_CONNECTION_ID
    return leg if is_ours else None


def connect(handoff: Handoff, now: datetime) -> None:
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


def seat(handoff: Handoff, now: datetime) -> Fact | None:
    """The closer's leg is up: nothing keeps a prospect waiting whose assistant has ended."""
    return Fact.PROSPECT_FREE


def free_prospect(handoff: Handoff, now: datetime) -> Fact | None:
    return Fact.PROSPECT_FREE


def return_prospect(handoff: Handoff, now: datetime) -> None:
    return None


def join(handoff: Handoff, now: datetime) -> None:
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


def drop_closer(handoff: Handoff, now: datetime) -> None:
    ledger.drop(handoff, {"dial", "transfer", "bridge", "create_conference", "join_conference"})
    leg = handoff.closer_leg
    if leg is not None and leg.ended_at is None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


def drop_prospect(handoff: Handoff, now: datetime) -> None:
    leg = prospect_leg(handoff.session)
    if leg is not None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


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
