"""The legs of a hand-over: set the closer's up, bring both together, hang up. Commands only, written in the ledger."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from handoff import client_state
from handoff.closers import softphones
from handoff.commands import keys, kinds, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.legs import assistant_runs, attempts
from handoff.machine import Fact, State
from handoff.models import Closer, Command, Handoff, Offer, RoutingPolicy
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.models.people import ConnectionMode
from sessions_app.visits import capacity, visits

LEG_RING_SECONDS = 15
# How long the assistant is given for its last sentence once it knows all that it had to find out; where the closer's
# line waits already, only for a word of thanks.
LAST_SENTENCE = timedelta(seconds=6)
THANKS = timedelta(seconds=2)
# The closer's hang-up hastens the assistant's return; without word of it, this is how long it waits.
LETTING_GO = timedelta(seconds=3)
# Says of a bridge that it takes the prospect off the assistant's own leg.
REACH = "reach"


def prospect_leg(session: VoiceSession) -> CallLeg | None:
    """The prospect's leg while it can take commands: answered, alive, and not the assistant's alone."""
    leg = session.current_leg
    if leg is None or leg.answered_at is None or leg.ended_at is not None or leg.refused_at is not None:
        return None
    # Called in by the page, or called out by us to keep a promise.
    ours = {settings.TELNYX_CONNECTION_ID, settings.TELNYX_CALL_CONTROL_APP_ID}
    return leg if leg.connection_id in ours else None


def is_taken(session: VoiceSession) -> bool:
    """Whether a person has been brought onto the assistant's own leg, which then ends with that talk."""
    if not session.is_leg_tried or session.has_rejoined:
        return False
    return Handoff.objects.filter(session=session, connected_at__isnull=False).exists()


def connect(handoff: Handoff, now: datetime) -> None:
    """Ring the closer's own phone or softphone; a transfer rings it only once the prospect can be moved."""
    ledger.drop(handoff, {CommandKind.SPEAK})
    closer = handoff.closer
    if closer is None:
        raise ValueError(f"hand-over {handoff.pk} has nobody to connect")
    if attempts.of(handoff).awaits_line or _adopt_assistants_leg(handoff, closer):
        return
    if not _is_transfer(handoff):
        _ring_up(handoff, closer, attempts.intent(handoff, CommandKind.DIAL, arguments=_ring(handoff, closer)), now)
        return
    leg = prospect_leg(handoff.session)
    if leg is not None:  # Else the page is still rejoining, and its leg brings us here again.
        intent = attempts.intent(handoff, CommandKind.TRANSFER, leg.call_control_id, _ring(handoff, closer))
        _ring_up(handoff, closer, intent, now)


def _ring_up(handoff: Handoff, closer: Closer, intent: Intent, now: datetime) -> None:
    """Ring a closer; a softphone that was quiet for long is looked for first, for a moment."""
    if softphones.is_quiet(closer, now):
        asked = {"username": closer.sip_username, "rings": intent.kind}
        _command(handoff, attempts.intent(handoff, CommandKind.LOOK_UP_LINE, arguments=asked), now)
        intent = replace(intent, delay=softphones.LOOKED_UP_WITHIN)
    _command(handoff, intent, now)


def line_looked_up(handoff: Handoff, command: Command, *, is_there: bool, now: datetime) -> Fact | None:
    """Ring now, unless nobody is registered there; a ring that has gone out meanwhile is left to ring."""
    key = keys.of_attempt(handoff.pk, attempts.of(handoff).number, command.arguments["rings"])
    if not is_there and ledger.take_back(key):
        return softphones.unreached(handoff, command.arguments["username"], now)
    ledger.hasten(key, now=now)
    return None


def rung_at(handoff: Handoff) -> str:
    """The login at which the softphone was rung for the present line; "" when it was not."""
    rings = Command.objects.filter(attempt=handoff.attempt_id, kind__in=(CommandKind.DIAL, CommandKind.TRANSFER))
    ring = rings.first()
    return ring.arguments["to"].removeprefix("sip:").partition("@")[0] if ring else ""


