"""What the prospect hears from us while they wait."""

from datetime import datetime, timedelta

from handoff import announcements, client_state, policies
from handoff.commands import keys, ledger
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.legs import attempts
from handoff.legs.connection import prospect_leg
from handoff.models import Attempt, Handoff
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg
from sessions_app.visits import visits

# Longer than from one search, or one try, to the next: all of them are one wait.
BUSY_FOR = timedelta(seconds=10)


def say(handoff: Handoff, text: str, *, name: str, now: datetime, delay: timedelta = timedelta()) -> None:
    """Say a sentence to the prospect, if there is a leg to say it on."""
    leg = prospect_leg(handoff.session)
    if leg is not None:
        ledger.enqueue(handoff.session, _sentence(handoff, leg, text, name, delay), now=now, handoff=handoff)


def _sentence(handoff: Handoff, leg: CallLeg, text: str, name: str, delay: timedelta = timedelta()) -> Intent:
    mark = client_state.write(handoff.pk, client_state.sentence(name))
    said = {"text": text, "voice": handoff.session.widget.voice, "mark": mark}
    key = keys.say(handoff.pk, name)
    return Intent(CommandKind.SPEAK, key, call_control_id=leg.call_control_id, arguments=said, delay=delay)


def tell_waiting(handoff: Handoff, now: datetime) -> None:
    if handoff.prospect_free_at is None:
        return  # They talk with the assistant and know of nothing.
    leg = prospect_leg(handoff.session)
    if leg is None:
        return
    said = _sentence(handoff, leg, announcements.calling(), "waiting:0")
    # The event that brought us here does not prove that the leg lives.
    look_up = Intent(CommandKind.LOOK_UP, keys.look_up_waiting(handoff.pk), call_control_id=leg.call_control_id)
    ledger.enqueue_all(handoff.session, [said, look_up], now=now, handoff=handoff)


def tell_again(handoff: Handoff, now: datetime) -> None:
    """Nothing was said since the closer accepted, and the search may take as long as the first."""
    if handoff.prospect_free_at is not None:
        say(handoff, announcements.calling_another(), name=f"again:{attempts.of(handoff).number}", now=now)


def tell_dropped(handoff: Handoff, now: datetime) -> None:
    attempt = attempts.of(handoff)
    attempt.leg, attempt.broke_at = None, now
    attempt.save(update_fields=["leg", "broke_at"])
    handoff.broken = attempt
    handoff.give_up_at = now + timedelta(seconds=policies.of(handoff.session).max_wait_seconds)
    handoff.save(update_fields=["broken", "give_up_at"])
    say(handoff, announcements.dropped(), name=f"dropped:{attempt.number}", now=now)


def tell_busy(handoff: Handoff, now: datetime) -> None:
    """No leg is free. Whoever waits is told so once, by voice and on their page, and goes on waiting."""
    is_new = handoff.lines_busy_at is None or now - handoff.lines_busy_at > BUSY_FOR
    handoff.lines_busy_at = now
    handoff.save(update_fields=["lines_busy_at"])
    if is_new:
        timeline.append(handoff.session, Kind.HANDOFF_BUSY, {"handoff": str(handoff.pk)}, occurred_at=now)
    if handoff.prospect_free_at is not None:
        visits.meet_busy_lines(handoff.session)
        say(handoff, announcements.lines_busy(), name="busy", now=now)


def tell_taking_over(handoff: Handoff, now: datetime) -> None:
    """The assistant was stopped for the closer; the end of this sentence joins them."""
    name = handoff.closer.display_name if handoff.closer else ""
    say(handoff, announcements.taking_over(name), name=takeover(attempts.of(handoff)), now=now)


def takeover(attempt: Attempt) -> str:
    return f"{client_state.TAKEOVER}:{attempt.number}"
