"""Who may be called back, by whom, and by one of them alone."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Handoff
from sessions_app.models import VoiceSession
from tests import handoffs
from tests.flows.calling import call, promise, promise_of
from tests.visits import Visit


@pytest.mark.parametrize(
    "phone", ["1900 123 456", "190 555 018", "+1 415 555 0100", "+881 612 345 678", "12345678", "1300 555 018"]
)
def test_a_costly_or_foreign_number_is_never_dialled(visit: Visit, alice: Closer, phone: str) -> None:
    promise(visit, phone)

    with pytest.raises(actions.ActionRefused, match="may not be dialled") as refused:
        call(visit, alice)

    assert refused.value.code == "no_number"
    assert promise_of(visit).attempts == 0
    assert visit.rest.asked("calls") == []


def test_without_a_number_or_a_page_there_is_nothing_to_call(visit: Visit, alice: Closer) -> None:
    promise(visit, "")

    with pytest.raises(actions.ActionRefused, match="No number is known"):
        call(visit, alice)


def busy(closer: Closer, promised: Visit) -> None:
    other = VoiceSession.objects.create(
        widget=promised.session.widget, team=closer.team, connection_mode="credential", created_at=timezone.now()
    )
    handoffs.create(
        session=other,
        trigger="requested",
        state=State.CONNECTED,
        method="bridge",
        closer=closer,
        triggered_at=timezone.now(),
        deadline_at=timezone.now(),
    )


def without_phone(closer: Closer, promised: Visit) -> None:
    Closer.objects.filter(pk=closer.pk).update(softphone_registered=False)
    closer.refresh_from_db()


def done(closer: Closer, promised: Visit) -> None:
    actions.keep_promise(promise_of(promised).pk, closer=closer, now=timezone.now())


@pytest.mark.parametrize(
    ("hinder", "code"), [(busy, "busy"), (without_phone, "not_ready"), (done, "gone")], ids=["busy", "phone", "done"]
)
def test_what_hinders_a_call_is_said(
    promised: Visit, alice: Closer, hinder: Callable[[Closer, Visit], None], code: str
) -> None:
    hinder(alice, promised)

    with pytest.raises(actions.ActionRefused) as refused:
        call(promised, alice)

    assert refused.value.code == code
    assert promise_of(promised).attempts == 0


def test_another_team_s_promise_does_not_exist(promised: Visit, bob: Closer) -> None:
    with pytest.raises(actions.ActionRefused) as refused:
        call(promised, bob)

    assert refused.value.code == "unknown"


def test_the_second_closer_is_told_who_calls_and_the_first_may_click_twice(
    promised: Visit, alice: Closer, ben: Closer
) -> None:
    made = call(promised, alice)

    with pytest.raises(actions.ActionRefused, match="Alice is calling already"):
        call(promised, ben)

    assert call(promised, alice).visit.session_id == made.visit.session_id
    assert promise_of(promised).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_wins(promised: Visit, alice: Closer, ben: Closer) -> None:
    pk, closers = promise_of(promised).pk, [alice, ben] * 3
    start = Barrier(len(closers))
    results: list[Any] = []

    def click(closer: Closer) -> None:
        start.wait()
        try:
            results.append(actions.call_back(pk, closer=closer, now=timezone.now()).pk)
        except actions.ActionRefused as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=click, args=[closer]) for closer in closers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Handoff.objects.filter(trigger="callback").count() == 1
    assert promise_of(promised).attempts == 1
    assert results.count("gone") == 3
    assert len(set(results)) == 2