def seek_line(handoff: Handoff, now: datetime) -> Fact | None:
    """Wait for the closer's page to register anew. What belongs to the ring that went nowhere is late from here on."""
    ledger.drop(handoff, kinds.JOINS)
    capacity.expect_closer(handoff.session, until=None)
    attempts.again(handoff, now)
    what = {"handoff": str(handoff.pk), "closer": handoff.closer_id}
    timeline.append(handoff.session, Kind.HANDOFF_LINE_SOUGHT, what, occurred_at=now)
    # A page that was reloaded may have registered anew before the ring to its former login came back.
    return Fact.REGISTERED if softphones.found(handoff, now) else None


def _adopt_assistants_leg(handoff: Handoff, closer: Closer) -> bool:
    """The assistant itself rings this closer: their answer joins both, and no command of ours is needed."""
    offers = handoff.offers.filter(closer=closer, state=Offer.State.ACCEPTED, leg__ended_at=None, leg__isnull=False)
    offer = offers.select_related("leg").order_by("offered_at").last()
    if offer is None or offer.leg is None:
        return False
    attempts.carry(handoff, offer.leg)
    handoff.session.is_leg_tried = True
    handoff.session.save(update_fields=["is_leg_tried"])
    return True


def _ring(handoff: Handoff, closer: Closer) -> dict[str, Any]:
    return {
        "to": address_of(closer),
        "ring_seconds": LEG_RING_SECONDS,
        "headers": {"X-Handoff-Id": str(handoff.pk), "X-Session-Id": str(handoff.session_id)},
        "mark": client_state.write(handoff.pk, client_state.leg(attempts.of(handoff).number)),
    }


def _listen(handoff: Handoff, now: datetime) -> None:
    """Let the closer who waits hear the prospect, on a leg beside their own.

    A leg that supervises takes no command but its end, and one whose role is switched was seen to carry no sound to
    anybody (seen live by third parties, 2026). So it is never the one that is joined: the seat is as warm as without
    it, and whatever becomes of it is of no matter to the hand-over.
    """
    prospect, closer = prospect_leg(handoff.session), handoff.closer
    if prospect is None or closer is None:
        return
    arguments = {
        "to": address_of(closer),
        "ring_seconds": LEG_RING_SECONDS,
        "headers": {"X-Listens-To": str(handoff.pk)},
        "mark": client_state.write(handoff.pk, client_state.ear(attempts.of(handoff).number)),
        "supervise": prospect.call_control_id,
    }
    _command(handoff, attempts.intent(handoff, CommandKind.LISTEN, arguments=arguments), now)


def hears_on(leg: CallLeg, handoff: Handoff | None) -> bool:
    """Note the leg on which a closer listens in; False when this closer does not wait to hear any more."""
    attempt = handoff.attempt if handoff is not None and handoff.state == State.SEATED else None
    if attempt is None or not attempt.listens_in:
        return False
    if attempt.listener_leg_id != leg.pk:
        attempt.listener_leg = leg
        attempt.save(update_fields=["listener_leg"])
    return True


def stop_listening(handoff: Handoff, now: datetime) -> None:
    ledger.drop(handoff, {CommandKind.LISTEN})
    leg = handoff.attempt.listener_leg if handoff.attempt else None
    if leg is not None and leg.ended_at is None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


def dial_again(handoff: Handoff, now: datetime) -> Fact | None:
    """Have the closer's leg dialled anew once a line is free, as long as the prospect may be kept waiting."""
    if handoff.give_up_at is not None and now >= handoff.give_up_at:
        handoff.outcome = str(Fact.LINES_BUSY)
        return Fact.NOBODY_LEFT
    if handoff.closer is None or not handoff.closer.is_alive(now):
        return Fact.RELEASED  # They went away meanwhile.
    if not capacity.may_dial(handoff.session, now=now):
        return None
    attempts.again(handoff, now)
    return Fact.LINE_FREE


