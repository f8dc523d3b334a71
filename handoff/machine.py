"""The hand-over as a table: facts in, the next state and the effects out. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sessions_app.kinds import Kind


class State(StrEnum):
    NONE = "none"
    RESERVED = "reserved"  # somebody is looked for
    RINGING = "ringing"  # one closer's dashboard rings
    ACCEPTED = "accepted"  # a closer took it; their leg is being set up
    QUEUED = "queued"  # a closer took it, and every line is busy: their leg is dialled again in a moment
    SEATED = "seated"  # their leg is up and waits for the assistant's end
    BRIDGING = "bridging"  # their leg is up; the two are being joined
    CONNECTED = "connected"
    DROPPED = "dropped"  # the closer's line broke; the prospect is still there
    WRAP_UP = "wrap_up"
    COMPLETED = "completed"
    ABANDONED = "abandoned"  # the prospect left
    UNANSWERED = "unanswered"  # nobody came; a callback is promised
    FAILED = "failed"


class Fact(StrEnum):
    TRIGGERED = "triggered"
    OFFERED = "offered"
    NOBODY_LEFT = "nobody_left"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    CLOSER_ANSWERED = "closer_answered"
    TAKEN_OVER = "taken_over"  # the closer will not wait for the assistant's end
    CLOSING = "closing"  # all is known, and the assistant is given time for its last sentence
    PROSPECT_FREE = "prospect_free"  # the assistant has ended, or nothing can keep the prospect with it
    PROSPECT_READY = "prospect_ready"  # a new leg of the prospect is up
    JOINED = "joined"
    CLOSER_LOST = "closer_lost"
    UNREACHED = "unreached"  # the closer's softphone is not where it was rung
    REGISTERED = "registered"  # it is there now, under another login
    LINES_BUSY = "lines_busy"  # a limit of the account, or our own, lets no further leg come about
    LINE_FREE = "line_free"
    COMMAND_FAILED = "command_failed"
    PROSPECT_LEFT = "prospect_left"
    RELEASED = "released"
    HANDED_BACK = "handed_back"
    WRAPPED_UP = "wrapped_up"
    DEADLINE = "deadline"


class Effect(StrEnum):
    OFFER = "offer"  # look for a closer and ring them, or find that nobody is left
    TELL_WAITING = "tell_waiting"
    TELL_AGAIN = "tell_again"  # this closer could not be connected, and somebody else is rung
    TELL_DROPPED = "tell_dropped"
    TELL_BUSY = "tell_busy"  # every line is busy, and it is tried again
    DIAL_AGAIN = "dial_again"  # look for a free line, or find that the wait was long enough
    SPARE_CLOSER = "spare_closer"  # let the closer go as if they had not been rung
    WITHDRAW = "withdraw"  # stop the rings that nobody needs any more
    EXPIRE = "expire"  # the ring was not answered
    CONNECT = "connect"  # set up the closer's leg
    SEEK_LINE = "seek_line"  # have the closer's page register anew
    SEAT = "seat"  # the leg is up: join at once unless the assistant still speaks
    FREE_PROSPECT = "free_prospect"  # end the assistant politely
    JOIN = "join"  # bring both legs together
    DROP_CLOSER = "drop_closer"
    DROP_PROSPECT = "drop_prospect"
    RETURN_PROSPECT = "return_prospect"  # let the assistant take the prospect again
    PROMISE = "promise"  # promise a callback and say so


class OfPolicy(StrEnum):
    """The times that a team sets."""

    RING = "ring_seconds"
    WRAP_UP = "wrap_up_seconds"


# How long a state may last before the DEADLINE fact.
SEARCH_INTERVAL = timedelta(seconds=1)
LEG_SETUP = timedelta(seconds=20)
# A page needs two or three: a login from Telnyx, a socket, the registration. Then somebody else is looked for.
REGISTERING = timedelta(seconds=8)
# Before a line is asked for again: others hang up meanwhile, and asking more often would find no more lines.
BUSY_PAUSE = timedelta(seconds=4)
# The longest that an assistant may let a closer listen or wait.
LONGEST_SEAT = timedelta(minutes=15)
# From the wish to take over to the end of the assistant's last sentence.
FREEING = timedelta(seconds=8)
JOINING = timedelta(seconds=15)
LONGEST_TALK = timedelta(hours=4)
# Both legs of a talk end together when the prospect hangs up, and the closer's end may be told first.
DROP_GRACE = timedelta(seconds=2)


# What the prospect's page is told of the visit, where the hand-over has a say in it.
HANDING_OVER, HUMAN, CALLBACK = "handing_over", "human", "callback"


@dataclass(frozen=True)
class About:
    """What hangs on a state.

    `lasts` is the longest that it may last; None at an end. `phase` is what the prospect's page is shown, `stamp` the
    column of the hand-over, and `attempt_stamp` that of the closer's attempt, which say when the state was reached,
    `entry` what the timeline tells then, and `search_entry` what it tells when the search begins from here. During a
    state that `is_talking` its closer can have no other call, and where it `names_closer` the prospect is told who
    comes.
    """

    lasts: timedelta | OfPolicy | None = None
    phase: str = ""
    stamp: str = ""
    attempt_stamp: str = ""
    entry: Kind | None = None
    search_entry: Kind | None = None
    is_talking: bool = False
    names_closer: bool = False


STATES: dict[State, About] = {
    State.NONE: About(lasts=timedelta(), search_entry=Kind.HANDOFF_TRIGGERED),
    State.RESERVED: About(lasts=SEARCH_INTERVAL, phase=HANDING_OVER),
    State.RINGING: About(lasts=OfPolicy.RING, phase=HANDING_OVER),
    # Shorter while the closer's softphone registers anew.
    State.ACCEPTED: About(
        lasts=LEG_SETUP,
        phase=HANDING_OVER,
        attempt_stamp="accepted_at",
        entry=Kind.HANDOFF_ACCEPTED,
        search_entry=Kind.HANDOFF_FAILED,
        is_talking=True,
        names_closer=True,
    ),
    State.QUEUED: About(
        lasts=BUSY_PAUSE,
        phase=HANDING_OVER,
        entry=Kind.HANDOFF_QUEUED,
        search_entry=Kind.HANDOFF_FAILED,
        is_talking=True,
    ),
    # Shorter once the assistant was, or is about to be, asked to let the closer on.
    State.SEATED: About(
        lasts=LONGEST_SEAT,
        phase=HANDING_OVER,
        attempt_stamp="seated_at",
        entry=Kind.HANDOFF_SEATED,
        search_entry=Kind.HANDOFF_FAILED,
        is_talking=True,
        names_closer=True,
    ),
    State.BRIDGING: About(
        lasts=JOINING,
        phase=HANDING_OVER,
        entry=Kind.HANDOFF_BRIDGING,
        search_entry=Kind.HANDOFF_FAILED,
        is_talking=True,
        names_closer=True,
    ),
    State.CONNECTED: About(
        lasts=LONGEST_TALK,
        phase=HUMAN,
        stamp="connected_at",
        attempt_stamp="connected_at",
        entry=Kind.HANDOFF_CONNECTED,
        is_talking=True,
        names_closer=True,
    ),
    State.DROPPED: About(
        lasts=DROP_GRACE,
        phase=HANDING_OVER,
        entry=Kind.HANDOFF_DROPPED,
        search_entry=Kind.HANDOFF_TRIGGERED,
        is_talking=True,
    ),
    State.WRAP_UP: About(lasts=OfPolicy.WRAP_UP, stamp="released_at", entry=Kind.HANDOFF_RELEASED),
    State.COMPLETED: About(entry=Kind.HANDOFF_COMPLETED),
    State.ABANDONED: About(entry=Kind.HANDOFF_ABANDONED),
    State.UNANSWERED: About(phase=CALLBACK, entry=Kind.CALLBACK_PROMISED),
    State.FAILED: About(entry=Kind.HANDOFF_FAILED),
}

TERMINAL_STATES = frozenset(state for state, about in STATES.items() if about.lasts is None)
# Nobody has it yet.
OFFERED_STATES = frozenset({State.NONE, State.RESERVED, State.RINGING})
# A closer has it: with one's two ears nobody is rung, whatever their capacity.
TALKING_STATES = frozenset(state for state, about in STATES.items() if about.is_talking)
BUSY_STATES = TALKING_STATES | {State.WRAP_UP}
# The prospect is no longer in it: another hand-over of the same session may begin.
SETTLED_STATES = TERMINAL_STATES | {State.WRAP_UP}


@dataclass(frozen=True)
class Move:
    """What follows a fact. A move within one state keeps the time that the state has left, unless it `restarts`."""

    state: State
    effects: tuple[Effect, ...] = ()
    restarts: bool = False


_SEARCH = Move(State.RESERVED, (Effect.TELL_WAITING, Effect.OFFER))
_SEARCH_AGAIN = Move(State.RESERVED, (Effect.DROP_CLOSER, Effect.TELL_AGAIN, Effect.OFFER))
# A second leg that the closer's talk needs did not come about. Their own is up, so they may be the next to be rung.
_SEARCH_LATER = Move(State.RESERVED, (Effect.DROP_CLOSER, Effect.SPARE_CLOSER, Effect.TELL_BUSY))
_TAKE = Move(State.ACCEPTED, (Effect.WITHDRAW, Effect.CONNECT))
_JOIN = Move(State.BRIDGING, (Effect.JOIN,))
_TALK_OVER = Move(State.WRAP_UP, (Effect.DROP_CLOSER, Effect.DROP_PROSPECT))

TABLE: dict[tuple[State, Fact], Move] = {
    (State.NONE, Fact.TRIGGERED): _SEARCH,
    (State.NONE, Fact.DEADLINE): _SEARCH,
    (State.NONE, Fact.ACCEPTED): _TAKE,
    (State.NONE, Fact.PROSPECT_LEFT): Move(State.ABANDONED),
    # Looking for somebody; while the assistant speaks, nobody waits and nobody gives up
    (State.RESERVED, Fact.OFFERED): Move(State.RINGING),
    (State.RESERVED, Fact.ACCEPTED): _TAKE,
    (State.RESERVED, Fact.DEADLINE): Move(State.RESERVED, (Effect.OFFER,), restarts=True),
    (State.RESERVED, Fact.PROSPECT_FREE): Move(State.RESERVED, (Effect.TELL_WAITING, Effect.OFFER), restarts=True),
    (State.RESERVED, Fact.PROSPECT_READY): Move(State.RESERVED, (Effect.TELL_WAITING,)),
    (State.RESERVED, Fact.NOBODY_LEFT): Move(State.UNANSWERED, (Effect.PROMISE,)),
    (State.RESERVED, Fact.PROSPECT_LEFT): Move(State.ABANDONED),
    # Dashboards ring
    (State.RINGING, Fact.ACCEPTED): _TAKE,
    (State.RINGING, Fact.DECLINED): Move(State.RESERVED, (Effect.OFFER,)),
    (State.RINGING, Fact.DEADLINE): Move(State.RESERVED, (Effect.EXPIRE, Effect.OFFER)),
    (State.RINGING, Fact.PROSPECT_FREE): Move(State.RINGING, (Effect.TELL_WAITING,)),
    (State.RINGING, Fact.PROSPECT_READY): Move(State.RINGING, (Effect.TELL_WAITING,)),
    (State.RINGING, Fact.PROSPECT_LEFT): Move(State.ABANDONED, (Effect.WITHDRAW,)),
    # A closer took it. A transfer joins by itself, so JOINED may come without CLOSER_ANSWERED.
    (State.ACCEPTED, Fact.CLOSER_ANSWERED): Move(State.SEATED, (Effect.SEAT,)),
    (State.ACCEPTED, Fact.TAKEN_OVER): Move(State.ACCEPTED),
    (State.ACCEPTED, Fact.PROSPECT_FREE): Move(State.ACCEPTED, (Effect.TELL_WAITING,)),
    (State.ACCEPTED, Fact.PROSPECT_READY): Move(State.ACCEPTED, (Effect.CONNECT,), restarts=True),
    (State.ACCEPTED, Fact.JOINED): Move(State.CONNECTED),
    (State.ACCEPTED, Fact.UNREACHED): Move(State.ACCEPTED, (Effect.SEEK_LINE,), restarts=True),
    (State.ACCEPTED, Fact.REGISTERED): Move(State.ACCEPTED, (Effect.CONNECT,), restarts=True),
    (State.ACCEPTED, Fact.CLOSER_LOST): _SEARCH_AGAIN,
    (State.ACCEPTED, Fact.COMMAND_FAILED): _SEARCH_AGAIN,
    (State.ACCEPTED, Fact.RELEASED): _SEARCH_AGAIN,
    (State.ACCEPTED, Fact.DEADLINE): _SEARCH_AGAIN,
    (State.ACCEPTED, Fact.PROSPECT_LEFT): Move(State.ABANDONED, (Effect.DROP_CLOSER,)),
    (State.ACCEPTED, Fact.LINES_BUSY): Move(State.QUEUED, (Effect.TELL_BUSY,)),
    # Nobody's fault: the closer keeps the call, and the prospect waits as long as for anybody
    (State.QUEUED, Fact.DEADLINE): Move(State.QUEUED, (Effect.DIAL_AGAIN,), restarts=True),
    (State.QUEUED, Fact.LINE_FREE): Move(State.ACCEPTED, (Effect.CONNECT,)),
    (State.QUEUED, Fact.NOBODY_LEFT): Move(State.UNANSWERED, (Effect.SPARE_CLOSER, Effect.PROMISE)),
    (State.QUEUED, Fact.TAKEN_OVER): Move(State.QUEUED),
    (State.QUEUED, Fact.PROSPECT_FREE): Move(State.QUEUED, (Effect.TELL_BUSY,)),
    (State.QUEUED, Fact.PROSPECT_READY): Move(State.QUEUED, (Effect.TELL_BUSY,)),
    (State.QUEUED, Fact.RELEASED): _SEARCH_AGAIN,
    (State.QUEUED, Fact.PROSPECT_LEFT): Move(State.ABANDONED, (Effect.DROP_CLOSER,)),
    # The warm seat: the closer's leg is up and waits until the assistant is done, or is asked to be
    (State.SEATED, Fact.PROSPECT_FREE): _JOIN,
    (State.SEATED, Fact.PROSPECT_READY): _JOIN,
    (State.SEATED, Fact.TAKEN_OVER): Move(State.SEATED, (Effect.FREE_PROSPECT,), restarts=True),
    (State.SEATED, Fact.CLOSING): Move(State.SEATED, restarts=True),
    (State.SEATED, Fact.JOINED): Move(State.CONNECTED),
    (State.SEATED, Fact.CLOSER_LOST): _SEARCH_AGAIN,
    (State.SEATED, Fact.LINES_BUSY): _SEARCH_LATER,
    (State.SEATED, Fact.COMMAND_FAILED): _SEARCH_AGAIN,
    (State.SEATED, Fact.RELEASED): _SEARCH_AGAIN,
    (State.SEATED, Fact.DEADLINE): _JOIN,
    (State.SEATED, Fact.PROSPECT_LEFT): Move(State.ABANDONED, (Effect.DROP_CLOSER,)),
    # Both legs are up
    (State.BRIDGING, Fact.PROSPECT_READY): _JOIN,
    (State.BRIDGING, Fact.JOINED): Move(State.CONNECTED),
    (State.BRIDGING, Fact.CLOSER_LOST): Move(State.DROPPED, (Effect.DROP_CLOSER, Effect.TELL_DROPPED)),
    (State.BRIDGING, Fact.LINES_BUSY): _SEARCH_LATER,
    (State.BRIDGING, Fact.COMMAND_FAILED): _SEARCH_AGAIN,
    (State.BRIDGING, Fact.RELEASED): _SEARCH_AGAIN,
    (State.BRIDGING, Fact.DEADLINE): _SEARCH_AGAIN,
    # They may have talked already: the end of the call can be told before its joining.
    (State.BRIDGING, Fact.PROSPECT_LEFT): Move(State.WRAP_UP, (Effect.DROP_CLOSER,)),
    # They talk
    (State.CONNECTED, Fact.RELEASED): _TALK_OVER,
    (State.CONNECTED, Fact.HANDED_BACK): Move(State.WRAP_UP, (Effect.DROP_CLOSER, Effect.RETURN_PROSPECT)),
    (State.CONNECTED, Fact.CLOSER_LOST): Move(State.DROPPED, (Effect.TELL_DROPPED,)),
    (State.CONNECTED, Fact.DEADLINE): _TALK_OVER,
    (State.CONNECTED, Fact.PROSPECT_LEFT): Move(State.WRAP_UP, (Effect.DROP_CLOSER,)),
    # The closer's line broke while they talked: the same closer is rung again before any other
    (State.DROPPED, Fact.DEADLINE): Move(State.RESERVED, (Effect.OFFER,)),
    (State.DROPPED, Fact.PROSPECT_LEFT): Move(State.WRAP_UP),
    (State.DROPPED, Fact.RELEASED): Move(State.WRAP_UP, (Effect.DROP_PROSPECT,)),
    # Afterwards; notes were saved as they were typed, so running out of time loses nothing
    (State.WRAP_UP, Fact.WRAPPED_UP): Move(State.COMPLETED),
    (State.WRAP_UP, Fact.DEADLINE): Move(State.COMPLETED),
}


def follow(state: State, fact: Fact) -> Move | None:
    """The move that `fact` makes from `state`; None when it is late, early or of no matter there."""
    return TABLE.get((state, fact))
