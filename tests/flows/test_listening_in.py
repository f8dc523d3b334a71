"""A closer who waits hears the prospect on a leg beside their own; whatever becomes of it, theirs is the one joined."""

from typing import Any

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from handoff import actions, selectors
from handoff.machine import State
from handoff.models import Attempt, Closer, RoutingPolicy
from sessions_app.models import CallLeg, LegRefusal
from sessions_app.visits import capacity
from tests.flows.test_warm_seat import answer, seat, speech_ended, take
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit


@pytest.fixture(autouse=True)
def listening(sales: Any) -> None:
    RoutingPolicy.objects.filter(team=sales).update(listens_in=True)


def dials(visit: Visit) -> list[dict[str, Any]]:
    return visit.rest.asked("calls")


def ear_of(visit: Visit) -> Leg:
    """The leg that was dialled last."""
    made = visit.rest.dialled[-1]
    ids = {name: made[name] for name in ("call_control_id", "call_leg_id", "call_session_id", "client_state")}
    return Leg(visit.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, **ids)


def seated_and_listening(visit: Visit, alice: Closer) -> tuple[Leg, Leg]:
    """The closer's own leg, and the one on which they hear the prospect."""
    own = seat(visit, alice)
    ear = ear_of(visit)
    ear.initiated(direction="outgoing")
    ear.answered()
    visit.work()
    return own, ear


def ended(visit: Visit) -> list[str]:
    """Whose ends were asked for."""
    return [request.url.path.split("/")[-3] for request in visit.rest.hang_ups]


def test_the_leg_that_listens_is_dialled_once_the_closer_s_own_is_up(alice: Closer, talking: Visit) -> None:
    take(talking, alice)
    (own,) = dials(talking)
    assert "supervise_call_control_id" not in own

    answer(talking)

    own, ear = dials(talking)
    assert ear["to"] == own["to"]
    assert (ear["supervise_call_control_id"], ear["supervisor_role"]) == (talking.leg.call_control_id, "monitor")
    assert ear["custom_headers"] == [{"name": "X-Listens-To", "value": str(talking.handoff.pk)}]
    assert ear["time_limit_secs"] == 900


def test_the_closer_s_own_leg_is_joined_and_the_other_ends(alice: Closer, talking: Visit) -> None:
    own, ear = seated_and_listening(talking, alice)
    assert selectors.is_listening(talking.handoff)

    talking.leg.gathered(ANSWERS)
    talking.work()

    (bridge,) = talking.rest.asked("bridge")
    assert bridge["call_control_id"] == own.call_control_id
    assert ended(talking) == [ear.call_control_id]
    assert talking.rest.asked("switch_supervisor_role") == []
    ear.hung_up()
    own.bridged()
    assert (talking.state, talking.handoff.closer) == (State.CONNECTED, alice)


def test_taking_over_joins_the_closer_s_own_leg_too(alice: Closer, talking: Visit) -> None:
    own, ear = seated_and_listening(talking, alice)

    actions.take_over(talking.handoff.pk, closer=alice, now=timezone.now())
    talking.work()
    assert ended(talking) == []
    speech_ended(talking)

    assert [one["call_control_id"] for one in talking.rest.asked("bridge")] == [own.call_control_id]
    assert ended(talking) == [ear.call_control_id]


@pytest.mark.parametrize("when", ["waiting", "joining", "talking"])
def test_the_end_of_the_leg_that_listens_is_no_loss(alice: Closer, talking: Visit, when: str) -> None:
    own, ear = seated_and_listening(talking, alice)
    if when != "waiting":
        talking.leg.gathered(ANSWERS)
        talking.work()
    if when == "talking":
        own.bridged()
    before = talking.state

    ear.hung_up(source="callee", cause="unspecified", sip="480")
    talking.work()

    assert (talking.state, talking.handoff.closer) == (before, alice)
    assert not selectors.is_listening(talking.handoff)
    assert not selectors.must_register(alice)


def test_what_is_told_of_the_leg_that_listens_joins_nobody(alice: Closer, talking: Visit) -> None:
    _, ear = seated_and_listening(talking, alice)

    ear.bridged()
    talking.leg.bridged()

    assert talking.state == State.SEATED


@pytest.mark.parametrize("answer_", [httpx.Response(422), httpx.Response(500), httpx.ReadTimeout("slow")])
def test_without_it_the_seat_is_as_warm(alice: Closer, talking: Visit, answer_: Any) -> None:
    take(talking, alice)
    talking.rest.router["dial"].mock(side_effect=answer_ if isinstance(answer_, Exception) else [answer_] * 9)
    own = answer(talking)

    talking.leg.gathered(ANSWERS)
    talking.work()

    assert talking.state == State.BRIDGING
    assert [one["call_control_id"] for one in talking.rest.asked("bridge")] == [own.call_control_id]
    assert not selectors.is_listening(talking.handoff)