def address_of(closer: Closer) -> str:
    """Where a closer is rung: a SIP URI, or a number in +E.164."""
    if closer.reached_by == Closer.ReachedBy.SOFTPHONE:
        return f"sip:{closer.sip_username}@{settings.TELNYX_SIP_DOMAIN}"
    return closer.address


def seat(handoff: Handoff, now: datetime) -> Fact | None:
    """The closer's leg is up: join at once, unless the assistant still speaks and may finish."""
    if not handoff.session.is_assistant_running:
        return Fact.PROSPECT_FREE
    attempt = attempts.of(handoff)
    if attempt.takes_now or is_closing(handoff.session):
        return free_prospect(handoff, now)
    if attempt.listens_in and capacity.may_dial(handoff.session, now=now):
        _listen(handoff, now)
    return None


def free_prospect(handoff: Handoff, now: datetime) -> Fact | None:
    """Stop the assistant where that does not end the call; the closer follows, after a sentence if they come early."""
    session = handoff.session
    if not session.is_assistant_running or not stop_assistant(session, now=now):
        return Fact.PROSPECT_FREE
    return None


def stop_assistant(session: VoiceSession, *, now: datetime, delay: timedelta = timedelta()) -> bool:
    """Have the running assistant stopped, once; a later wish can only hasten it. False where it has its own leg."""
    leg, run = prospect_leg(session), session.current_run
    if leg is None or run is None:
        return False
    key, arguments = keys.stop(run.pk), {"run": run.number}
    intent = Intent(CommandKind.STOP_ASSISTANT, key, leg.call_control_id, arguments, delay=delay, run=run)
    if ledger.enqueue(session, intent, now=now) is not None:
        timeline.append(session, Kind.COMMAND_SENT, {"command": intent.kind}, occurred_at=now)
    elif not delay:
        ledger.hasten(intent.key, now=now)
    return True


def is_closing(session: VoiceSession) -> bool:
    """Whether the assistant knows all that it had to find out, and says its last sentence."""
    run = session.current_run
    return run is not None and run.complete_at is not None


