"""How many legs stand, are on their way or are kept free, and whether another visit, or another leg, fits.

Each visit that is let in has two places: its own leg's and one for its closer. So whoever is offered to a closer can
be connected, and nothing has to be asked for then. Nothing is handed back either: the count is made anew from the rows
each time, and a visit that ended, or never called, is not in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from sessions_app.http import limits
from sessions_app.models import CallLeg, LegRefusal, Team, VoiceSession, WebhookDelivery
from sessions_app.models.people import ConnectionMode
from sessions_app.models.visit import Phase

BUSY = "All our lines are busy at the moment."
# Whoever asks again after this may have better luck.
ASK_AGAIN_SECONDS = 20
A_VISIT = 2

# From the visitor's consent to the first word of their call. Of an anonymous call the first word may be the page's.
CALL_WITHIN = timedelta(seconds=60)
ANONYMOUS_CALL_WITHIN = timedelta(minutes=3)
# From the dial's request to the first word of its leg: as long as a hand-over waits for it.
DIAL_WITHIN = timedelta(seconds=20)
# The legs of a visit that has ended are being hung up, and once more until they are over: from the latest time on,
# one whose end is never told counts no longer than this. A hang-up that nobody sends is put off sooner.
DYING = timedelta(seconds=60)
# After Telnyx refused a leg nothing is asked for meanwhile.
PAUSE = timedelta(seconds=4)

OWN_CAP = "own_cap"
# What a page says of its own call is evidence for people: nothing is closed for others by it.
BY_PAGE = "page:"
# A softphone that was refused without a word, by its closer: no limit until another leg is refused at the same time.
ALONE = "alone:"
AT_THE_SAME_TIME = timedelta(seconds=30)
RECENTLY = timedelta(hours=1)

# Any number, the same in every process.
_LOCK = 0x6C65_6773


class Busy(Exception):
    """No leg is free. The message is for people."""

    def __init__(self) -> None:
        super().__init__(BUSY)


@dataclass(frozen=True)
class Visit:
    """The legs of one visit: those that stand or are on their way, and how many places it has."""

    session_id: UUID
    team_id: int
    prospects: int
    closers: int
    listeners: int
    is_waited_for: bool

    @property
    def standing(self) -> int:
        return self.prospects + self.closers + self.listeners

    @property
    def kept(self) -> int:
        """The places of those who may still come: of its page, and of its closer."""
        for_page = self.is_waited_for and not self.prospects
        return int(for_page) + int(self.keeps_closer and not self.closers)

    @property
    def keeps_closer(self) -> bool:
        return self.is_waited_for or self.prospects > 0

    @property
    def held(self) -> int:
        return self.standing + self.kept


@dataclass(frozen=True)
class Usage:
    """What an account's visits hold, the legs of those that have just ended, by team, and those of nobody's visit."""

    visits: tuple[Visit, ...]
    dying: dict[int, int]
    strangers: int = 0

    def held(self, team_id: int | None = None) -> int:
        """Legs that stand, are on their way or are kept free, of a team or altogether."""
        return sum(one.held for one in self._of(team_id)) + self._dying(team_id)

    def standing(self, team_id: int | None = None) -> int:
        return sum(one.standing for one in self._of(team_id)) + self._dying(team_id)

    def of(self, session_id: UUID) -> Visit | None:
        return next((one for one in self.visits if one.session_id == session_id), None)

    def _of(self, team_id: int | None) -> Iterable[Visit]:
        return (one for one in self.visits if team_id in {None, one.team_id})

    def _dying(self, team_id: int | None) -> int:
        return sum(self.dying.values()) + self.strangers if team_id is None else self.dying.get(team_id, 0)


def usage(*, now: datetime) -> Usage:
    """Count from the rows, in two statements: a visit that ends between them is in neither."""
    is_hung_up = Q(session__ended_at__gt=now - DYING) | Q(hang_up_at__gt=now - DYING)
    ended = CallLeg.objects.filter(is_hung_up, ended_at=None, session__ended_at__isnull=False)
    dying = dict(ended.order_by().values_list("session__team_id").annotate(legs=Count("pk")))
    living = Q(legs__isnull=False, legs__ended_at=None)
    rows = (
        VoiceSession.objects.filter(ended_at=None)
        .order_by()
        .values("pk", "team_id", "is_let_in", "handover_phase", "page_leg_by", "closer_leg_by")
        .annotate(
            prospects=Count("legs", filter=living & Q(legs__role=CallLeg.Role.PROSPECT)),
            closers=Count("legs", filter=living & Q(legs__role=CallLeg.Role.CLOSER)),
            listeners=Count("legs", filter=living & Q(legs__role=CallLeg.Role.LISTENER)),
        )
    )
    return Usage(tuple(_visit(row, now) for row in rows), dying, strangers())


def strangers() -> int:
    """Calls on our connection that nobody proved theirs, until they are ended: they take lines like any other."""
    return WebhookDelivery.objects.filter(holds_line=True).count()


def _visit(row: Mapping[str, Any], now: datetime) -> Visit:
    """A leg that is expected counts beside those that stand."""
    expected = {by: row[by] is not None and row[by] > now for by in ("page_leg_by", "closer_leg_by")}
    return Visit(
        session_id=row["pk"],
        team_id=row["team_id"],
        prospects=row["prospects"] + expected["page_leg_by"],
        closers=row["closers"] + expected["closer_leg_by"],
        listeners=row["listeners"],
        # Who is promised a callback waits for nobody any more.
        is_waited_for=row["is_let_in"] and row["handover_phase"] != Phase.CALLBACK,
    )


# --- letting in


def require_room(team: Team, *, network: str = "", now: datetime) -> None:
    """See that one more visit fits, with its closer, and let nobody else count until the transaction ends.

    Raises Busy, and limits.Refused where one network has enough visits open.
    """
    _hold()
    if not has_room(team, now=now):
        raise Busy
    if network:
        theirs = VoiceSession.objects.filter(ended_at=None, is_let_in=True, network=network)
        if theirs.count() >= settings.VISITS_PER_ADDRESS:
            raise limits.Refused(retry_after=ASK_AGAIN_SECONDS)


def has_room(team: Team, *, now: datetime) -> bool:
    """Whether one more visit fits, with its closer; another may come first."""
    if are_closed(now=now):
        return False
    found = usage(now=now)
    return all(found.held(scope) + A_VISIT <= most for scope, most in _caps(team))


def may_call(session: VoiceSession, *, now: datetime) -> bool:
    """Whether the call that the page of a locked visit has placed fits: as a rule its place was kept.

    Who was promised a callback keeps none, and may be let in again; then nobody else counts until the transaction ends.
    """
    is_expected = session.page_leg_by is not None and session.page_leg_by > now
    if session.handover_phase != Phase.CALLBACK or is_expected:
        return True
    if session.legs.filter(role=CallLeg.Role.PROSPECT, ended_at=None).exists():
        return True  # One call more beside it, which is hung up at once.
    _hold()
    return has_room(session.team, now=now)


def let_in(session: VoiceSession, *, now: datetime) -> None:
    """Give an unsaved visit its line; the call of its page is waited for, but not for ever."""
    is_anonymous = session.connection_mode == ConnectionMode.ANONYMOUS
    session.is_let_in = True
    session.page_leg_by = now + (ANONYMOUS_CALL_WITHIN if is_anonymous else CALL_WITHIN)


# --- further legs of a visit


def may_dial(session: VoiceSession, *, now: datetime) -> bool:
    """Whether one more leg of a visit fits: as a rule its closer's, whose place was kept.

    Where it is not kept, because another closer's leg still stands or because more was promised than there is now,
    nobody else counts until the transaction ends; while somebody does, it is no, because whoever asks may hold rows
    that the other waits for, and asks again.
    """
    if are_closed(now=now):
        return False
    found, caps = usage(now=now), _caps(session.team)
    if _is_kept(found, session) and all(found.held(scope) <= most for scope, most in caps):
        return True
    if not _try_to_hold():
        return False
    found = usage(now=now)
    count = found.standing if _is_kept(found, session) else found.held
    return all(count(scope) < most for scope, most in caps)


def _is_kept(found: Usage, session: VoiceSession) -> bool:
    visit = found.of(session.pk)
    return visit is not None and visit.keeps_closer and not visit.closers


def expect_closer(session: VoiceSession, *, until: datetime | None) -> None:
    """Count a leg that is dialled now beside those that stand; none any more once it was refused, or is not wanted."""
    if session.closer_leg_by != until:
        session.closer_leg_by = until
        session.save(update_fields=["closer_leg_by"])


def expect_page(session: VoiceSession, *, now: datetime) -> None:
    """Count the leg with which a page comes back until it is there."""
    VoiceSession.objects.filter(pk=session.pk).update(page_leg_by=now + CALL_WITHIN)


def page_speaks_on(session: VoiceSession, *, now: datetime) -> None:
    """The page hears an anonymous call, of which Telnyx may tell nothing: its leg stands, and goes on counting."""
    waiting = VoiceSession.objects.filter(pk=session.pk, call_control_id=None, page_leg_by__isnull=False)
    waiting.update(page_leg_by=now + ANONYMOUS_CALL_WITHIN)


def stands_on(leg: CallLeg, *, until: datetime) -> None:
    """A leg may stand whose visit is over: its hang-up is asked for again `until`, so it goes on counting."""
    leg.hang_up_at = until
    leg.save(update_fields=["hang_up_at"])


def arrived(session: VoiceSession, *, role: str) -> None:
    """The leg that was expected is there: from here on it counts by itself."""
    expected = "page_leg_by" if role == CallLeg.Role.PROSPECT else "closer_leg_by"
    if getattr(session, expected) is not None:
        setattr(session, expected, None)
        session.save(update_fields=[expected])


# --- refusals


def refused(team_id: int, code: str, *, now: datetime) -> None:
    """Remember that a leg was refused; `code` is Telnyx's, OWN_CAP, or what a page says of its own call."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    row, _ = LegRefusal.objects.get_or_create(team_id=team_id, hour=hour, code=code[:20], defaults={"last_at": now})
    LegRefusal.objects.filter(pk=row.pk).update(count=F("count") + 1, last_at=now)


