"""Who lets a ring pass takes no more calls until they say that they are back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff import actions, selectors
from handoff.machine import State
from handoff.models import Closer, Offer, RoutingPolicy
from tests.people import hashed_password, logged_in
from tests.visits import Visit


def now_of(closer: Closer) -> Closer:
    return Closer.objects.get(pk=closer.pk)


def status(closer: Closer) -> str:
    entries = selectors.roster(closer.team, timezone.now())
    return {entry.closer.pk: entry.status for entry in entries}[closer.pk]


def miss(visit: Visit) -> None:
    visit.pass_time(26)


def press_back(client: Client) -> Any:
    return client.post(reverse("dashboard:back"), "{}", content_type="application/json")


def test_a_missed_ring_is_seen_by_the_team_and_named_on_the_timeline(waiting_for_alice: Visit, alice: Closer) -> None:
    miss(waiting_for_alice)

    assert now_of(alice).missed_at is not None
    assert status(alice) == "missed"
    entry = waiting_for_alice.session.timeline.get(kind="handoff.unanswered")
    assert (entry.payload["closer"], entry.payload["closer_name"]) == (alice.pk, "Alice")


def test_who_missed_a_ring_is_not_rung_by_the_next_prospect(
    waiting_for_alice: Visit, alice: Closer, ben: Closer
) -> None:
    visit = waiting_for_alice
    miss(visit)
    visit.leg.hung_up()
    Closer.objects.filter(pk=ben.pk).update(available_since=timezone.now())

    (alice_now, ben_now) = [one.is_ready for one in selectors.roster(alice.team, timezone.now())]

    assert (alice_now, ben_now) == (False, True)


def test_back_means_ready_and_last_in_the_queue(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    miss(waiting_for_alice)
    moment = timezone.now()

    assert press_back(logged_in(alice.user)).status_code == 200

    assert status(alice) == "ready"
    since = now_of(alice).available_since
    assert since is not None
    assert since >= moment
    assert press_back(logged_in(alice.user)).status_code == 200, "pressing twice does no harm"


def test_only_one_who_missed_a_ring_loses_their_place_by_pressing_back(alice: Closer) -> None:
    since = now_of(alice).available_since

    press_back(logged_in(alice.user))

    assert now_of(alice).available_since == since


def test_back_within_the_same_wait_does_not_ring_again(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    visit = waiting_for_alice
    miss(visit)
    actions.back(now_of(alice), now=timezone.now())

    actions.decline(visit.ringing().pk, closer=ben, now=timezone.now())

    assert visit.state == State.UNANSWERED
    assert Offer.objects.filter(closer=alice).count() == 1


def test_a_decline_is_no_miss(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    actions.decline(waiting_for_alice.ringing().pk, closer=alice, now=timezone.now())

    assert now_of(alice).missed_at is None
    assert status(alice) == "ready"
    entry = waiting_for_alice.session.timeline.get(kind="handoff.declined")
    assert entry.payload["closer_name"] == "Alice"


def test_a_prospect_who_leaves_makes_no_miss(waiting_for_alice: Visit, alice: Closer) -> None:
    waiting_for_alice.leg.hung_up()

    assert now_of(alice).missed_at is None


def test_a_policy_may_forgive_a_missed_ring(waiting_for_alice: Visit, alice: Closer) -> None:
    RoutingPolicy.objects.update(demotes_after_miss=False)

    miss(waiting_for_alice)

    assert Offer.objects.get(closer=alice).state == Offer.State.EXPIRED
    assert now_of(alice).missed_at is None


def test_taking_calls_anew_forgets_the_miss(waiting_for_alice: Visit, alice: Closer) -> None:
    miss(waiting_for_alice)

    for available in (False, True):
        actions.set_available(alice, available, now=timezone.now())

    assert now_of(alice).missed_at is None


def test_a_reload_of_the_page_does_not_forget_it(waiting_for_alice: Visit, alice: Closer) -> None:
    miss(waiting_for_alice)

    actions.report_presence(alice, softphone=True, microphone=True, sound=True, now=timezone.now())

    assert status(alice) == "missed"


def test_who_missed_and_then_went_away_is_offline_first(waiting_for_alice: Visit, alice: Closer) -> None:
    miss(waiting_for_alice)
    Closer.objects.filter(pk=alice.pk).update(seen_at=timezone.now() - timedelta(minutes=1))

    assert status(alice) == "offline"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_back_is_pressed_not_visited(alice: Closer, method: str) -> None:
    assert getattr(logged_in(alice.user), method)(reverse("dashboard:back")).status_code == 405


def test_a_stranger_cannot_bring_anybody_back(client: Client, alice: Closer) -> None:
    clerk = User.objects.create(email="clerk@agileadapt.example", password=hashed_password())
    Closer.objects.filter(pk=alice.pk).update(missed_at=timezone.now())

    assert press_back(client).status_code == 302
    assert press_back(logged_in(clerk)).status_code == 403
    assert json.loads(press_back(logged_in(alice.user)).content) == {"status": "success"}
