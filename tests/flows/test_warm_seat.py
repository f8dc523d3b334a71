"""A closer takes the call while the assistant speaks: their leg waits, and joins when the prospect is free."""

import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Handoff, RoutingPolicy
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit

MOST_ANSWERS = {name: ANSWERS[name] for name in ("full_name", "email", "budget")}


def take(visit: Visit, closer: Closer, *, immediately: bool = False) -> Handoff:
    handoff = actions.take(visit.session_id, closer=closer, immediately=immediately, now=timezone.now())
    visit.work()
    return handoff


def seat(visit: Visit, closer: Closer) -> Leg:
    """Take the call and have the closer's leg answered while the assistant goes on."""
    take(visit, closer)
    return answer(visit)


def answer(visit: Visit) -> Leg:
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    return leg


def spoken(visit: Visit) -> list[str]:
    return [one["payload"] for one in visit.rest.asked("speak")]


def speech_ended(visit: Visit) -> None:
    last = visit.rest.asked("speak")[-1]
    visit.leg.says("call.speak.ended", client_state=last["client_state"])
    visit.work()


def test_most_answers_known_rings_a_closer_while_the_assistant_speaks(alice: Closer, talking: Visit) -> None:
    talking.leg.partial({"full_name": "Ada Lovelace"})
    assert not Handoff.objects.exists()

    talking.leg.partial(MOST_ANSWERS)
    talking.work()

    assert talking.ringing().closer == alice
    assert (talking.session.phase, talking.handoff.give_up_at) == ("assistant", None)
    assert spoken(talking) == []


def test_a_widget_without_a_share_rings_nobody_early(alice: Closer, talking: Visit) -> None:
    widget = talking.session.widget
    widget.pre_alert_percent = None
    widget.save()

    talking.leg.uses("save_prospect_details", **MOST_ANSWERS)

    assert not Handoff.objects.exists()


def test_the_seat_is_warm_and_one_bridge_joins_it(alice: Closer, talking: Visit) -> None:
    closer_leg = seat(talking, alice)
    assert talking.state == State.SEATED
    assert talking.session.phase == "assistant"
    assert talking.rest.asked("bridge") == []

    talking.finish(ANSWERS)
    talking.work()
    assert talking.state == State.BRIDGING
    (bridge,) = talking.rest.asked("bridge")
    assert bridge["call_control_id"] == closer_leg.call_control_id

    closer_leg.bridged()
    talking.leg.bridged()
    assert talking.state == State.CONNECTED
    assert len(talking.rest.dialled) == 1


def test_a_ring_accepted_early_is_a_seat_too(alice: Closer, talking: Visit) -> None:
    talking.leg.partial(MOST_ANSWERS)
    talking.accept()
    answer(talking)

    assert talking.state == State.SEATED
    assert not talking.attempt.is_cold


@pytest.mark.parametrize("method", RoutingPolicy.Method.values)
def test_whoever_waits_in_a_seat_is_joined_without_another_ring(alice: Closer, talking: Visit, method: str) -> None:
    RoutingPolicy.objects.update_or_create(team=alice.team, defaults={"method": method})
    seat(talking, alice)

    talking.finish(ANSWERS)
    talking.work()

    assert talking.rest.asked("transfer") == []
    assert talking.state == State.BRIDGING


def test_the_assistant_ends_before_the_closer_s_leg_is_up(alice: Closer, talking: Visit) -> None:
    take(talking, alice)
    talking.finish(ANSWERS)
    talking.work()
    assert talking.state == State.ACCEPTED
    assert talking.session.phase == "handing_over"
    assert spoken(talking)

    answer(talking)

    assert talking.state == State.BRIDGING
    assert len(talking.rest.asked("bridge")) == 1


def test_take_over_stops_the_assistant_says_who_comes_and_joins(alice: Closer, talking: Visit) -> None:
    seat(talking, alice)

    actions.take_over(talking.handoff.pk, closer=alice, now=timezone.now())
    talking.work()
    assert len(talking.rest.asked("ai_assistant_stop")) == 1
    (sentence,) = spoken(talking)
    assert alice.display_name in sentence
    assert talking.rest.asked("bridge") == []

    talking.leg.says("call.conversation.ended", conversation_id=talking.rest.conversation_id, reason="stopped")
    talking.work()
    assert talking.rest.asked("bridge") == []

    speech_ended(talking)
    assert talking.state == State.BRIDGING
    assert len(talking.rest.asked("bridge")) == 1
    assert len(spoken(talking)) == 1


def test_taking_at_once_lets_the_assistant_speak_until_the_leg_is_up(alice: Closer, talking: Visit) -> None:
    take(talking, alice, immediately=True)
    assert talking.rest.asked("ai_assistant_stop") == []

    answer(talking)
    assert len(talking.rest.asked("ai_assistant_stop")) == 1

    speech_ended(talking)
    assert talking.state == State.BRIDGING


def test_an_announcement_that_never_ends_delays_nobody_for_long(alice: Closer, talking: Visit) -> None:
    take(talking, alice, immediately=True)
    answer(talking)

    talking.pass_time(9)
    talking.work()

    assert talking.state == State.BRIDGING


def test_a_closer_who_lets_go_of_the_seat_leaves_the_prospect_with_the_assistant(alice: Closer, talking: Visit) -> None:
    closer_leg = seat(talking, alice)

    actions.hang_up(talking.handoff.pk, closer=alice, now=timezone.now())
    talking.work()

    assert talking.state == State.RESERVED
    assert talking.session.phase == "assistant"
    assert [one for one in talking.rest.requests if one[0].endswith("hangup")]
    closer_leg.hung_up()
    assert spoken(talking) == []


def test_the_prospect_leaves_the_assistant_and_the_seat(alice: Closer, talking: Visit) -> None:
    seat(talking, alice)

    talking.leg.hung_up()
    talking.work()

    assert talking.state == State.ABANDONED
    assert talking.session.ended_at is not None


def test_another_closer_cannot_take_what_is_taken(alice: Closer, ben: Closer, talking: Visit) -> None:
    seat(talking, alice)

    with pytest.raises(actions.ActionRefused, match=f"Taken by {alice.display_name}"):
        actions.take(talking.session_id, closer=ben, immediately=False, now=timezone.now())


def test_taking_twice_is_taking_once(alice: Closer, talking: Visit) -> None:
    assert take(talking, alice).pk == take(talking, alice).pk

    assert len(talking.rest.dialled) == 1


def test_a_stranger_cannot_take(bob: Closer, talking: Visit) -> None:
    with pytest.raises(actions.ActionRefused) as refused:
        actions.take(talking.session_id, closer=bob, immediately=True, now=timezone.now())

    assert refused.value.code == "unknown"
