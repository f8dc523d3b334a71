"""What pages and sockets read of hand-overs."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q

from handoff import heartbeat
from handoff.actions import appointments
from handoff.callbacks import calendar
from handoff.callbacks.calendar import Owed
from handoff.closers import readiness
from handoff.machine import BUSY_STATES, SETTLED_STATES, Fact, State
from handoff.measures import daily, steps
from handoff.models import Closer, Handoff, Offer
from handoff.routing.offers import next_in_line, taker_instead
from sessions_app.models import Team, VoiceSession
from sessions_app.models.people import WidgetConfig
from sessions_app.rules import hours

__all__ = ["Closer", "Handoff", "Offer", "Owed", "State", "taker_instead"]

# What is shown of a hand-over that is over.
_FACTS = ("attempt__closer", "attempt__measures")
JUST_NOW = timedelta(seconds=15)


@dataclass(frozen=True)
class RosterEntry:
    """One closer on the roster.

    `missing` says what they have not proven, `is_ready` whether they can be rung now; their pages have to log in anew
    where they `must_register`.
    """

    closer: Closer
    status: str
    missing: tuple[str, ...]
    is_ready: bool
    must_register: bool


def closer_of(user: AbstractBaseUser | AnonymousUser) -> Closer | None:
    """The closer that a logged-in, active user is."""
    if user.pk is None:
        return None
    return Closer.objects.select_related("team", "user").filter(user_id=user.pk, user__is_active=True).first()


def roster(team: Team, now: datetime) -> list[RosterEntry]:
    closers = readiness.team(team.pk)
    held = readiness.load(closers)
    ready = {one.closer_id for one in readiness.candidates(closers, now=now) if one.is_ready}
    return [
        RosterEntry(
            closer=closer,
            status=_status(closer, held, now),
            missing=readiness.missing(closer),
            is_ready=closer.pk in ready,
            must_register=closer.is_line_lost,
        )
        for closer in closers
    ]


def _status(closer: Closer, held: readiness.Load, now: datetime) -> str:
    stands = {
        "busy": closer.pk in held.talking,
        "ringing": closer.pk in held.ringing,
        "wrap_up": held.unfinished[closer.pk] > 0,
        "offline": not closer.is_alive(now),
        "away": not closer.is_available,
        "missed": closer.missed_at is not None,
        "not_ready": bool(readiness.missing(closer)),
    }
    return next((status for status, is_true in stands.items() if is_true), "ready")


def handoffs_of(session: VoiceSession) -> list[Handoff]:
    """Every hand-over of a session, the newest first."""
    return list(Handoff.objects.filter(session=session).select_related(*_FACTS).order_by("-triggered_at"))


def unsettled(session: VoiceSession) -> Handoff | None:
    """The hand-over that the prospect is still in."""
    handoffs = Handoff.objects.filter(session=session).exclude(state__in=SETTLED_STATES)
    return handoffs.select_related("attempt__closer").first()


def ringing_closers(handoff: Handoff) -> list[str]:
    """Whose dashboards ring for it, by name."""
    offers = handoff.offers.filter(state=Offer.State.RINGING).select_related("closer").order_by("offered_at", "pk")
    return [offer.closer.display_name for offer in offers]


def is_standby(handoff: Handoff) -> bool:
    """Whether the closer's line waits beside a call that the assistant still holds: nobody may hear it."""
    return handoff.state in {State.ACCEPTED, State.QUEUED, State.SEATED} and handoff.prospect_free_at is None


def is_listening(handoff: Handoff) -> bool:
    """Whether the closer hears the prospect while the assistant holds the call."""
    leg = handoff.attempt.listener_leg if handoff.attempt else None
    return leg is not None and leg.answered_at is not None and leg.ended_at is None and is_standby(handoff)


def must_register(closer: Closer) -> bool:
    """Whether the page has to log in anew: the login that it has was rung, and nobody was there."""
    present = Closer.objects.filter(pk=closer.pk).first()
    return present is not None and present.is_line_lost


