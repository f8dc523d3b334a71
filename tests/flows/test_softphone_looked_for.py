"""Whether a softphone that was quiet for long is registered is asked before its first ring."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from handoff import actions
from handoff.closers import softphones
from handoff.models import Closer, Handoff
from tests.flows.softphones import Page, dialled, lookups, must_register, of
from tests.visits import Visit, accept


@pytest.fixture
def quiet(waiting_for_alice: Visit, page: Page) -> Visit:
    """Nothing has shown for long that Alice's line is up."""
    Closer.objects.filter(pk=page.closer.pk).update(line_proven_at=timezone.now() - softphones.QUIET_AFTER)
    return waiting_for_alice


def test_a_line_that_was_quiet_for_long_is_looked_for_and_rung_at_once(quiet: Visit, page: Page) -> None:
    accept(quiet)

    assert lookups(quiet) == 1
    asked = dict(quiet.rest.router["registration"].calls.last.request.url.params)
    assert asked == {"credential_type": "telephony_credential", "username": page.username}
    assert dialled(quiet) == [page.username]


def test_who_is_not_registered_is_sought_before_any_ring(quiet: Visit, page: Page) -> None:
    quiet.rest.registered = False

    accept(quiet)
    assert dialled(quiet) == []
    assert must_register(page.closer)
    fresh = page.registers()
    quiet.work()

    assert dialled(quiet) == [fresh]
    assert lookups(quiet) == 1, "what has just registered is not asked after"
    quiet.pass_time(3)
    assert dialled(quiet) == [fresh]


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("slow"), httpx.Response(404), httpx.Response(500)])
def test_a_question_that_fails_delays_nobody(quiet: Visit, page: Page, failure: Any) -> None:
    quiet.rest.router["registration"].mock(side_effect=[failure])

    accept(quiet)

    assert lookups(quiet) == 1
    assert dialled(quiet) == [page.username]


def test_a_question_without_an_answer_is_not_waited_for(quiet: Visit, page: Page) -> None:
    offer = quiet.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())
    (question,) = quiet.commands("look_up_line")
    type(question).objects.filter(pk=question.pk).update(state="sent", due_at=timezone.now() + timedelta(seconds=6))

    quiet.pass_time(1)

    assert dialled(quiet) == [page.username]


def test_an_answer_that_comes_after_the_ring_is_too_late(quiet: Visit, page: Page) -> None:
    offer = quiet.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())
    quiet.rest.registered = False
    (question,) = quiet.commands("look_up_line")
    due = question.due_at
    type(question).objects.filter(pk=question.pk).update(due_at=timezone.now() + timedelta(seconds=2))
    quiet.pass_time(1)
    assert dialled(quiet) == [page.username]

    type(question).objects.filter(pk=question.pk).update(due_at=due)
    quiet.work()

    assert lookups(quiet) == 1
    assert not must_register(page.closer)
    assert not quiet.attempt.awaits_line


@pytest.mark.parametrize("proof", ["registered", "talked"])
def test_a_line_that_was_proven_lately_is_rung_unasked(quiet: Visit, page: Page, proof: str) -> None:
    if proof == "registered":
        page.says(username="")
        page.says()
    else:
        leg = quiet.accept()
        leg.initiated(direction="outgoing")
        leg.answered()
        quiet.work()
        assert timezone.now() - (of(page.closer).line_proven_at or timezone.now()) < timedelta(seconds=5)
        quiet.clock.advance(400)
        leg.hung_up()
        assert timezone.now() - (of(page.closer).line_proven_at or timezone.now()) < timedelta(seconds=5)
        return

    accept(quiet)

    assert lookups(quiet) == 0


def test_a_phone_of_their_own_is_never_looked_for(quiet: Visit, page: Page) -> None:
    Closer.objects.filter(pk=page.closer.pk).update(reached_by="number", address="+61255501234")

    accept(quiet)

    assert lookups(quiet) == 0
    assert [one["to"] for one in quiet.rest.asked("calls")] == ["+61255501234"]


def test_a_closer_who_lets_go_before_the_answer_is_not_rung(quiet: Visit, page: Page) -> None:
    offer = quiet.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())

    actions.hang_up(Handoff.objects.get().pk, closer=page.closer, now=timezone.now())
    quiet.pass_time(2)

    assert dialled(quiet) == []
