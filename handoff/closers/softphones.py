"""Where a closer's softphone is rung: which of the open pages, whether it is still there, and what if it is not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from handoff.closers import roster
from handoff.machine import TALKING_STATES, Fact, State
from handoff.models import HEARTBEAT_TIMEOUT, Closer, Handoff
from sessions_app.models import CallLeg, TelephonyCredential, WebhookDelivery
from telephony import inbound

# A page that sleeps for longer logs in anew when it wakes; its login ends, for nobody would answer there.
PAGE_GONE_AFTER = timedelta(minutes=5)
# A registration can lapse unseen: the page believes its socket, and a laptop sleeps. For so long after it was proven
# it is rung unasked, which saves the prospect the time of a question.
QUIET_AFTER = timedelta(minutes=5)
# The answer to that question is not waited for any longer; the sweep that rings then comes once a second.
LOOKED_UP_WITHIN = timedelta(milliseconds=500)

# With these a softphone's leg ends that was rung where nobody is registered (seen live by third parties, 2026). A busy
# or declining page says 486 or 603, and a page that merely rang for too long is a "timeout".
_ABSENT_STATUSES = frozenset({"404", "480"})
_ABSENT_CAUSES = frozenset({"not_found", "unavailable"})
# The same as an answer to the dial: Telnyx's reason for a callee who is not registered, or the SIP status itself.
ABSENT_CODES = frozenset({"RG1", "404", "480"})


def is_quiet(closer: Closer, now: datetime) -> bool:
    """Whether a softphone's registration was not proven for so long that it is worth a question before the ring."""
    if closer.reached_by != Closer.ReachedBy.SOFTPHONE:
        return False
    return closer.line_proven_at is None or now - closer.line_proven_at > QUIET_AFTER


def proven(leg: CallLeg, now: datetime) -> None:
    """A call is on this line, or was until now."""
    Closer.objects.filter(pk__in=Handoff.objects.filter(attempt__leg=leg).values("attempt__closer")).update(
        line_proven_at=now
    )


def was_absent(leg: CallLeg) -> bool:
    """Whether a closer's leg ended because no softphone is registered where it was rung."""
    if leg.answered_at is not None or leg.hangup_cause == "timeout":
        return False
    return leg.sip_cause in _ABSENT_STATUSES or leg.hangup_cause in _ABSENT_CAUSES


def rung_on(leg: CallLeg) -> frozenset[str]:
    """The logins, of which there is one at most, at which a leg rang that we did not dial: Telnyx named it once."""
    told = WebhookDelivery.objects.filter(call_control_id=leg.call_control_id, event_type="call.initiated").first()
    if told is None:
        return frozenset()
    return inbound.reread(bytes(told.body), content_type=told.content_type, received_at=told.received_at).called


def lose(closers: Collection[int], usernames: Collection[str]) -> None:
    """Ring these closers no more on a login that was rung in vain: its page has to register anew.

    It may be a former one, which the assistant still knew; that says nothing of the present one.
    """
    softphones = Closer.objects.filter(pk__in=closers, reached_by=Closer.ReachedBy.SOFTPHONE)
    softphones.filter(sip_username__in=usernames).update(lost_username=F("sip_username"))


def unreached(handoff: Handoff, username: str, now: datetime) -> Fact:
    """What it means that this login was rung in vain: its page is sought once for each acceptance, then it is lost.

    "" is whichever the assistant's own leg rang. No fault of the closer: nothing here says that they let a ring pass.
    """
    closer, attempt = handoff.closer, handoff.attempt
    if closer is None or attempt is None or closer.reached_by != Closer.ReachedBy.SOFTPHONE:
        return Fact.CLOSER_LOST
    leg = handoff.closer_leg
    lose([closer.pk], [username] if username or leg is None else rung_on(leg))
    if attempt.line_lost_at is not None or handoff.state != State.ACCEPTED or not closer.is_alive(now):
        return Fact.CLOSER_LOST
    attempt.line_lost_at = now
    attempt.save(update_fields=["line_lost_at"])
    return Fact.UNREACHED


def found(handoff: Handoff, now: datetime) -> bool:
    """Whether the closer's softphone is registered under another login than the lost one; it is rung there then.

    The closer's row is held, so that a page cannot report its registration between our looking and our waiting.
    """
    attempt = handoff.attempt
    if attempt is None or attempt.closer_id is None:
        return False
    closer = Closer.objects.select_for_update(of=("self",), no_key=True).get(pk=attempt.closer_id)
    if not closer.sip_username or closer.registered_as != closer.sip_username or closer.is_line_lost:
        return False
    attempt.closer, attempt.line_back_at = closer, now
    attempt.save(update_fields=["line_back_at"])
    return True


# --- what pages report