def give_up_leg(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """The assistant may still speak on this leg, so nobody is brought onto it: the page comes back on another one."""
    leg.refused_at = now
    leg.save(update_fields=["refused_at"])
    timeline.append(session, Kind.PROSPECT_REJOINS, occurred_at=now)


def return_prospect(handoff: Handoff, now: datetime) -> None:
    """Give the prospect back to the assistant; it starts once the closer's leg has let go of theirs."""
    leg = prospect_leg(handoff.session)
    if leg is None:
        return
    if handoff.conference_id:
        conference = {"conference_id": handoff.conference_id}
        kind = CommandKind.LEAVE_CONFERENCE
        _command(handoff, attempts.intent(handoff, kind, leg.call_control_id, conference, name="leave"), now)
    visits.show(handoff.session, phase="")
    assistant_runs.give_back(handoff.session, leg, instruction=handoff.instruction, now=now, delay=LETTING_GO)


def join(handoff: Handoff, now: datetime) -> None:
    stop_listening(handoff, now)
    prospect, closer = prospect_leg(handoff.session), handoff.closer_leg
    if closer is None or _is_transfer(handoff):
        return
    if prospect is not None and handoff.session.is_assistant_running:
        give_up_leg(handoff.session, prospect, now=now)  # It did not end in time, and nothing says that it is silent.
        return
    if prospect is None:
        _reach(handoff, closer, now)
    elif handoff.method != RoutingPolicy.Method.CONFERENCE:
        other = {"other": closer.call_control_id}
        _command(handoff, attempts.intent(handoff, CommandKind.BRIDGE, prospect.call_control_id, other), now)
    elif handoff.conference_id:  # The prospect is still in it, after the first closer's line broke.
        _command(handoff, join_conference(handoff, closer), now)
    else:
        name = {"name": f"handoff-{handoff.pk}-{attempts.of(handoff).number}"}
        kind = CommandKind.CREATE_CONFERENCE
        _command(handoff, attempts.intent(handoff, kind, prospect.call_control_id, name, name="conference"), now)


def _reach(handoff: Handoff, closer: CallLeg, now: datetime) -> None:
    """Try to take the prospect off the assistant's own leg while it lives; when it refuses, the page rejoins."""
    session = handoff.session
    is_theirs = session.connection_mode == ConnectionMode.ANONYMOUS and not session.has_rejoined
    if not is_theirs or session.leg_refused or session.assistant_ended_at or not session.call_control_id:
        return
    if not settings.TELNYX_BRIDGE_ENDS_ASSISTANT:
        session.leg_refused = True
        session.save(update_fields=["leg_refused"])
        timeline.append(session, Kind.PROSPECT_REJOINS, occurred_at=now)
        return
    session.is_leg_tried = True
    session.save(update_fields=["is_leg_tried"])
    other = {"other": session.call_control_id, REACH: True}
    _command(handoff, attempts.intent(handoff, CommandKind.BRIDGE, closer.call_control_id, other, name="reach"), now)


def _is_transfer(handoff: Handoff) -> bool:
    """A closer who accepted while the assistant spoke has a seat, and is bridged from there."""
    return handoff.method == RoutingPolicy.Method.TRANSFER and attempts.of(handoff).is_cold


def is_asked(handoff: Handoff) -> bool:
    """Whether Telnyx was asked, for this closer, to bring the two together."""
    mine = Command.objects.filter(attempt=handoff.attempt_id, sent_at__isnull=False)
    return mine.filter(kind__in=(CommandKind.BRIDGE, CommandKind.TRANSFER)).exists()


def join_conference(handoff: Handoff, closer: CallLeg) -> Intent:
    arguments = {"conference_id": handoff.conference_id}
    kind = CommandKind.JOIN_CONFERENCE
    return attempts.intent(handoff, kind, closer.call_control_id, arguments, name="join")


def drop_closer(handoff: Handoff, now: datetime) -> None:
    ledger.drop(handoff, kinds.JOINS)
    stop_listening(handoff, now)
    capacity.expect_closer(handoff.session, until=None)
    leg = handoff.closer_leg
    if leg is not None and leg.ended_at is None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


def drop_prospect(handoff: Handoff, now: datetime) -> None:
    session = handoff.session
    leg = prospect_leg(session)
    if leg is None and is_taken(session):
        leg = session.current_leg
    if leg is not None and leg.ended_at is None:
        hang_up(handoff.session, leg, now=now, handoff=handoff)


def hang_up(
    session: VoiceSession,
    leg: CallLeg,
    *,
    now: datetime,
    handoff: Handoff | None = None,
    delay: timedelta = timedelta(),
) -> None:
    """Wish a leg to end, once: what puts it off, or leaves it open, is made good until the leg is over."""
    intent = Intent(CommandKind.HANG_UP, keys.hang_up(leg.pk), leg.call_control_id, delay=delay)
    if ledger.enqueue(session, intent, now=now, handoff=handoff) is None and not delay:
        ledger.hasten(intent.key, now=now)


def leg_over(leg: CallLeg) -> None:
    """The leg is known to have ended: its end is wished no more."""
    wishes = Command.objects.filter(
        session_id=leg.session_id, kind=CommandKind.HANG_UP, call_control_id=leg.call_control_id
    )
    wishes.filter(state=Command.State.PENDING).update(state=Command.State.DROPPED, due_at=None)


def _command(handoff: Handoff, intent: Intent, now: datetime) -> None:
    if ledger.enqueue(handoff.session, intent, now=now, handoff=handoff) is not None:
        if intent.kind in kinds.CALLS_CLOSER:
            capacity.expect_closer(handoff.session, until=now + capacity.DIAL_WITHIN)
        timeline.append(handoff.session, Kind.COMMAND_SENT, {"command": intent.kind}, occurred_at=now)
