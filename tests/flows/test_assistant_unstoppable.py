"""The assistant cannot be stopped: nobody is bridged onto a leg on which it may still speak."""

import pytest
from django.conf import settings as given

from handoff.machine import State
from handoff.models import Closer, Command
from sessions_app.models import CallLeg
from sessions_app.visitor_page import page
from sessions_app.visits import tokens
from tests.flows.assistant import MOST, let_it_finish, save, seat
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit, accept


@pytest.fixture
def unstoppable(talking: Visit, alice: Closer) -> Visit:
    talking.rest.refusals["ai_assistant_stop"] = (422, "10015")
    return talking


def come_back(visit: Visit) -> Leg:
    """The page fetches a credential and places a call of its own, as the state that it is sent says."""
    answer = visit.post("rejoin")
    assert answer.status_code == 201, answer.content
    leg = Leg(visit.leg.webhooks, given.TELNYX_CONNECTION_ID)
    leg.initiated(from_=answer.json()["credentials"]["username"])
    visit.work()
    leg.answered()
    visit.work()
    return leg


def test_a_stop_that_is_refused_brings_the_page_back_on_a_fresh_leg(unstoppable: Visit) -> None:
    visit = unstoppable
    assert visit.post("rejoin").status_code == 409
    save(visit, **ANSWERS)
    closer_leg = seat(visit)

    assert visit.rest.asked("bridge") == []
    assert page.state(visit.session)["rejoin"] is True
    assert "prospect.rejoins" in visit.kinds()

    fresh = come_back(visit)

    assert visit.session.call_control_id == fresh.call_control_id
    assert page.state(visit.session)["rejoin"] is False
    bridges = [one for one in visit.commands("bridge") if one.state != Command.State.DROPPED]
    assert [one.call_control_id for one in bridges] == [fresh.call_control_id]
    # The old leg, with whatever still speaks there, is ended, and its end is not the prospect's.
    assert [str(one.url).split("/")[-3] for one in visit.rest.hang_ups] == [visit.leg.call_control_id]
    visit.leg.ended_conversation(visit.rest.conversation_id, reason="customer_disconnect")
    visit.leg.hung_up()
    closer_leg.bridged()
    assert (visit.state, visit.session.ended_at) == (State.CONNECTED, None)


def test_the_old_leg_s_end_may_be_told_before_the_new_one(unstoppable: Visit) -> None:
    visit = unstoppable
    save(visit, **ANSWERS)
    seat(visit)
    answer = visit.post("rejoin")
    visit.leg.hung_up(source="caller")
    assert visit.session.ended_at is None

    leg = Leg(visit.leg.webhooks, given.TELNYX_CONNECTION_ID)
    leg.initiated(from_=answer.json()["credentials"]["username"])
    visit.work()
    leg.answered()
    visit.work()

    assert len(visit.rest.asked("bridge")) == 1


def test_a_prospect_who_hangs_up_instead_of_coming_back_is_gone(unstoppable: Visit) -> None:
    save(unstoppable, **ANSWERS)
    seat(unstoppable)
    unstoppable.leg.hung_up(source="caller")

    assert unstoppable.session.ended_at is not None
    assert unstoppable.state in {State.ABANDONED, State.WRAP_UP}


def test_a_stranger_s_leg_cannot_come_back_in_the_page_s_place(unstoppable: Visit) -> None:
    """A ticket alone moves no living call; only a credential that was minted for coming back does."""
    save(unstoppable, **ANSWERS)
    seat(unstoppable)
    intruder = Leg(unstoppable.leg.webhooks, given.TELNYX_CONNECTION_ID)
    intruder.initiated(ticket=tokens.ticket(unstoppable.session_id))
    unstoppable.work()

    assert unstoppable.session.call_control_id == unstoppable.leg.call_control_id


def test_a_stop_that_nobody_answers_is_no_stop(talking: Visit, alice: Closer) -> None:
    """The reply is lost for longer than the closer can wait: nobody is bridged beside a voice that may go on."""
    save(talking, **MOST)
    seat(talking)
    talking.rest.refusals["ai_assistant_stop"] = (504, "")
    talking.post("request")
    talking.work()

    talking.pass_time(9)

    assert talking.rest.asked("bridge") == []
    assert page.state(talking.session)["rejoin"] is True


def test_the_assistant_is_over_before_its_stop_is_refused(unstoppable: Visit) -> None:
    save(unstoppable, **ANSWERS)
    unstoppable.leg.ended_conversation(unstoppable.rest.conversation_id)
    Command.objects.filter(kind="stop_assistant").update(state=Command.State.PENDING, due_at=unstoppable.clock.moment)
    unstoppable.work()

    assert page.state(unstoppable.session)["rejoin"] is False
    assert not CallLeg.objects.filter(refused_at__isnull=False).exists()


@pytest.mark.parametrize("method", ["bridge", "transfer", "conference"])
def test_by_every_method_a_refused_stop_ends_in_one_talk(unstoppable: Visit, method: str) -> None:
    visit = unstoppable
    visit.session.team.routing_policy.__class__.objects.update(method=method)
    save(visit, **ANSWERS)
    let_it_finish(visit)
    assert page.state(visit.session)["rejoin"] is True
    fresh = come_back(visit)
    accept(visit)

    if method == "transfer":
        assert [one.call_control_id for one in visit.commands("transfer")] == [fresh.call_control_id]
        return
    closer_leg = visit.closer_leg()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    visit.work()
    joined = visit.commands("bridge" if method == "bridge" else "create_conference")
    assert [one.call_control_id for one in joined] == [fresh.call_control_id]


def test_who_came_back_is_told_that_somebody_is_called(unstoppable: Visit) -> None:
    save(unstoppable, **ANSWERS)
    let_it_finish(unstoppable)
    assert unstoppable.rest.asked("speak") == []

    come_back(unstoppable)

    assert ["calling a colleague" in said["payload"] for said in unstoppable.rest.asked("speak")] == [True]
