"""The only writer of hand-over state: a fact comes in, the machine says what follows, rows and effects are made."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from handoff import machine, policies
from handoff.callbacks import outbound, promises
from handoff.engine import effects
from handoff.legs import attempts, connection
from handoff.machine import STATES, Fact, State
from handoff.models import Handoff
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import VoiceSession
from sessions_app.visits import visits

logger = logging.getLogger(__name__)

_WITHOUT_ASSISTANT = frozenset({State.BRIDGING, State.CONNECTED})

_POLICY = "team__routing_policy"
HELD_WITH = ("attempt__closer", "attempt__leg", "attempt__listener_leg", "broken")


def lock(session_id: UUID) -> VoiceSession:
    """Hold a session's row, with what moves its hand-over, until the transaction ends."""
    return visits.lock(session_id, _POLICY)


def lock_unless_held(session_id: UUID) -> VoiceSession | None:
    """As `lock`, but None at once when somebody else holds it: for those who can come again."""
    return visits.lock_unless_held(session_id, _POLICY)


def open_handoff(session: VoiceSession) -> Handoff | None:
    """The hand-over that the prospect is in; a wrap-up is its closer's alone."""
    return open_among(_of(session).exclude(state__in=machine.SETTLED_STATES)[:1], session)


def every(session: VoiceSession) -> list[Handoff]:
    """All hand-overs of a locked session."""
    return list(_of(session))


def open_among(handoffs: Iterable[Handoff], session: VoiceSession) -> Handoff | None:
    handoff = next((one for one in handoffs if one.state not in machine.SETTLED_STATES), None)
    if handoff is not None:
        handoff.session = session
    return handoff


def _of(session: VoiceSession) -> QuerySet[Handoff]:
    return Handoff.objects.select_related(*HELD_WITH).filter(session=session)


def by_id(session: VoiceSession, handoff_id: UUID) -> Handoff:
    """One hand-over of a locked session, whatever its state."""
    handoff = Handoff.objects.select_related(*HELD_WITH).get(pk=handoff_id, session=session)
    handoff.session = session
    return handoff


def trigger(session: VoiceSession, reason: str, *, now: datetime, wants_person: bool = False) -> Handoff | None:
    """Begin the hand-over of a locked session, once per run of the assistant."""
    if Handoff.objects.filter(session=session, run=_run(session)).exists():
        return None
    return begin(session, reason, now=now, wants_person=wants_person)


def begin(session: VoiceSession, reason: str, *, now: datetime, wants_person: bool = False) -> Handoff:
    """Begin a hand-over that the session's present run does not have yet; without a prospect it is abandoned."""
    handoff = _new(session, reason, now=now, wants_person=wants_person)
    apply(handoff, Fact.PROSPECT_LEFT if session.ended_at else Fact.TRIGGERED, now=now)
    return handoff


def create(session: VoiceSession, reason: str, *, now: datetime, wants_person: bool = False) -> Handoff:
    """Write a hand-over down in which nothing has happened yet."""
    handoff = _new(session, reason, now=now, wants_person=wants_person)
    handoff.save(force_insert=True)
    return handoff


def _new(session: VoiceSession, reason: str, *, now: datetime, wants_person: bool) -> Handoff:
    """One that is written with its first move."""
    is_waiting = not session.is_assistant_running
    return Handoff(
        session=session,
        run=_run(session),
        trigger=reason,
        wants_person=wants_person,
        state=State.NONE,
        method=policies.of(session).method,
        deadline_at=now,
        triggered_at=now,
        prospect_free_at=now if is_waiting else None,
        give_up_at=_give_up_at(session, now) if is_waiting else None,
    )


def _give_up_at(session: VoiceSession, now: datetime) -> datetime:
    """From when the prospect waits; nobody waits while the assistant speaks."""
    return now + timedelta(seconds=policies.of(session).max_wait_seconds)


def _run(session: VoiceSession) -> int:
    return max(session.run_number, 1)


def apply(handoff: Handoff, fact: Fact, *, now: datetime) -> bool:
    """Let a fact move the hand-over of a locked session, with all that follows. False when it moved nothing."""
    following: Fact | None = fact
    has_moved = False
    while following is not None:
        current = State(handoff.state)
        move = machine.follow(current, following)
        if move is None or not _advance(handoff, move, current, following, now):
            logger.info("handoff %s: %s ignored in %s", handoff.pk, following, current)
            return has_moved
        has_moved = True
        raised = [effects.run(effect, handoff, now=now) for effect in move.effects]
        following = next((fact for fact in raised if fact is not None), None)
    return has_moved


