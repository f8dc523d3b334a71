"""A closer gives the prospect back to the assistant, steers it, and takes the call again."""

from typing import Any

import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Handoff, RoutingPolicy
from sessions_app.models import Run
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit, connect

pytestmark = pytest.mark.usefixtures("gathering")

HISTORY = [{"role": "assistant", "content": "May I have your name?"}, {"role": "user", "content": "Ada Lovelace"}]


@pytest.fixture
def connected(waiting_for_alice: Visit) -> tuple[Visit, Leg]:
    return waiting_for_alice, connect(waiting_for_alice)


def give_back(visit: Visit, closer_leg: Leg, closer: Closer, instruction: str = "Ask for the roof's size.") -> None:
    handoff = visit.session.handoffs.latest("triggered_at")
    actions.hand_back(handoff.pk, closer=closer, instruction=instruction, now=timezone.now())
    visit.work()
    closer_leg.hung_up()
    visit.work()


def latest(visit: Visit) -> Handoff:
    return visit.session.handoffs.latest("triggered_at")


def started(visit: Visit) -> list[dict[str, Any]]:
    return visit.rest.asked("gather_using_ai")


def test_the_assistant_comes_back_when_the_closer_s_line_has_let_go(alice: Closer, connected: Any) -> None:
    visit, closer_leg = connected
    actions.hand_back(visit.handoff.pk, closer=alice, instruction="Ask for the roof's size.", now=timezone.now())
    visit.work()
    assert len(started(visit)) == 1

    closer_leg.hung_up()
    visit.work()

    assert len(started(visit)) == 2
    assert visit.session.phase == "assistant"
    assert visit.state == State.WRAP_UP
    assert visit.session.ended_at is None
    run = visit.session.runs.get(number=2)
    assert (run.purpose, run.instruction) == (Run.Purpose.RETURNED, "Ask for the roof's size.")
    assert started(visit)[1]["assistant"]["instructions"] == "Ask for the roof's size."


def test_it_remembers_what_was_said_and_asks_only_what_is_unknown(alice: Closer, talking: Visit) -> None:
    talking.leg.gathered({"full_name": "Ada Lovelace"}, HISTORY)
    talking.work()
    closer_leg = connect(talking)

    give_back(talking, closer_leg, alice)

    again = started(talking)[1]
    assert again["message_history"] == HISTORY
    assert list(again["parameters"]["properties"]) == ["email", "budget", "timeline"]


def test_the_second_run_has_its_own_turns_and_its_own_end(alice: Closer, talking: Visit) -> None:
    talking.leg.gathered({"full_name": "Ada Lovelace"}, HISTORY)
    talking.work()
    closer_leg = connect(talking)
    give_back(talking, closer_leg, alice)
    mark = started(talking)[1]["client_state"]
    more = [{"role": "assistant", "content": "How large is the roof?"}, {"role": "user", "content": "Large"}]

    talking.leg.says(
        "call.ai_gather.partial_results", partial_results={}, message_history=HISTORY + more, client_state=mark
    )

    texts = list(talking.session.turns.order_by("position").values_list("text", flat=True))
    assert texts == [turn["content"] for turn in HISTORY + more]

    talking.leg.says("call.conversation.ended", conversation_id=talking.rest.conversation_id, messages=HISTORY)
    assert talking.session.runs.get(number=2).ended_at is None
    assert talking.session.handoffs.count() == 1


def test_it_can_be_handed_forward_again(alice: Closer, connected: Any) -> None:
    visit, closer_leg = connected
    give_back(visit, closer_leg, alice)
    actions.complete(latest(visit).pk, closer=alice, disposition="won", now=timezone.now())
    mark = started(visit)[1]["client_state"]

    visit.leg.says(
        "call.ai_gather.ended", status="valid", result={"roof": "large"}, message_history=[], client_state=mark
    )
    visit.work()

    second = latest(visit)
    assert (second.run, second.state, second.trigger) == (2, State.RINGING, "gather_complete")
    offer = second.offers.get()
    actions.accept(offer.pk, closer=alice, now=timezone.now())
    visit.work()
    again = visit.closer_leg()
    again.initiated(direction="outgoing")
    again.answered()
    visit.work()
    again.bridged()
    assert latest(visit).state == State.CONNECTED


def test_a_late_word_of_the_first_joining_is_not_taken_for_the_second(alice: Closer, connected: Any) -> None:
    visit, closer_leg = connected
    give_back(visit, closer_leg, alice)
    actions.complete(latest(visit).pk, closer=alice, disposition="won", now=timezone.now())
    visit.leg.says("call.ai_gather.ended", status="valid", result={}, client_state=started(visit)[1]["client_state"])
    visit.work()
    actions.accept(latest(visit).offers.get().pk, closer=alice, now=timezone.now())
    visit.work()
    again = visit.closer_leg()
    again.initiated(direction="outgoing")

    visit.leg.bridged()
    assert latest(visit).state == State.ACCEPTED

    again.answered()
    visit.work()
    assert len(visit.rest.asked("bridge")) == 2
    visit.leg.bridged()
    assert latest(visit).state == State.CONNECTED


def test_from_a_conference_the_prospect_leaves_first(alice: Closer, talking: Visit) -> None:
    RoutingPolicy.objects.update_or_create(team=alice.team, defaults={"method": "conference"})
    talking.leg.gathered(ANSWERS)
    talking.work()
    closer_leg = talking.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    talking.work()
    closer_leg.says("conference.participant.joined", conference_id="c")
    assert talking.state == State.CONNECTED

    give_back(talking, closer_leg, alice)

    (leave,) = talking.rest.asked("leave")
    assert leave["call_control_id"] == talking.leg.call_control_id
    assert len(started(talking)) == 2


def test_a_prospect_who_leaves_the_second_run_ends_the_visit(alice: Closer, connected: Any) -> None:
    visit, closer_leg = connected
    give_back(visit, closer_leg, alice)

    visit.leg.hung_up()
    visit.work()

    assert visit.session.ended_at is not None
    assert visit.state == State.WRAP_UP


def test_only_the_closer_on_the_call_gives_it_back(alice: Closer, ben: Closer, connected: Any) -> None:
    visit, _ = connected

    with pytest.raises(actions.ActionRefused, match="not your call"):
        actions.hand_back(visit.handoff.pk, closer=ben, instruction="", now=timezone.now())


def test_steering_reaches_the_assistant_and_says_who(alice: Closer, talking: Visit) -> None:
    actions.steer(talking.session_id, closer=alice, text=" Ask about the budget ", now=timezone.now())
    talking.work()

    (asked,) = talking.rest.asked("ai_assistant_add_messages")
    (message,) = asked["messages"]
    assert message["role"] == "system"
    assert "trigger_response" not in asked
    assert message["content"].endswith(": Ask about the budget")
    entry = talking.session.timeline.get(kind="assistant.steered")
    assert (entry.payload["text"], entry.payload["closer_name"]) == ("Ask about the budget", alice.display_name)


@pytest.mark.parametrize("text", ["", "  ", "x" * 501])
def test_an_empty_or_endless_instruction_is_refused(alice: Closer, talking: Visit, text: str) -> None:
    with pytest.raises(actions.ActionRefused):
        actions.steer(talking.session_id, closer=alice, text=text, now=timezone.now())


def test_nobody_steers_an_assistant_that_has_ended(alice: Closer, waiting: Visit) -> None:
    with pytest.raises(actions.ActionRefused):
        actions.steer(waiting.session_id, closer=alice, text="Wait", now=timezone.now())