def test_where_no_leg_is_free_nobody_listens(alice: Closer, talking: Visit, settings: Any) -> None:
    settings.TELNYX_MAX_LEGS = 2

    seat(talking, alice)

    assert talking.state == State.SEATED
    assert len(dials(talking)) == 1


def test_the_leg_that_listens_is_counted(alice: Closer, talking: Visit, settings: Any) -> None:
    settings.TELNYX_MAX_LEGS = 5
    seat(talking, alice)
    assert capacity.usage(now=timezone.now()).held() == 3
    assert capacity.has_room(talking.session.team, now=timezone.now())

    ear = ear_of(talking)
    ear.initiated(direction="outgoing")
    ear.answered()
    assert capacity.usage(now=timezone.now()).held() == 3

    talking.leg.gathered(ANSWERS)
    talking.work()
    ear.hung_up()
    assert capacity.usage(now=timezone.now()).held() == 2


def test_a_limit_that_refuses_it_is_told_and_the_seat_is_kept(alice: Closer, talking: Visit) -> None:
    take(talking, alice)
    refusal = httpx.Response(403, json={"errors": [{"code": "90041", "title": "Channel limit exceeded"}]})
    talking.rest.router["dial"].mock(side_effect=[refusal] * 9)

    answer(talking)

    assert (talking.state, talking.handoff.closer) == (State.SEATED, alice)
    assert LegRefusal.objects.get().code == "90041"
    assert len(dials(talking)) == 2
    assert capacity.usage(now=timezone.now()).held() == 2


def test_a_closer_who_lets_go_leaves_no_leg_behind(alice: Closer, talking: Visit) -> None:
    own, ear = seated_and_listening(talking, alice)

    actions.hang_up(talking.handoff.pk, closer=alice, now=timezone.now())
    talking.work()

    assert sorted(ended(talking)) == sorted([own.call_control_id, ear.call_control_id])


def test_a_prospect_who_leaves_ends_it(alice: Closer, talking: Visit) -> None:
    _, ear = seated_and_listening(talking, alice)

    talking.leg.hung_up()
    talking.work()

    assert ear.call_control_id in ended(talking)


def test_a_leg_that_comes_after_the_wait_is_hung_up(alice: Closer, talking: Visit) -> None:
    seat(talking, alice)
    ear = ear_of(talking)
    CallLeg.objects.filter(call_control_id=ear.call_control_id).delete()
    Attempt.objects.update(listener_leg=None)
    talking.leg.gathered(ANSWERS)
    talking.work()
    assert ended(talking) == []

    ear.initiated(direction="outgoing")
    talking.work()

    assert ended(talking) == [ear.call_control_id]
    assert CallLeg.objects.get(call_control_id=ear.call_control_id).role == CallLeg.Role.LISTENER


def test_a_reply_that_comes_after_the_wait_hangs_it_up(alice: Closer, talking: Visit) -> None:
    take(talking, alice)

    def ended_meanwhile(request: httpx.Request) -> httpx.Response:
        talking.leg.gathered(ANSWERS)
        return talking.rest._dial(request)

    talking.rest.router["dial"].mock(side_effect=ended_meanwhile)
    answer(talking)

    assert talking.state == State.BRIDGING
    assert ended(talking) == [talking.rest.dialled[-1]["call_control_id"]]


def test_the_next_closer_listens_on_a_leg_of_their_own(alice: Closer, ben: Closer, talking: Visit) -> None:
    _, first = seated_and_listening(talking, alice)
    actions.hang_up(talking.handoff.pk, closer=alice, now=timezone.now())
    talking.work()

    _, second = seated_and_listening(talking, ben)

    assert first.call_control_id != second.call_control_id
    assert talking.attempt.listener_leg is not None
    assert talking.attempt.listener_leg.call_control_id == second.call_control_id


@pytest.mark.parametrize("why", ["own phone", "at once", "after the assistant", "not wanted"])
def test_who_does_not_listen_has_one_leg(alice: Closer, talking: Visit, why: str) -> None:
    if why == "own phone":
        Closer.objects.filter(pk=alice.pk).update(reached_by="number", address="+61255501234")
        alice.refresh_from_db()
    if why == "not wanted":
        RoutingPolicy.objects.update(listens_in=False)
    if why == "after the assistant":
        talking.leg.gathered(ANSWERS)
        talking.work()
        talking.accept()
        answer(talking)
    else:
        take(talking, alice, immediately=why == "at once")
        answer(talking)

    assert len(dials(talking)) == 1


def test_a_limit_that_ends_the_leg_on_which_they_listen_is_counted(talking: Visit, alice: Closer) -> None:
    seat(talking, alice)
    ear = ear_of(talking)
    ear.initiated(direction="outgoing")

    ear.says("call.hangup", hangup_cause="call_rejected", hangup_source="unknown", sip_reason="limit exceeded D1")

    assert LegRefusal.objects.get().code == "D1"
