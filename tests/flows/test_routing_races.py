"""Clicks at the same instant, on real connections to PostgreSQL: one has the call, nobody has two."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.utils import timezone

from handoff import actions
from handoff.engine import transitions
from handoff.machine import Fact, State
from handoff.models import Closer, Handoff, Offer, RoutingPolicy
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visits.visits import open_visit as begin_visit
from tests import handoffs
from tests.people import Clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("enough_lines")]

ROUNDS = 20
WON = "won"


def open_visit(widget: WidgetConfig) -> UUID:
    return begin_visit(widget, recording=True, origin="", now=timezone.now()).pk


def trigger(session_id: UUID) -> None:
    with transaction.atomic():
        transitions.trigger(transitions.lock(session_id), "gather_complete", now=timezone.now())


def search_again(session_id: UUID) -> None:
    """What the sweep does each second."""
    with transaction.atomic():
        handoff = transitions.open_handoff(transitions.lock(session_id))
        if handoff is not None and handoff.state == State.RESERVED:
            transitions.apply(handoff, Fact.DEADLINE, now=timezone.now())


def at_once(*clicks: Callable[[], Any]) -> list[str]:
    """Do all of it in the same instant; what each was told."""
    ready = Barrier(len(clicks))

    def click(run: Callable[[], Any]) -> str:
        try:
            ready.wait(30)
            run()
        except actions.ActionRefused as refusal:
            return str(refusal)
        finally:
            connections.close_all()
        return WON

    with ThreadPoolExecutor(len(clicks)) as pool:
        return list(pool.map(click, clicks))


def accept(offer: Offer) -> Callable[[], Any]:
    return lambda: actions.accept(offer.pk, closer=offer.closer, now=timezone.now())


def decline(offer: Offer) -> Callable[[], Any]:
    return lambda: actions.decline(offer.pk, closer=offer.closer, now=timezone.now())


@pytest.fixture
def rounds(widget: WidgetConfig, alice: Closer, ben: Closer, clock: Clock) -> Iterator[UUID]:
    """A new prospect for each round, for whom both dashboards ring."""
    RoutingPolicy.objects.update(strategy="all_at_once")

    def each() -> Iterator[UUID]:
        for _ in range(ROUNDS):
            session_id = open_visit(widget)
            trigger(session_id)
            yield session_id
            handoffs.end_all()

    return each()


def rings(session_id: UUID) -> list[Offer]:
    return list(Offer.objects.filter(handoff__session_id=session_id).select_related("closer").order_by("closer_id"))


def test_two_closers_click_at_once_and_exactly_one_has_the_call(rounds: Iterator[UUID]) -> None:
    winners = set()
    for session_id in rounds:
        alice_s, ben_s = rings(session_id)

        told = at_once(accept(alice_s), accept(ben_s))

        handoff = Handoff.objects.select_related("attempt__closer").get(session_id=session_id)
        assert handoff.closer is not None
        assert sorted(told) == sorted([WON, f"Taken by {handoff.closer.display_name}."])
        assert {offer.closer_id: offer.state for offer in rings(session_id)} == {
            alice_s.closer_id: "accepted" if handoff.closer_id == alice_s.closer_id else "withdrawn",
            ben_s.closer_id: "accepted" if handoff.closer_id == ben_s.closer_id else "withdrawn",
        }
        assert (handoff.state, handoff.attempts.count()) == (State.ACCEPTED, 1)
        assert handoff.commands.filter(kind="dial").count() == 1
        winners.add(handoff.closer.display_name)

    assert winners <= {"Alice", "Ben"}


def test_one_closer_in_four_tabs_takes_the_call_once(rounds: Iterator[UUID]) -> None:
    for session_id in rounds:
        mine, _ = rings(session_id)

        told = at_once(*[accept(mine)] * 4)

        handoff = Handoff.objects.get(session_id=session_id)
        assert told == [WON] * 4, "it is theirs, whichever tab they look at"
        assert (handoff.attempts.count(), handoff.commands.filter(kind="dial").count()) == (1, 1)


def test_the_last_two_decline_at_once_and_the_search_goes_on_once(rounds: Iterator[UUID]) -> None:
    for session_id in rounds:
        at_once(*[decline(offer) for offer in rings(session_id)])

        handoff = Handoff.objects.get(session_id=session_id)
        assert handoff.state == State.UNANSWERED
        assert VoiceSession.objects.get(pk=session_id).timeline.filter(kind="callback.promised").count() == 1


def test_an_accept_and_a_decline_at_once_leave_the_call_with_who_accepted(rounds: Iterator[UUID]) -> None:
    for session_id in rounds:
        alice_s, ben_s = rings(session_id)

        told = at_once(accept(alice_s), decline(ben_s))

        handoff = Handoff.objects.get(session_id=session_id)
        assert told[0] == WON
        assert (handoff.closer_id, handoff.state) == (alice_s.closer_id, State.ACCEPTED)
        assert Offer.objects.filter(state="ringing").count() == 0


@pytest.mark.parametrize("strategy", ["longest_idle", "all_at_once"])
def test_many_prospects_at_once_ring_each_closer_once(
    widget: WidgetConfig, alice: Closer, ben: Closer, clock: Clock, strategy: str
) -> None:
    RoutingPolicy.objects.update(strategy=strategy)
    for _ in range(5):
        visits = [open_visit(widget) for _ in range(6)]

        told = at_once(*[lambda session_id=session_id: trigger(session_id) for session_id in visits])  # type: ignore[misc]

        assert told == [WON] * 6, "no search may fail because of another"
        for session_id in visits:
            search_again(session_id)
        ringing = Offer.objects.filter(state="ringing").values_list("closer_id", flat=True)
        assert sorted(ringing) == sorted([alice.pk, ben.pk])
        states = Handoff.objects.filter(session__in=visits).values_list("state", flat=True)
        assert set(states) == {State.RINGING, State.RESERVED}, "the others wait for somebody to become free"
        Offer.objects.update(state="withdrawn")
        handoffs.end_all()


def test_whoever_takes_one_call_is_not_rung_for_another_in_the_same_instant(
    widget: WidgetConfig, alice: Closer, clock: Clock
) -> None:
    for _ in range(ROUNDS):
        taken, other = open_visit(widget), open_visit(widget)
        VoiceSession.objects.filter(pk=taken).update(assistant_started_at=timezone.now())

        told = at_once(
            lambda taken=taken: actions.take(taken, closer=alice, immediately=False, now=timezone.now()),  # type: ignore[misc]
            lambda other=other: trigger(other),  # type: ignore[misc]
        )

        has_taken = Handoff.objects.filter(attempt__closer=alice, state=State.ACCEPTED).exists()
        is_rung = Offer.objects.filter(closer=alice, state="ringing").exists()
        assert has_taken != is_rung, told
        assert told[0] == (WON if has_taken else "Answer or decline your ring first.")
        Offer.objects.update(state="withdrawn")
        handoffs.end_all()