def refused_lately(*, now: datetime, team_id: int | None = None) -> dict[str, int]:
    """How often in about the last hour, by code."""
    rows = LegRefusal.objects.filter(last_at__gt=now - RECENTLY, hour__gt=now - RECENTLY - timedelta(hours=1))
    if team_id is not None:
        rows = rows.filter(team_id=team_id)
    found: dict[str, int] = {}
    for code, count in rows.order_by("code").values_list("code", "count"):
        name = ALONE if code.startswith(ALONE) else code
        found[name] = found.get(name, 0) + count
    return found


def turned_away(team_id: int, *, since: datetime) -> int:
    """How many visitors found no line of ours free, and were asked for a number instead."""
    rows = LegRefusal.objects.filter(team_id=team_id, code=OWN_CAP, last_at__gte=since)
    return sum(rows.values_list("count", flat=True))


def are_closed(*, now: datetime) -> bool:
    """Whether Telnyx has just refused a leg: the same would be refused again."""
    return _told(since=now - PAUSE).exclude(code__startswith=ALONE).exists()


def are_refusing(*, but: str, now: datetime) -> bool:
    """Whether Telnyx refused another leg a moment ago than what is counted under `but`."""
    return _told(since=now - AT_THE_SAME_TIME).exclude(code=but).exists()


def _told(*, since: datetime) -> QuerySet[LegRefusal]:
    """What Telnyx itself refused."""
    told = LegRefusal.objects.filter(last_at__gt=since).exclude(code=OWN_CAP)
    return told.exclude(code__startswith=BY_PAGE)


def _caps(team: Team) -> list[tuple[int | None, int]]:
    """What bounds a team: the account's legs altogether, and its own part of them."""
    account: list[tuple[int | None, int]] = [(None, settings.TELNYX_MAX_LEGS)]
    return account if team.max_legs is None else [*account, (team.pk, team.max_legs)]


def _hold() -> None:
    """Whoever takes a place counts alone; taken after the session's row and before a closer's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _try_to_hold() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])
