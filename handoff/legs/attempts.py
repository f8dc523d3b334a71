"""The attempts of a hand-over: begun when a closer accepts, and once more for the same acceptance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handoff.commands import keys
from handoff.commands.kinds import CommandKind
from handoff.commands.ledger import Intent
from handoff.models import Attempt, Closer, Handoff
from sessions_app.models import CallLeg

# What belongs to the acceptance, however often the line is set up for it.
_OF_ACCEPTANCE = ("closer", "takes_now", "is_cold", "listens_in", "line_lost_at", "line_back_at", "accepted_at")


def begin(handoff: Handoff, closer: Closer, *, takes_now: bool, is_cold: bool, listens_in: bool) -> Attempt:
    """Somebody accepts: from here on what belongs to an earlier attempt is late."""
    return _make(handoff, closer=closer, takes_now=takes_now, is_cold=is_cold, listens_in=listens_in)


def again(handoff: Handoff, now: datetime) -> Attempt:
    """Set the line up anew to the same closer, who need not accept anew."""
    attempt = of(handoff)
    stamp(handoff, "over_at", now)
    return _make(handoff, **{name: getattr(attempt, name) for name in _OF_ACCEPTANCE})


def of(handoff: Handoff) -> Attempt:
    """The attempt that holds a hand-over which somebody has accepted."""
    if handoff.attempt is None:
        raise ValueError(f"hand-over {handoff.pk} has nobody to connect")
    return handoff.attempt


def carry(handoff: Handoff, leg: CallLeg) -> None:
    """Note the leg on which the closer is reached."""
    attempt = of(handoff)
    attempt.leg = leg
    attempt.save(update_fields=["leg"])


def stamp(handoff: Handoff, name: str, at: datetime) -> None:
    attempt = of(handoff)
    setattr(attempt, name, at)
    attempt.save(update_fields=[name])


def let_go(handoff: Handoff) -> None:
    """Nobody has it any more: what still comes of the attempt is late."""
    handoff.attempt = None
    handoff.save(update_fields=["attempt"])


def intent(
    handoff: Handoff,
    kind: CommandKind,
    call_control_id: str = "",
    arguments: Mapping[str, Any] | None = None,
    *,
    name: str = "",
) -> Intent:
    """A command of the present attempt to join the two; `name` tells it from another one of the same kind."""
    attempt = of(handoff)
    key = keys.of_attempt(handoff.pk, attempt.number, name or kind)
    return Intent(kind, key, call_control_id, dict(arguments or {}), attempt=attempt)


def _make(handoff: Handoff, **kept: Any) -> Attempt:
    newest = handoff.attempts.order_by("-number").values_list("number", flat=True).first() or 0
    handoff.attempt = Attempt.objects.create(handoff=handoff, number=newest + 1, **kept)
    handoff.save(update_fields=["attempt"])
    return handoff.attempt