def logins_of(closer: Closer, page: UUID | None) -> list[str]:
    """The logins that one page of this closer has or had."""
    mine = TelephonyCredential.objects.filter(user_id=closer.user_id, page=page, sip_username__isnull=False)
    return [str(name) for name in mine.values_list("sip_username", flat=True)]


@dataclass(frozen=True)
class Seen:
    """What follows from the report of a page."""

    # Only the page that is rung knows whether a ring would be heard and answered.
    may_speak: bool
    must_register: bool


def page_seen(closer: Closer, *, page: UUID | None, username: str, now: datetime) -> Seen:
    """Keep that a page lives, and on which login of its own its softphone is registered; "" for none.

    `closer` is as the row stood before this report, and is brought up to date.
    """
    mine = TelephonyCredential.objects.filter(user_id=closer.user_id, page=page, revoked_at=None)
    if page is not None:
        mine.update(page_seen_at=now)
    is_own = bool(username) and mine.filter(sip_username=username, revoke_at__gt=now).exists()
    living = TelephonyCredential.objects.filter(user_id=closer.user_id, revoked_at=None, revoke_at__gt=now)
    rung = living.filter(sip_username=closer.sip_username).first()
    is_rung = rung is not None and rung.page == page
    if is_rung:
        _heard(closer, username, now)
    elif is_own and username != closer.lost_username and not _is_reachable(closer, rung, now):
        # The page that was rung is gone, or has no phone any more; this one was open beside it.
        _keep(closer, sip_username=username, registered_as=username, line_proven_at=now)
        is_rung = True
    elif rung is None and username == closer.sip_username:
        _keep(closer, lost_username=username)  # It was revoked while nothing was heard of its page.
    must_register = (not is_own or username == closer.lost_username) if username else closer.is_line_lost
    return Seen(may_speak=is_rung or not _is_open(rung, now), must_register=must_register)


def _heard(closer: Closer, username: str, now: datetime) -> None:
    """The page that is rung says on which login it is registered."""
    if username != closer.sip_username:
        if closer.registered_as:
            _keep(closer, registered_as="", line_proven_at=now)
    elif closer.registered_as != username:
        # A lost login that registers again is not lost. Some only seem to: Telnyx is asked before it is rung.
        proven_at = None if closer.is_line_lost else now
        _keep(closer, registered_as=username, lost_username="", line_proven_at=proven_at)


def _keep(closer: Closer, **what: Any) -> None:
    """Write it down unless another login has come to be rung meanwhile."""
    if Closer.objects.filter(pk=closer.pk, sip_username=closer.sip_username).update(**what):
        for name, value in what.items():
            setattr(closer, name, value)


def awaited(closer: Closer) -> list[Handoff]:
    """The hand-over that waits for this closer to register anew."""
    waiting = Handoff.objects.filter(attempt__closer=closer, state=State.ACCEPTED, attempt__line_lost_at__isnull=False)
    return list(waiting.filter(attempt__line_back_at=None))


def _is_open(rung: TelephonyCredential | None, now: datetime) -> bool:
    """Whether the page of the login that is rung has shown a sign of life."""
    return rung is not None and rung.page_seen_at is not None and now - rung.page_seen_at <= HEARTBEAT_TIMEOUT


def _is_reachable(closer: Closer, rung: TelephonyCredential | None, now: datetime) -> bool:
    """Whether a ring at that page may be answered; a phone that has just gone away is given time to come back."""
    if not _is_open(rung, now) or closer.is_line_lost:
        return False
    went_at = closer.line_proven_at
    return bool(closer.registered_as) or (went_at is not None and now - went_at <= HEARTBEAT_TIMEOUT)


def end_logins_of_gone_pages(now: datetime) -> None:
    """Have the logins of pages revoked that are gone, but for those of closers in a call.

    A page may live all the same, where it was we who were away: it has to register anew before it is rung.
    """
    _end(TelephonyCredential.objects.filter(page__isnull=False, page_seen_at__lt=now - PAGE_GONE_AFTER), now)


def end_logins(user_id: int, now: datetime) -> None:
    """Have the logins of a closer revoked. In a call they end once its page is gone: it is the prospect's call too."""
    _end(TelephonyCredential.objects.filter(user_id=user_id), now)


def _end(logins: QuerySet[TelephonyCredential], now: datetime) -> None:
    talking = Handoff.objects.filter(state__in=TALKING_STATES, attempt__closer__isnull=False)
    living = logins.filter(revoked_at=None, revoke_at__gt=now)
    ended = list(living.exclude(user__closer__in=talking.values("attempt__closer")).values_list("pk", "sip_username"))
    TelephonyCredential.objects.filter(pk__in=[pk for pk, _ in ended]).update(revoke_at=now)
    rung = Closer.objects.filter(sip_username__in=[name for _, name in ended if name])
    teams = set(rung.values_list("team_id", flat=True))
    rung.update(lost_username=F("sip_username"))
    for team_id in teams:
        roster.changed(team_id)
