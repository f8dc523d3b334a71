"""A hang-up is wished until its leg is over: whatever puts it off, it is made, and not for ever."""

from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone

from handoff import actions, tasks
from handoff.models import Closer, Command
from sessions_app.models import CallLeg
from sessions_app.visits import capacity
from tests.telnyx import Leg
from tests.visits import Visit, connect

Refusal = Callable[[httpx.Request], httpx.Response]


def refusing(status: int, *, pause: int = 60) -> Refusal:
    return lambda request: httpx.Response(status, headers={"retry-after": str(pause)})


def asked(visit: Visit, leg: Leg) -> int:
    return sum(leg.call_control_id in request.url.path for request in visit.rest.hang_ups)


def ended(leg: Leg) -> bool:
    return CallLeg.objects.filter(call_control_id=leg.call_control_id, ended_at__isnull=False).exists()


def wait(visit: Visit, seconds: int, *, step: float = 10) -> None:
    for _ in range(int(seconds / step)):
        visit.pass_time(step)


@pytest.fixture
def talked(waiting_for_alice: Visit, alice: Closer) -> tuple[Visit, Leg]:
    """The two talk, and Telnyx is about to put off every hang-up."""
    return waiting_for_alice, connect(waiting_for_alice)


@pytest.mark.parametrize("status", [429, 503])
def test_the_closer_s_end_of_a_talk_is_made_when_telnyx_takes_it_again(
    talked: tuple[Visit, Leg], alice: Closer, status: int
) -> None:
    visit, closer_leg = talked
    visit.rest.answers["hangup"] = refusing(status)
    actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
    visit.work()
    wait(visit, 50)
    assert (asked(visit, visit.leg), asked(visit, closer_leg)) == (1, 1)  # Not before it may be asked again.

    del visit.rest.answers["hangup"]
    wait(visit, 20)

    assert (asked(visit, visit.leg), asked(visit, closer_leg)) == (2, 2)
    ids = [body["command_id"] for body in visit.rest.asked("hangup")]
    assert len(set(ids)) == 4


def test_a_closer_who_still_rings_is_let_go_also_when_the_visit_is_over(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    closer_leg = visit.accept()
    closer_leg.initiated(direction="outgoing")
    visit.rest.answers["hangup"] = refusing(503)
    visit.leg.hung_up()
    visit.work()
    closer_leg.answered()  # A phone that answers by itself.
    visit.work()
    del visit.rest.answers["hangup"]

    wait(visit, 70)

    assert visit.session.ended_at is not None
    assert asked(visit, closer_leg) == 2


def test_an_outage_of_any_length_is_waited_out(talked: tuple[Visit, Leg]) -> None:
    visit, closer_leg = talked
    visit.rest.answers["hangup"] = refusing(503, pause=1)
    visit.leg.hung_up()
    visit.work()
    wait(visit, 900)
    tried = asked(visit, closer_leg)
    assert held() == 1  # It stands all that time.

    del visit.rest.answers["hangup"]
    wait(visit, 360)

    assert tried < 60
    assert asked(visit, closer_leg) == tried + 2  # It is carried out, and the second one hears that it was.
    assert ended(closer_leg)
    assert held() == 0


def held() -> int:
    return capacity.usage(now=timezone.now()).held()


def test_workers_that_were_away_make_it_good(talked: tuple[Visit, Leg], alice: Closer) -> None:
    visit, closer_leg = talked
    visit.leg.hung_up()
    visit.clock.advance(120)
    tasks.sweep()  # Nobody has sent it in time.
    assert held() == 1

    wait(visit, 30)

    assert asked(visit, closer_leg) == 1


@pytest.mark.parametrize(("status", "told"), [(404, "10005"), (422, "90018")])
def test_an_answer_that_the_call_is_over_is_its_end(talked: tuple[Visit, Leg], status: int, told: str) -> None:
    visit, closer_leg = talked
    visit.rest.refusals["hangup"] = (status, told)

    visit.leg.hung_up()
    visit.work()

    assert ended(closer_leg)
    wait(visit, 120)
    assert asked(visit, closer_leg) == 1


def test_a_leg_whose_end_is_told_is_asked_for_no_more(talked: tuple[Visit, Leg]) -> None:
    visit, closer_leg = talked
    visit.leg.hung_up()
    visit.work()

    closer_leg.hung_up()
    wait(visit, 120)

    assert asked(visit, closer_leg) == 1
    assert not Command.objects.filter(kind="hang_up", state="pending").exists()


def test_an_end_that_is_never_told_is_found(talked: tuple[Visit, Leg]) -> None:
    visit, closer_leg = talked
    visit.leg.hung_up()
    visit.work()

    wait(visit, 20, step=5)

    assert ended(closer_leg)


def test_a_wrong_key_is_put_right_in_time(talked: tuple[Visit, Leg]) -> None:
    visit, closer_leg = talked
    visit.rest.refusals["hangup"] = (401, "10009")
    visit.leg.hung_up()
    visit.work()
    wait(visit, 40)

    del visit.rest.refusals["hangup"]
    wait(visit, 120)

    assert ended(closer_leg)


def test_it_is_not_wished_for_ever(talked: tuple[Visit, Leg]) -> None:
    """No talk is longer than Telnyx was told to let it last."""
    visit, closer_leg = talked
    visit.rest.answers["hangup"] = refusing(503)
    visit.leg.hung_up()
    visit.work()
    wait(visit, int(3.5 * 3600), step=290)
    assert held() == 1
    wait(visit, int(1.5 * 3600), step=290)
    tried = asked(visit, closer_leg)
    assert held() == 0

    wait(visit, 3600, step=290)

    assert asked(visit, closer_leg) == tried < 70


def test_an_assistant_s_own_leg_that_takes_no_command_is_left_alone(talked: tuple[Visit, Leg]) -> None:
    visit, closer_leg = talked
    CallLeg.objects.filter(call_control_id=closer_leg.call_control_id).update(connection_id="texml-app")
    visit.rest.refusals["hangup"] = (404, "10005")

    visit.leg.hung_up()
    visit.work()
    wait(visit, 120)

    assert (asked(visit, closer_leg), ended(closer_leg)) == (1, False)
    assert held() == 0