def _advance(handoff: Handoff, move: machine.Move, current: State, fact: Fact, now: datetime) -> bool:
    following = move.state
    values: dict[str, object] = {"state": following}
    if following != current or move.restarts:
        values["deadline_at"] = _deadline(handoff, following, now)
    stamp = STATES[following].stamp
    if stamp and following != current:
        values[stamp] = now
    if handoff.prospect_free_at is None and _begins_to_wait(handoff, fact, following):
        values |= {"prospect_free_at": now, "give_up_at": _give_up_at(handoff.session, now)}
    if following in machine.TERMINAL_STATES:
        values |= {"ended_at": now, "outcome": handoff.outcome or str(fact)}
    is_new = handoff._state.adding
    mine = Handoff.objects.filter(pk=handoff.pk, state=current, attempt=handoff.attempt_id)
    if not is_new and not mine.update(**values):
        handoff.refresh_from_db(fields=["state", "attempt"])
        return False  # Another worker got there first.
    for name, value in values.items():
        setattr(handoff, name, value)
    if is_new:
        handoff.save(force_insert=True)
    _stamp_attempt(handoff, current, following, fact, now)
    _show(handoff)
    if following != current:
        _tell(handoff, current, following, fact, now)
        if following == State.CONNECTED:
            promises.connected(handoff, now)
    return True


def _stamp_attempt(handoff: Handoff, current: State, following: State, fact: Fact, now: datetime) -> None:
    about = STATES[following]
    if STATES[current].is_talking and not about.is_talking:
        attempts.stamp(handoff, "over_at", now)
    # A line that is free again does not make the closer accept anew.
    if about.attempt_stamp and following != current and fact != Fact.LINE_FREE:
        attempts.stamp(handoff, about.attempt_stamp, now)


def _begins_to_wait(handoff: Handoff, fact: Fact, following: State) -> bool:
    """Whether the prospect waits from here on; a closer may also go while they are announced, after the assistant."""
    is_left = following == State.RESERVED and not handoff.session.is_assistant_running
    return fact == Fact.PROSPECT_FREE or following in _WITHOUT_ASSISTANT or is_left


def _show(handoff: Handoff) -> None:
    """What the prospect may see. While the assistant speaks with them, they see nothing of it."""
    session, state = handoff.session, State(handoff.state)
    phase = STATES[state].phase
    if not phase or session.ended_at:
        return
    is_waiting = phase == machine.HANDING_OVER and handoff.prospect_free_at is not None
    shown = "" if phase == machine.HANDING_OVER and not is_waiting else phase
    closer = handoff.closer if STATES[state].names_closer and shown else None
    name = closer.display_name if closer else ""
    # Where somebody is looked for it may still be for want of a line that they wait.
    met = None if state in {State.RESERVED, State.QUEUED} else handoff.outcome == Fact.LINES_BUSY
    visits.show(session, phase=shown, closer_name=name, met_busy_lines=met)


def _tell(handoff: Handoff, current: State, following: State, fact: Fact, now: datetime) -> None:
    logger.info("handoff %s: %s -> %s (%s)", handoff.pk, current, following, fact)
    is_ring = following == State.RINGING or (current, following) == (State.RINGING, State.RESERVED)
    if is_ring or (following == State.SEATED and handoff.prospect_free_at):
        return  # Each ring writes its own entries, with the closer and the reason; a seat nobody waits in is none.
    is_unreached = following in machine.TERMINAL_STATES and outbound.is_under_way(handoff)
    kind = Kind.CALLBACK_UNANSWERED if is_unreached else _entry(current, following, fact)
    if kind is not None:
        timeline.append(handoff.session, kind, _payload(handoff, fact), occurred_at=now)


def _entry(current: State, following: State, fact: Fact) -> Kind | None:
    if fact == Fact.HANDED_BACK:
        return Kind.HANDOFF_HANDED_BACK
    if fact == Fact.LINE_FREE:
        return Kind.HANDOFF_LINE_FREE
    if following != State.RESERVED:
        return STATES[following].entry
    return STATES[current].search_entry


def _payload(handoff: Handoff, fact: Fact) -> dict[str, object]:
    payload: dict[str, object] = {"handoff": str(handoff.pk), "reason": str(fact)}
    if handoff.closer is not None:
        payload |= {"closer": handoff.closer.pk, "closer_name": handoff.closer.display_name}
    if fact == Fact.HANDED_BACK and handoff.instruction:
        payload["instruction"] = handoff.instruction
    return payload


def _ends_soon(handoff: Handoff) -> bool:
    """Whether the assistant was, or is about to be, asked to let the closer on."""
    takes_now = handoff.attempt is not None and handoff.attempt.takes_now
    return takes_now or connection.is_closing(handoff.session)


def _deadline(handoff: Handoff, state: State, now: datetime) -> datetime | None:
    """When the state has lasted too long; None for the states that last for ever."""
    lasts: timedelta | machine.OfPolicy | None = STATES[state].lasts
    if lasts is None:
        return None
    if state == State.ACCEPTED and handoff.attempt is not None and handoff.attempt.awaits_line:
        lasts = machine.REGISTERING
    elif state == State.SEATED and _ends_soon(handoff):
        lasts = machine.FREEING
    if isinstance(lasts, machine.OfPolicy):
        lasts = timedelta(seconds=getattr(policies.of(handoff.session), lasts))
    return now + (outbound.patience(handoff, state) or lasts)
