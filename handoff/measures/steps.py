"""How long each step of a hand-over took, from its own timestamps. Pure."""

from dataclasses import dataclass
from datetime import datetime

from handoff.models import Attempt, Handoff
from handoff.models import Measures as Measured


@dataclass(frozen=True)
class Measures:
    """Milliseconds; None where a step was not reached, was not measured, or happened in another order."""

    trigger_to_offer_ms: int | None
    offer_to_accept_ms: int | None
    accept_to_seated_ms: int | None
    free_to_command_ms: int | None
    accept_to_command_ms: int | None
    command_to_connected_ms: int | None
    accept_to_media_ms: int | None
    accept_to_first_word_ms: int | None
    dead_air_ms: int | None
    talk_ms: int | None


def of(handoff: Handoff) -> Measures:
    """The times of the attempt that holds it; a broken line and a second closer begin them anew."""
    attempt = handoff.attempt or Attempt()
    measured = getattr(attempt, "measures", None) or Measured()
    accepted_at, free_at, command_at = attempt.accepted_at, handoff.prospect_free_at, attempt.command_sent_at
    is_warm = accepted_at is not None and free_at is not None and accepted_at <= free_at
    return Measures(
        trigger_to_offer_ms=between(handoff.triggered_at, handoff.offered_at),
        offer_to_accept_ms=between(handoff.offered_at, accepted_at),
        accept_to_seated_ms=between(accepted_at, attempt.seated_at),
        # A cold hand-over waits for its closer in between, which says nothing about us.
        free_to_command_ms=between(free_at, command_at) if is_warm else None,
        accept_to_command_ms=None if is_warm else between(accepted_at, command_at),
        command_to_connected_ms=between(command_at, attempt.connected_at),
        accept_to_media_ms=between(accepted_at, measured.media_up_at),
        accept_to_first_word_ms=between(accepted_at, measured.first_word_at),
        dead_air_ms=measured.dead_air_ms,
        talk_ms=between(handoff.connected_at, handoff.released_at),
    )


def between(start: datetime | None, end: datetime | None) -> int | None:
    return round((end - start).total_seconds() * 1000) if start and end and end >= start else None


def brings_together(handoff: Handoff, sent_at: datetime) -> bool:
    """Whether a command sent then is the first that could join the two: accepted, and the assistant had ended."""
    attempt = handoff.attempt
    if attempt is None or attempt.accepted_at is None or handoff.prospect_free_at is None:
        return False
    return attempt.command_sent_at is None and sent_at >= max(attempt.accepted_at, handoff.prospect_free_at)