def ringing_offer(closer: Closer) -> Offer | None:
    mine = Offer.objects.filter(closer=closer, handoff__session__team_id=closer.team_id)
    offers = mine.filter(state=Offer.State.RINGING)
    return offers.select_related("handoff__session__prospect", "handoff__session__widget").first()


@dataclass(frozen=True)
class Company:
    """Who else is or could be rung for the same call."""

    ringing_too: int
    next_in_line: int


def company(offer: Offer, now: datetime) -> Company:
    rings = Offer.objects.filter(handoff_id=offer.handoff_id, state=Offer.State.RINGING).exclude(pk=offer.pk)
    return Company(ringing_too=rings.count(), next_in_line=next_in_line(offer.handoff, now))


def offer_of(closer: Closer, offer_id: str) -> Offer | None:
    offers = Offer.objects.filter(pk=offer_id, closer=closer, handoff__session__team_id=closer.team_id)
    return offers.select_related("handoff__attempt__closer", "handoff__session").first()


def active_handoffs(closer: Closer) -> list[Handoff]:
    """What the closer is busy with, from accepting to the end of the wrap-up; the call before the notes."""
    handoffs = Handoff.objects.filter(attempt__closer=closer, session__team_id=closer.team_id, state__in=BUSY_STATES)
    related = ("session__prospect", "session__widget", "attempt__closer", "attempt__listener_leg")
    rows = handoffs.select_related(*related).order_by("-attempt__accepted_at")
    return sorted(rows, key=lambda handoff: handoff.state == State.WRAP_UP)


def without_line(closer: Closer, now: datetime) -> Handoff | None:
    """The hand-over that this closer had until just now, and that no line was free for."""
    theirs = Q(attempt__closer=closer) | Q(offers__closer=closer, offers__state=Offer.State.WITHDRAWN)
    ended = Handoff.objects.filter(theirs, outcome=Fact.LINES_BUSY, ended_at__gt=now - JUST_NOW)
    return ended.order_by("-ended_at").first()


def callbacks(team: Team, *, now: datetime) -> list[Owed]:
    """Callbacks still to be made, the most urgent first, then those of today that were."""
    return calendar.owed(team, now=now)


def callbacks_checked_at() -> datetime | None:
    """When overdue callbacks were last looked for."""
    return heartbeat.last(heartbeat.SWEEP)


def week(widget: WidgetConfig, first: date, *, now: datetime) -> list[calendar.Day]:
    """Seven days of a widget's callback times, free and taken."""
    return calendar.week(widget, first, now=now)


def local_day(widget: WidgetConfig, now: datetime) -> date:
    return now.astimezone(ZoneInfo(widget.time_zone)).date()


def callback_times(session: VoiceSession, *, now: datetime) -> list[appointments.Time]:
    """A choice of free times for a call to this prospect, few enough to be read out."""
    return appointments.times(session, now=now)


@dataclass(frozen=True)
class Availability:
    """How many closers could take a session's call now; outside the hours none, and when the team works next."""

    ready: int
    is_open: bool
    opens: str


def availability(session: VoiceSession, *, now: datetime) -> Availability:
    widget = session.widget
    if not hours.is_open(widget.business_hours, widget.time_zone, now):
        return Availability(ready=0, is_open=False, opens=appointments.opens(widget, now=now))
    wanted = readiness.skills(widget.required_skills)
    closers = readiness.candidates(readiness.team(session.team_id), now=now)
    ready = sum(1 for one in closers if one.is_ready and one.skills >= wanted)
    return Availability(ready=ready, is_open=True, opens="")


def measures(handoff: Handoff) -> steps.Measures:
    return steps.of(handoff)


@dataclass(frozen=True)
class Wallboard:
    """Who is on the line now, and how the last days went."""

    now: daily.Now
    days: list[daily.Day]
    people: list[daily.Person]
    busy: daily.Busy


def wallboard(team: Team, now: datetime) -> Wallboard:
    return Wallboard(
        now=daily.now(team),
        days=daily.days(team, at=now),
        people=daily.people(team, at=now),
        busy=daily.busy(team, at=now),
    )
