"""What both browsers measured of a change of speaker, turned into moments of our own clock.

No browser's clock is compared with ours or with the other's. A page says how long ago something happened, by its own
steady clock, in the moment in which it says so; we subtract that from the moment in which we hear it. The error is the
way of that one request, and always in the same direction: everything looks later than it was, never quicker.
A report is evidence that a stranger's browser may have made up: it is checked, bounded by what we know ourselves, taken
once for each side of an attempt, and moves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from handoff.actions.calls import own_handoff
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.models import Attempt, Closer, Handoff, Measures
from sessions_app import timeline
from sessions_app.kinds import Kind
from sessions_app.models import TimelineEntry

KIND = "handover"
MOST_REPORTS = 100
LONGEST_AGO_MS = 120_000
LONGEST_SILENCE_MS = 600_000
LARGEST_COUNT = 10_000_000
# A side says it within seconds of being connected, or never.
REPORTED_WITHIN = timedelta(minutes=5)

_AGES = ("heard_ms_ago", "packets_ms_ago", "spoke_ms_ago", "sent_ms_ago")
_COUNTS = ("received", "lost", "jitter_ms", "rtt_ms")


@dataclass(frozen=True)
class Report:
    """One side's word, checked: how long ago what happened, how long it was silent, what its RTP statistics say."""

    ages: Mapping[str, int]
    silence_ms: int | None
    counts: Mapping[str, int]

    @classmethod
    def read(cls, data: Any) -> "Report":
        """Raises ActionRefused; what is not known here is left out."""
        if not isinstance(data, dict):
            raise ActionRefused("Send the report as an object.", "bad_report")
        return cls(
            ages=_numbers(data, _AGES, most=LONGEST_AGO_MS),
            silence_ms=_numbers(data, ("silence_ms",), most=LONGEST_SILENCE_MS).get("silence_ms"),
            counts=_numbers(data, _COUNTS, most=LARGEST_COUNT),
        )

    def as_json(self) -> dict[str, int]:
        silence = {} if self.silence_ms is None else {"silence_ms": self.silence_ms}
        return {**self.ages, **silence, **self.counts}


def _numbers(data: Mapping[str, Any], names: tuple[str, ...], *, most: int) -> dict[str, int]:
    given = {name: data[name] for name in names if data.get(name) is not None}
    for name, value in given.items():
        if type(value) is not int or not 0 <= value <= most:
            raise ActionRefused(f"“{name}” must be a whole number from 0 to {most}.", "bad_report")
    return given


@transaction.atomic
def report_quality(handoff_id: UUID, *, closer: Closer, data: dict[str, Any], now: datetime) -> None:
    """Keep what the closer's browser measured: now and then of the audio, and once of the hand-over itself."""
    handoff = own_handoff(handoff_id, closer)
    if data.get("kind") == KIND:
        _take(handoff, "closer", Report.read(data), now=now)
        return
    reports = handoff.session.timeline.filter(kind=Kind.MEDIA_REPORTED, payload__side="closer")
    if reports.count() >= MOST_REPORTS:
        raise ActionRefused("Enough reports for this call.", "too_many")
    timeline.append(handoff.session, Kind.MEDIA_REPORTED, {"side": "closer", "data": data}, occurred_at=now)


@transaction.atomic
def report_handover(session_id: UUID, *, data: Any, now: datetime) -> None:
    """Keep what the prospect's page heard of the hand-over that it names."""
    report, handoff_id = Report.read(data), _uuid(data.get("handoff"))
    session = transitions.lock(session_id)
    if not Handoff.objects.filter(pk=handoff_id, session=session).exists():
        raise ActionRefused("There is no such hand-over.", "unknown")
    _take(transitions.by_id(session, handoff_id), "prospect", report, now=now)


def _uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError):
        raise ActionRefused("Name the hand-over.", "bad_report") from None


def _take(handoff: Handoff, side: str, report: Report, *, now: datetime) -> None:
    if handoff.connected_at is None or now - handoff.connected_at > REPORTED_WITHIN:
        raise ActionRefused("Nobody was connected just now.", "gone")
    attempt = _newest(handoff)
    known = {str(entry.payload["side"]): entry for entry in _reports(attempt)}
    if side in known:
        raise ActionRefused("This was reported already.", "reported")
    media_at = _earliest(attempt, report, now)
    payload = {
        "side": side,
        "kind": KIND,
        "handoff": str(handoff.pk),
        "attempt": attempt.number,
        "media_at": media_at.isoformat() if media_at else None,
        "data": report.as_json(),
    }
    measures, _ = Measures.objects.get_or_create(attempt=attempt)
    if side == "prospect":
        _keep_what_was_heard(measures, attempt, report, now)
    other = next(iter(known.values()), None)
    if media_at and other is not None and other.payload["media_at"]:
        measures.media_up_at = max(media_at, datetime.fromisoformat(other.payload["media_at"]))
    measures.save(update_fields=["media_up_at", "first_word_at", "dead_air_ms"])
    timeline.append(handoff.session, Kind.MEDIA_REPORTED, payload, occurred_at=now)


def _reports(attempt: Attempt) -> list[TimelineEntry]:
    handoff = attempt.handoff
    reports = handoff.session.timeline.filter(kind=Kind.MEDIA_REPORTED, payload__kind=KIND)
    return list(reports.filter(payload__handoff=str(handoff.pk), payload__attempt=attempt.number))


def _newest(handoff: Handoff) -> Attempt:
    """Whoever is measured may have been given up meanwhile."""
    attempt = handoff.attempt or handoff.attempts.latest("number")
    attempt.handoff = handoff
    return attempt


def _earliest(attempt: Attempt, report: Report, now: datetime) -> datetime | None:
    """When the other's audio was there: its first packets after the joining, or its first sound."""
    ages = [report.ages[name] for name in ("packets_ms_ago", "heard_ms_ago") if name in report.ages]
    return _moment(attempt, max(ages), now) if ages else None


def _moment(attempt: Attempt, ago_ms: int, now: datetime) -> datetime:
    """Never before the closer had accepted: nothing of theirs can have been heard then."""
    moment = now - timedelta(milliseconds=ago_ms)
    return max(moment, attempt.accepted_at or attempt.handoff.triggered_at)


def _keep_what_was_heard(measures: Measures, attempt: Attempt, report: Report, now: datetime) -> None:
    heard = report.ages.get("heard_ms_ago")
    if heard is not None:
        measures.first_word_at = _moment(attempt, heard, now)
    if report.silence_ms is not None:
        visit_ms = (measures.first_word_at or now) - attempt.handoff.session.created_at
        measures.dead_air_ms = max(0, min(report.silence_ms, round(visit_ms.total_seconds() * 1000)))
