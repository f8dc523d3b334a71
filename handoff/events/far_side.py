"""A leg that arrives at a closer's softphone: Telnyx reports it a second time, and that report is nobody's.

The softphone is logged in on the same connection as the pages of visitors, whose webhook therefore tells of the call at
its end too: another call_control_id, our custom headers, perhaps the same call session, in a direction that no document
names. Nothing may follow from it, because the leg that we dialled tells the same. It is known by where it arrives.
Source: https://support.telnyx.com/en/articles/4351104 (read 2026-11).
"""

from django.db.models import Q

from handoff.machine import SETTLED_STATES
from handoff.models import Closer, Handoff
from sessions_app.inbox.binding import Nobodys
from sessions_app.inbox.proof import Proof
from sessions_app.models import TelephonyCredential
from telephony.events import CallInitiated, Event

ARRIVES = "arrives at a closer's softphone"
CALLED_BY_PAGE = "a page called a closer's softphone itself"


def look(event: Event, proof: Proof) -> Nobodys | None:
    """What an event without our mark is that tells of a call to a softphone; None when it tells of another call."""
    if not proof.is_on_our_connection or not _is_softphone(event.called):
        return None
    is_stranger = isinstance(event, CallInitiated) and _is_placed_by_page(event, proof)
    return Nobodys(CALLED_BY_PAGE, is_stranger=True) if is_stranger else Nobodys(ARRIVES)


def _is_softphone(users: frozenset[str]) -> bool:
    """Also of a softphone that is logged out: a call to it may still be told of."""
    minted = TelephonyCredential.objects.filter(sip_username__in=users, user__isnull=False)
    return minted.exists() or Closer.objects.filter(sip_username__in=users).exists()


def _is_placed_by_page(event: CallInitiated, proof: Proof) -> bool:
    """Whether a visitor's credential calls the closer, although nobody connects the two.

    While they are being connected, the far side of that call might be said to come from the visitor.
    """
    if proof.caller is None:
        return False
    mine = Q(attempt__closer__sip_username__in=event.called) | Q(
        attempt__closer__user__in=TelephonyCredential.objects.filter(sip_username__in=event.called).values("user")
    )
    return not Handoff.objects.filter(mine, session_id=proof.caller).exclude(state__in=SETTLED_STATES).exists()
