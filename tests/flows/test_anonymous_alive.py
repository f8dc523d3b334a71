"""A closer comes onto an anonymous call while it lives: the leg is taken over, or the page moves to a new one."""

import itertools
from collections.abc import Callable

import pytest
from django.conf import settings as given
from django.utils import timezone
from pytest_django import Settings

from handoff import actions
from handoff.machine import State
from handoff.models import Closer
from sessions_app.models import TelephonyCredential
from sessions_app.visitor_page import page
from tests.flows.test_anonymous import rejoin
from tests.telnyx import Leg
from tests.visits import Visit, open_visit


@pytest.fixture(autouse=True)
def silenced_by_a_bridge(settings: Settings) -> None:
    """This account is known to end an assistant whose leg is bridged."""
    settings.TELNYX_BRIDGE_ENDS_ASSISTANT = True


def take_now(visit: Visit, closer: Closer) -> Leg:
    """The closer takes the call without waiting for the assistant; their leg is up."""
    actions.take(visit.session_id, closer=closer, immediately=True, now=timezone.now())
    visit.work()
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    return leg


def refuse(visit: Visit, status: int = 422, code: str = "90018") -> None:
    visit.rest.refusals["bridge"] = (status, code)


def allow(visit: Visit) -> None:
    visit.rest.refusals.clear()


def test_where_that_is_not_known_the_page_comes_back_at_once(claimed: Visit, alice: Closer, settings: Settings) -> None:
    settings.TELNYX_BRIDGE_ENDS_ASSISTANT = False
    closer_leg = take_now(claimed, alice)

    assert claimed.rest.asked("bridge") == []
    assert page.state(claimed.session)["rejoin"] is True
    second = rejoin(claimed)
    second.answered()
    claimed.work()
    (bridge,) = claimed.rest.asked("bridge")
    assert bridge["call_control_id"] == closer_leg.call_control_id


def test_the_living_leg_is_bridged(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    closer_leg = take_now(visit, alice)

    (asked,) = visit.rest.asked("bridge")
    assert asked["call_control_id"] == visit.leg.call_control_id
    assert visit.state == State.BRIDGING
    closer_leg.bridged()
    visit.leg.bridged()

    assert visit.state == State.CONNECTED
    state = page.state(visit.session)
    assert (state["phase"], state["closer"], state["rejoin"]) == ("human", {"name": "Alice"}, False)


@pytest.mark.parametrize("by", ["closer", "prospect"])
def test_a_talk_on_the_living_leg_ends_with_it(claimed: Visit, alice: Closer, by: str) -> None:
    visit = claimed
    take_now(visit, alice).bridged()
    visit.leg.bridged()
    visit.leg.says("call.conversation.ended", reason="normal", messages=[])

    if by == "closer":
        actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
        visit.work()
        hung_up = {request.url.path.split("/")[-3] for request in visit.rest.hang_ups}
        assert visit.leg.call_control_id in hung_up
    visit.leg.hung_up(source="callee" if by == "closer" else "caller")

    assert visit.state == State.WRAP_UP
    assert visit.session.ended_at is not None
    assert page.state(visit.session)["rejoin"] is False


@pytest.mark.parametrize(("status", "code"), [(422, "90018"), (404, "10005"), (403, "10010")])
def test_a_leg_that_refuses_makes_the_page_come_back(claimed: Visit, alice: Closer, status: int, code: str) -> None:
    visit = claimed
    refuse(visit, status, code)
    take_now(visit, alice)

    state = page.state(visit.session)
    assert (state["phase"], state["closer"], state["rejoin"]) == ("handing_over", {"name": "Alice"}, True)
    assert visit.session.ended_at is None
    assert visit.state == State.BRIDGING
    assert visit.handoff.give_up_at is not None


def test_the_page_that_moves_is_joined_with_the_same_closer(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    refuse(visit)
    closer_leg = take_now(visit, alice)
    allow(visit)

    second = rejoin(visit)
    second.answered()
    visit.work()

    assert [asked["call_control_id"] for asked in visit.rest.asked("bridge")][-1] == closer_leg.call_control_id
    assert (visit.session.call_control_id, visit.session.has_rejoined) == (second.call_control_id, True)
    assert not visit.session.is_assistant_running
    assert len(visit.rest.dialled) == 1
    second.bridged()
    assert visit.state == State.CONNECTED


def moves(visit: Visit, second: Leg, username: str) -> list[Callable[[], object]]:
    """All that is told of a page that moves: its new leg, and the end of the old one by its own hang-up."""
    return [
        lambda: second.initiated(from_=username),
        second.answered,
        lambda: visit.leg.hung_up(source="caller"),
        lambda: visit.leg.says(
            "call.conversation.ended",
            reason="customer_disconnect",
            conversation_id=visit.rest.conversation_id,
            messages=[],
        ),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_no_order_of_the_move_ends_the_visit(claimed: Visit, alice: Closer, order: tuple[int, ...]) -> None:
    visit = claimed
    refuse(visit)
    closer_leg = take_now(visit, alice)
    allow(visit)
    username = visit.post("rejoin").json()["credentials"]["username"]
    second = Leg(visit.leg.webhooks, given.TELNYX_CONNECTION_ID)
    told = moves(visit, second, username)

    for index in order:
        told[index]()
        visit.work()
        assert visit.session.ended_at is None, index
    visit.pass_time(2)
    visit.work()

    assert visit.session.call_control_id == second.call_control_id
    assert visit.rest.asked("bridge")[-1]["call_control_id"] == closer_leg.call_control_id
    assert visit.state == State.BRIDGING
    second.bridged()
    assert visit.state == State.CONNECTED
    assert page.state(visit.session)["phase"] == "human"
    second.hung_up(source="caller")
    assert (visit.state, visit.session.end_reason) == (State.WRAP_UP, "hung_up")


def test_a_prospect_who_leaves_instead_of_moving_is_let_go(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    refuse(visit)
    take_now(visit, alice)
    assert visit.post("rejoin").status_code == 201

    assert visit.post("leave").status_code == 204
    visit.leg.hung_up(source="caller")
    visit.work()

    assert visit.session.ended_at is not None
    assert visit.state in {State.ABANDONED, State.WRAP_UP}
    assert len(visit.rest.asked("hangup")) == 1, "the closer's leg"


def test_a_prospect_who_hangs_up_before_being_asked_back_has_left(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    refuse(visit)
    take_now(visit, alice)

    visit.leg.hung_up(source="caller")

    assert visit.session.end_reason == "hung_up"


def test_somebody_else_s_credential_does_not_move_the_call(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    refuse(visit)
    take_now(visit, alice)
    other = open_visit(visit.session.widget, visit.leg.webhooks, visit.rest, visit.clock, connection_id="x")
    TelephonyCredential.objects.create(
        session=other.session, name="other", sip_username="gencredother", telnyx_id="other",
        created_at=timezone.now(), expires_at=timezone.now(), revoke_at=timezone.now(),
    )  # fmt: skip

    intruder = Leg(visit.leg.webhooks, given.TELNYX_CONNECTION_ID)
    intruder.initiated(from_="gencredother")
    intruder.answered()

    assert visit.session.call_control_id == visit.leg.call_control_id
    assert other.session.call_control_id == intruder.call_control_id
