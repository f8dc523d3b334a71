"""A closer who was moved to another team has left the rings and calls of the old one behind."""

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.render import desk
from handoff import selectors
from handoff.models import Closer, Offer
from tests.permissions.world import ACTIONS, World

OWN = ["accept", "decline", "take-over", "hand-back", "hang-up", "notes", "complete", "quality"]


def move(closer: Closer, world: World) -> Client:
    Closer.objects.filter(pk=closer.pk).update(team=world.people["bob"].team)
    closer.refresh_from_db()
    browser = Client()
    browser.force_login(closer.user)
    return browser


@pytest.mark.parametrize("name", OWN)
def test_nothing_of_it_can_be_touched(world: World, name: str) -> None:
    alice = world.people["alice"]
    asked = ACTIONS[name](world, alice)
    before = world.session.last_seq

    response = asked.send(move(alice, world))

    assert (response.status_code, response.json()["code"]) == (404, "unknown")
    assert world.session.last_seq == before
    assert world.visit.handoff.notes == ""


def test_their_desk_shows_neither_ring_nor_call(world: World) -> None:
    alice = world.people["alice"]
    ring = world.ring(alice)
    assert selectors.ringing_offer(alice) == ring
    assert selectors.offer_of(alice, str(ring.pk)) == ring

    move(alice, world)

    assert selectors.ringing_offer(alice) is None
    assert selectors.offer_of(alice, str(ring.pk)) is None
    assert Offer.objects.filter(pk=ring.pk, state=Offer.State.RINGING).exists()


def test_their_call_is_not_read_on(world: World) -> None:
    alice = world.people["alice"]
    call = world.call(alice)
    assert selectors.active_handoffs(alice) == [call]

    move(alice, world)

    assert selectors.active_handoffs(alice) == []
    assert desk.read(alice, timezone.now(), None).desk["session"] is None
