"""A promise to call back, and time: it is kept, missed, moved or ticked off, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from handoff import actions, tasks
from handoff.models import CallbackPromise, Closer
from sessions_app.models import WidgetConfig
from sessions_app.visits import tokens
from tests.flows.calling import promise_of
from tests.people import Clock
from tests.telnyx import Rest, Webhooks
from tests.visits import MORNING, PHONE, Visit, open_visit


def test_a_promise_whose_time_passes_without_a_call_is_missed_once(booking: Visit) -> None:
    booking.pass_time(29 * 60)
    assert promise_of(booking).missed_at is None

    booking.pass_time(90)
    tasks.sweep()

    assert promise_of(booking).missed_at is not None
    assert booking.kinds().count("callback.missed") == 1


def done(visit: Visit, closer: Closer) -> None:
    actions.keep_promise(promise_of(visit).pk, closer=closer, now=timezone.now())


def called(visit: Visit, closer: Closer) -> None:
    CallbackPromise.objects.update(attempts=1)


@pytest.mark.parametrize("deal_with", [done, called])
def test_a_promise_that_was_dealt_with_in_time_is_not_missed(
    booking: Visit, carol: Closer, deal_with: Callable[[Visit, Closer], None]
) -> None:
    deal_with(booking, carol)

    booking.pass_time(31 * 60)

    assert promise_of(booking).missed_at is None
    assert "callback.missed" not in booking.kinds()


def test_a_new_time_makes_a_missed_promise_open_again(booking: Visit) -> None:
    booking.pass_time(31 * 60)
    wish = timezone.now() + timedelta(hours=2)
    actions.promise_callback(booking.session_id, name="Ada", phone=PHONE, when=wish, now=timezone.now())

    promise = promise_of(booking)
    assert (promise.missed_at, promise.due_at, promise.is_booked) == (None, wish, True)


def test_a_promise_is_ticked_off_once_and_by_its_own_team_alone(booking: Visit, carol: Closer, bob: Closer) -> None:
    promise = promise_of(booking)
    with pytest.raises(actions.ActionRefused, match="no such"):
        actions.keep_promise(promise.pk, closer=bob, now=timezone.now())

    done(booking, carol)

    assert booking.kinds().count("callback.kept") == 1
    with pytest.raises(actions.ActionRefused, match="done already"):
        done(booking, carol)


def test_two_promises_of_one_hour_have_two_owners(
    booking: Visit, carol: Closer, alice: Closer, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    owners = set()
    for number in range(2):
        visit = open_visit(widget, webhooks, rest, clock, connection_id=f"other-{number}")
        wish = MORNING + timedelta(hours=2)
        promise = actions.promise_callback(visit.session_id, name="Bo", phone=PHONE, when=wish, now=timezone.now())
        owners.add(promise.owner)

    assert owners == {carol, alice}


def test_the_ticket_of_the_visit_opens_no_callback(booking: Visit) -> None:
    ticket = tokens.ticket(booking.session_id)
    answer = booking.leg.webhooks.client.post(
        "/api/orchestration/callback", headers={"Authorization": f"Bearer {ticket}"}
    )

    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_last_place_of_a_time_is_given_to_one_of_two(
    monday: datetime, carol: Closer, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    visits = [open_visit(widget, webhooks, rest, clock, connection_id=f"at-once-{number}") for number in range(4)]
    wish, start = monday + timedelta(hours=2), Barrier(len(visits))

    def ask(visit: Visit) -> None:
        start.wait()
        try:
            actions.promise_callback(visit.session_id, name="Bo", phone=PHONE, when=wish, now=timezone.now())
        finally:
            connection.close()

    threads = [Thread(target=ask, args=[visit]) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    due = sorted(CallbackPromise.objects.values_list("due_at", flat=True))
    assert due == [wish + timedelta(minutes=30) * number for number in range(4)]
    assert CallbackPromise.objects.filter(is_booked=True).count() == 1
