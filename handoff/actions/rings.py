"""The closer's word on a ring."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from handoff.actions.calls import require_free, seize
from handoff.engine import transitions
from handoff.errors import ActionRefused
from handoff.machine import Fact
from handoff.models import Closer, Handoff, Offer
from handoff.routing import offers


@transaction.atomic
def accept(offer_id: UUID, *, closer: Closer, now: datetime) -> Handoff:
    """Take the call. Exactly one wins, whatever tabs, keys and clicks; asking twice changes nothing."""
    offer, handoff = _own_offer(offer_id, closer)
    if offer.state == Offer.State.ACCEPTED:
        return handoff
    require_free(closer, handoff)
    _claim(offer, Offer.State.ACCEPTED, now)
    seize(handoff, closer, now=now)
    return handoff


@transaction.atomic
def decline(offer_id: UUID, *, closer: Closer, now: datetime) -> None:
    """Leave the call to the next closer."""
    offer, handoff = _own_offer(offer_id, closer)
    if offer.state == Offer.State.DECLINED:
        return
    _claim(offer, Offer.State.DECLINED, now)
    offers.declined(handoff, offer, now)
    if not offers.is_ringing(handoff):
        transitions.apply(handoff, Fact.DECLINED, now=now)


def _own_offer(offer_id: UUID, closer: Closer) -> tuple[Offer, Handoff]:
    mine = Offer.objects.filter(pk=offer_id, closer=closer, handoff__session__team_id=closer.team_id)
    found = mine.values_list("handoff__session_id", "handoff_id").first()
    if found is None:
        raise ActionRefused("This call was not offered to you.", "unknown")
    handoff = transitions.by_id(transitions.lock(found[0]), found[1])
    return Offer.objects.get(pk=offer_id), handoff


def _claim(offer: Offer, state: str, now: datetime) -> None:
    rings = Offer.objects.filter(pk=offer.pk, state=Offer.State.RINGING)
    if not rings.update(state=state, answered_at=now):
        raise ActionRefused(offers.why_over(offer), "gone")
