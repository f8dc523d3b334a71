"""Which function carries out which effect of the machine. Nothing here or below speaks to Telnyx."""

from collections.abc import Callable
from datetime import datetime

from handoff.callbacks import booking, outbound
from handoff.legs import connection, speech
from handoff.machine import Effect, Fact
from handoff.models import Handoff
from handoff.routing import offers


def run(effect: Effect, handoff: Handoff, *, now: datetime) -> Fact | None:
    """Carry out one effect inside the transaction of its move; may come back with the next fact."""
    instead = outbound.INSTEAD if outbound.is_under_way(handoff) else {}
    return instead.get(effect, _RUN[effect])(handoff, now)


_RUN: dict[Effect, Callable[[Handoff, datetime], Fact | None]] = {
    Effect.OFFER: offers.offer,
    Effect.TELL_WAITING: speech.tell_waiting,
    Effect.TELL_AGAIN: speech.tell_again,
    Effect.TELL_DROPPED: speech.tell_dropped,
    Effect.TELL_BUSY: speech.tell_busy,
    Effect.DIAL_AGAIN: connection.dial_again,
    Effect.SPARE_CLOSER: offers.spare,
    Effect.WITHDRAW: offers.withdraw,
    Effect.EXPIRE: offers.expire,
    Effect.CONNECT: connection.connect,
    Effect.SEEK_LINE: connection.seek_line,
    Effect.SEAT: connection.seat,
    Effect.FREE_PROSPECT: connection.free_prospect,
    Effect.JOIN: connection.join,
    Effect.DROP_CLOSER: connection.drop_closer,
    Effect.DROP_PROSPECT: connection.drop_prospect,
    Effect.RETURN_PROSPECT: connection.return_prospect,
    Effect.PROMISE: booking.promise_after_silence,
}
