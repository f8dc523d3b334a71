"""The rows of attempts: numbered within a hand-over, and one at a time for each closer."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from handoff.legs import attempts
from handoff.models import Attempt, Closer, Handoff
from sessions_app.models import WidgetConfig
from sessions_app.visits import visits
from tests import handoffs

pytestmark = pytest.mark.django_db


@pytest.fixture
def accepted(widget: WidgetConfig, alice: Closer) -> Handoff:
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    return handoffs.create(
        session=session, state="accepted", method="bridge", closer=alice, triggered_at=now, deadline_at=now
    )


def test_a_second_open_attempt_of_one_closer_is_refused(accepted: Handoff, alice: Closer) -> None:
    with pytest.raises(IntegrityError, match="one_attempt_per_closer"), transaction.atomic():
        Attempt.objects.create(handoff=accepted, number=2, closer=alice)

    Attempt.objects.update(over_at=timezone.now())
    Attempt.objects.create(handoff=accepted, number=2, closer=alice)


def test_two_attempts_of_one_number_are_refused(accepted: Handoff) -> None:
    with pytest.raises(IntegrityError, match="attempt_number_once"), transaction.atomic():
        Attempt.objects.create(handoff=accepted, number=1)


def test_another_attempt_goes_on_with_the_same_acceptance(accepted: Handoff, alice: Closer) -> None:
    now = timezone.now()
    handoffs.change(accepted, takes_now=True, line_lost_at=now, accepted_at=now, seated_at=now, command_sent_at=now)
    first = attempts.of(accepted)

    again = attempts.again(accepted, now)

    again.refresh_from_db()
    assert (again.number, again.closer, again.takes_now) == (2, alice, True)
    assert (again.line_lost_at, again.accepted_at) == (now, now)
    assert (again.leg, again.seated_at, again.command_sent_at, again.over_at) == (None, None, None, None)
    assert Attempt.objects.get(pk=first.pk).over_at == now
    assert accepted.attempt == again


def test_whoever_is_given_up_has_it_no_more(accepted: Handoff, alice: Closer) -> None:
    assert accepted.closer == alice

    attempts.let_go(accepted)

    accepted.refresh_from_db()
    assert (accepted.attempt, accepted.closer, accepted.closer_leg) == (None, None, None)
    with pytest.raises(ValueError, match="nobody to connect"):
        attempts.of(accepted)
