"""Somebody declines, does not answer, leaves or is lost: the prospect is never left in silence."""

from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import CallbackPromise, Closer, Command, Offer
from sessions_app.models import CallLeg
from sessions_app.visits import tokens
from tests.visits import ANSWERS, Visit, connect


def test_a_decline_rings_the_next_closer(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    visit = waiting_for_alice
    actions.decline(visit.ringing().pk, closer=alice, now=timezone.now())

    assert visit.ringing().closer == ben
    assert "handoff.declined" in visit.kinds()
    with pytest.raises(actions.ActionRefused, match="declined"):
        actions.accept(Offer.objects.get(closer=alice).pk, closer=alice, now=timezone.now())


def test_a_ring_that_nobody_answers_goes_to_the_next(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    visit = waiting_for_alice
    visit.pass_time(24)
    assert visit.ringing().closer == alice

    visit.pass_time(2)

    assert visit.ringing().closer == ben
    assert Offer.objects.get(closer=alice).state == Offer.State.EXPIRED


def test_the_loser_of_a_race_is_told_who_has_it(waiting_for_alice: Visit, alice: Closer, ben: Closer) -> None:
    visit = waiting_for_alice
    first = visit.ringing()
    visit.pass_time(26)
    actions.accept(visit.ringing().pk, closer=ben, now=timezone.now())

    with pytest.raises(actions.ActionRefused, match="Taken by Ben"):
        actions.accept(first.pk, closer=alice, now=timezone.now())


def test_waiting_ends_with_a_promise(waiting_for_alice: Visit) -> None:
    for _ in range(3):
        waiting_for_alice.pass_time(25)

    assert waiting_for_alice.state == State.UNANSWERED
    assert waiting_for_alice.session.callback_due_at is not None


def test_somebody_who_is_busy_now_is_waited_for(talking: Visit, alice: Closer) -> None:
    Closer.objects.filter(pk=alice.pk).update(microphone_granted=False)
    talking.finish(ANSWERS)
    assert talking.state == State.RESERVED

    Closer.objects.filter(pk=alice.pk).update(microphone_granted=True)
    talking.pass_time(2)

    assert talking.ringing().closer == alice


def ring(visit: Visit) -> None:
    assert visit.state == State.RINGING


def accept(visit: Visit) -> None:
    visit.accept()


def bridge(visit: Visit) -> None:
    leg = visit.accept()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    assert visit.state == State.BRIDGING


def talk(visit: Visit) -> None:
    connect(visit)


@pytest.mark.parametrize(
    ("reach", "state", "hangups"),
    [(ring, "abandoned", 0), (accept, "abandoned", 1), (bridge, "wrap_up", 1), (talk, "wrap_up", 1)],
)
def test_a_prospect_may_leave_at_any_moment(
    waiting_for_alice: Visit, reach: Callable[[Visit], None], state: str, hangups: int
) -> None:
    visit = waiting_for_alice
    reach(visit)

    visit.leg.hung_up()
    visit.work()

    assert visit.state == state
    assert visit.session.phase == "ended"
    assert not Offer.objects.filter(state=Offer.State.RINGING).exists()
    assert len(visit.rest.asked("hangup")) == hangups
    assert not CallbackPromise.objects.exists()


def test_a_prospect_may_leave_while_somebody_is_looked_for(talking: Visit, alice: Closer) -> None:
    Closer.objects.update(microphone_granted=False)
    talking.finish(ANSWERS)
    assert talking.state == State.RESERVED

    talking.leg.hung_up()

    assert talking.state == State.ABANDONED


@pytest.mark.usefixtures("gathering")
def test_a_prospect_who_left_before_the_last_answer_arrived_rings_nobody(talking: Visit, alice: Closer) -> None:
    talking.leg.hung_up()
    talking.finish(ANSWERS)

    assert talking.state == State.ABANDONED
    assert not Offer.objects.exists()
    assert talking.session.fields.count() == len(ANSWERS)


def test_a_closer_whose_leg_is_lost_is_replaced(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    leg = visit.accept()
    leg.initiated(direction="outgoing")

    leg.hung_up(source="callee", cause="user_busy")

    assert visit.ringing().closer == ben
    assert visit.handoff.closer is None
    assert visit.session.ended_at is None
    assert visit.session.phase == "handing_over"


def test_a_closer_leg_that_answers_too_late_is_hung_up(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    leg = visit.accept()
    visit.pass_time(21)
    assert visit.ringing().closer == ben

    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()

    assert visit.state == State.RINGING
    assert len(visit.rest.asked("hangup")) == 1
    assert visit.commands("bridge") == []


def test_a_refused_dial_rings_the_next_closer(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    visit.rest.refusals["dial"] = 422, "10015"
    actions.accept(visit.ringing().pk, closer=visit.ringing().closer, now=timezone.now())
    visit.work()

    assert visit.ringing().closer == ben
    (dial,) = visit.commands("dial")
    assert (dial.state, dial.error) == (Command.State.FAILED, "status 422 code 10015")


def test_a_prospect_whose_hang_up_was_never_reported_is_found_gone(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    visit.rest.alive = False
    visit.rest.refusals["dial"] = 422, "90018"
    actions.accept(visit.ringing().pk, closer=visit.ringing().closer, now=timezone.now())

    visit.work()

    assert visit.session.ended_at is not None
    assert visit.state == State.ABANDONED


def test_an_assistant_that_cannot_start_leads_to_a_person(visit: Visit, alice: Closer) -> None:
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.leg.says("call.conversation.start_failed", reason="service_error", assistant_id="assistant-1")

    assert visit.handoff.trigger == "assistant_failed"
    assert visit.ringing().closer == alice


def test_the_other_team_is_never_rung(talking: Visit, bob: Closer) -> None:
    talking.finish(ANSWERS)

    assert talking.state == State.UNANSWERED
    assert not Offer.objects.filter(closer=bob).exists()


@pytest.mark.parametrize("told_first", [False, True])
def test_a_closer_who_lets_go_while_they_are_being_dialled_leaves_no_leg_behind(
    waiting_for_alice: Visit, ben: Closer, told_first: bool
) -> None:
    """The request is on its way, and nobody has the call any more when its answer comes."""
    visit = waiting_for_alice
    alice = visit.ringing().closer

    def dial(request: httpx.Request) -> httpx.Response:
        response = visit.rest._dial(request)
        actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
        if told_first:
            visit.closer_leg().initiated(direction="outgoing")
        return response

    visit.rest.router["dial"].mock(side_effect=dial)
    actions.accept(visit.ringing().pk, closer=alice, now=timezone.now())
    visit.work()
    visit.pass_time(2)

    leg = CallLeg.objects.get(session=visit.session, role=CallLeg.Role.CLOSER)
    assert (visit.handoff.closer_leg, len(visit.rest.asked("hangup"))) == (None, 1)
    assert leg.call_control_id in visit.rest.hang_ups[0].url.path
    assert visit.ringing().closer == ben
