"""Which function carries out which effect of the machine. Nothing here or below speaks to Telnyx."""

from collections.abc import Callable
from datetime import datetime

from handoff import joining, ringing, telling
from handoff.callbacks import booking, reaching
from handoff.machine import Effect, Fact
from handoff.models import Handoff


def run(effect: Effect, handoff: Handoff, *, now: datetime) -> Fact | None:
    """Carry out one effect inside the transaction of its move; may come back with the next fact."""
    instead = reaching.INSTEAD if reaching.is_under_way(handoff) else {}
    return instead.get(effect, _RUN[effect])(handoff, now)


_RUN: dict[Effect, Callable[[Handoff, datetime], Fact | None]] = {
    Effect.OFFER: ringing.offer,
    Effect.TELL_WAITING: telling.tell_waiting,
    Effect.TELL_AGAIN: telling.tell_again,
    Effect.TELL_DROPPED: telling.tell_dropped,
    Effect.TELL_BUSY: telling.tell_busy,
    Effect.DIAL_AGAIN: joining.dial_again,
    Effect.SPARE_CLOSER: ringing.spare,
    Effect.WITHDRAW: ringing.withdraw,
    Effect.EXPIRE: ringing.expire,
    Effect.CONNECT: joining.connect,
    Effect.SEEK_LINE: joining.seek_line,
    Effect.SEAT: joining.seat,
    Effect.FREE_PROSPECT: joining.free_prospect,
    Effect.JOIN: joining.join,
    Effect.DROP_CLOSER: joining.drop_closer,
    Effect.DROP_PROSPECT: joining.drop_prospect,
    Effect.RETURN_PROSPECT: joining.return_prospect,
    Effect.PROMISE: booking.promise_after_silence,
}
