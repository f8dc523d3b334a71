"""Nobody comes: a call is promised at once, and the assistant returns to ask when and where."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from handoff import actions
from handoff.machine import State
from handoff.models import Closer, Handoff
from sessions_app.models import WidgetConfig
from tests.flows.booking import offered, said, second_run, started
from tests.flows.calling import promise_of
from tests.people import Clock
from tests.telnyx import Rest, Webhooks
from tests.visits import ANSWERS, MORNING, PHONE, Visit, open_visit

pytestmark = pytest.mark.usefixtures("gathering")


def test_the_assistant_returns_with_an_honest_sentence_and_asks_for_number_and_time(booking: Visit) -> None:
    asked = started(booking)

    assert asked["greeting"].startswith("I am sorry, none of my colleagues is free right now.")
    assert list(asked["parameters"]["properties"]) == ["phone", "callback_time"]
    assert asked["parameters"]["required"] == ["phone", "callback_time"]
    assert offered(booking)[:3] == [
        "Monday 23 November at 10:30 am",
        "Monday 23 November at 12:30 pm",
        "Tuesday 24 November at 9:00 am",
    ]
    assert len(offered(booking)) == 6
    assert booking.session.ended_at is None
    assert booking.session.phase == "callback"


def test_the_promise_stands_before_anything_was_asked(booking: Visit, carol: Closer, monday: datetime) -> None:
    promise = promise_of(booking)

    assert (promise.owner, promise.name, promise.reason) == (carol, "Ada Lovelace", "nobody_free")
    assert promise.due_at - booking.handoff.triggered_at >= timedelta(minutes=30)
    assert promise.due_at < monday + timedelta(minutes=31)
    assert not promise.is_booked
    assert booking.handoff.state == State.UNANSWERED


def test_the_chosen_time_and_number_are_promised_and_said_and_the_call_ended(booking: Visit) -> None:
    leg = second_run(booking)
    leg.conversation_created("conversation-2")

    leg.gathered({"phone": PHONE, "callback_time": "Tuesday 24 November at 9:00 am"})
    booking.work()

    promise = promise_of(booking)
    assert promise.due_at == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert (promise.is_booked, promise.phone) == (True, "+61412555018")
    assert booking.session.callback_due_at == promise.due_at
    assert "callback.booked" in booking.kinds()
    (goodbye,) = said(booking)
    assert goodbye == (
        "Thank you. One of my colleagues will call you on Tuesday 24 November at 9:00 am. Thank you, and goodbye."
    )
    assert booking.rest.asked("hangup") == []

    booking.leg.says(
        "call.speak.ended", status="completed", client_state=booking.rest.asked("speak")[0]["client_state"]
    )
    booking.work()
    assert len(booking.rest.asked("hangup")) == 1


def test_no_hand_over_follows_from_the_end_of_that_talk(booking: Visit, alice: Closer) -> None:
    leg = second_run(booking)
    leg.gathered({"phone": PHONE, "callback_time": offered(booking)[0]})
    leg.says("call.conversation.ended", reason="normal", conversation_id="conversation-2", messages=[])
    booking.work()

    assert Handoff.objects.filter(session_id=booking.session_id).count() == 1
    assert len(said(booking)) == 1


def test_the_order_of_the_two_ends_does_not_matter(booking: Visit) -> None:
    leg = second_run(booking)
    leg.says("call.conversation.ended", reason="normal", conversation_id="conversation-2", messages=[])
    leg.gathered({"phone": PHONE, "callback_time": offered(booking)[0]})
    booking.work()

    assert (promise_of(booking).is_booked, promise_of(booking).phone) == (True, "+61412555018")
    assert len(said(booking)) == 1


@pytest.mark.parametrize(
    ("answers", "phone"),
    [
        ({}, ""),
        ({"phone": PHONE}, "+61412555018"),
        ({"phone": PHONE, "callback_time": "when the cows come home"}, "+61412555018"),
        ({"phone": "I would rather not", "callback_time": None}, "I would rather not"),
        ({"phone": {"number": 1}, "callback_time": ["Tuesday 24 November at 9:00 am"]}, ""),
        ({"phone": "1" * 500, "callback_time": {"a": 1}}, "1" * 40),
    ],
)
def test_half_an_answer_or_nonsense_leaves_the_promise_as_it_was(
    booking: Visit, answers: dict[str, Any], phone: str
) -> None:
    before = promise_of(booking)

    leg = second_run(booking)
    leg.conversation_created("conversation-2")
    leg.gathered(answers)
    booking.work()

    promise = promise_of(booking)
    assert (promise.due_at, promise.is_booked, promise.phone) == (before.due_at, False, phone)
    assert said(booking) == ["Thank you. One of my colleagues will call you within 30 minutes. Thank you, and goodbye."]


def test_a_prospect_who_hangs_up_in_the_middle_keeps_what_they_had_said(booking: Visit) -> None:
    leg = second_run(booking)
    leg.partial({"phone": PHONE})
    assert promise_of(booking).phone == "+61412555018"
    leg.partial({"phone": PHONE, "callback_time": offered(booking)[2]})

    booking.leg.hung_up()
    booking.work()

    assert promise_of(booking).is_booked
    assert booking.session.ended_at is not None
    assert said(booking) == []


def refuse_to_start(visit: Visit) -> None:
    visit.rest.refusals["conversation"] = 422, "90015"


def test_an_assistant_that_cannot_return_leaves_the_promise_and_an_apology(
    monday: datetime, carol: Closer, talking: Visit
) -> None:
    refuse_to_start(talking)
    talking.leg.gathered(ANSWERS)
    talking.work()

    assert promise_of(talking).due_at > monday
    (apology,) = said(talking)
    assert apology.startswith("I am sorry, none of my colleagues is free right now.")
    assert apology.endswith("One of my colleagues will call you within 30 minutes. Thank you, and goodbye.")
    talking.pass_time(26)
    assert len(talking.rest.asked("hangup")) == 1, "although nobody reported the end of the sentence"


def test_the_end_of_another_sentence_does_not_cut_the_last_one_off(
    monday: datetime, carol: Closer, talking: Visit
) -> None:
    refuse_to_start(talking)
    talking.leg.gathered(ANSWERS)
    talking.work()

    talking.leg.says("call.speak.ended", status="completed")
    talking.work()

    assert talking.rest.asked("hangup") == []


def test_a_prospect_who_says_nothing_is_not_kept_on_the_line(booking: Visit) -> None:
    booking.leg.conversation_created(booking.session.runs.get(number=2).conversation_id or "")
    booking.pass_time(170)
    assert said(booking) == []

    booking.pass_time(20)

    assert len(booking.rest.asked("ai_assistant_stop")) == 1
    assert len(said(booking)) == 1
    booking.pass_time(26)
    assert len(booking.rest.asked("hangup")) == 1


def test_only_what_is_unknown_is_asked(monday: datetime, carol: Closer, talking: Visit) -> None:
    talking.leg.gathered({**ANSWERS, "phone": PHONE})
    talking.work()

    assert list(started(talking)["parameters"]["properties"]) == ["callback_time"]


def test_a_time_that_others_have_is_not_offered(
    monday: datetime, carol: Closer, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, talking: Visit
) -> None:
    other = open_visit(widget, webhooks, rest, clock, connection_id="other")
    wish = monday + timedelta(minutes=30)
    actions.promise_callback(other.session_id, name="Bo", phone=PHONE, when=wish, now=timezone.now())
    talking.leg.gathered(ANSWERS)
    talking.work()

    assert offered(talking)[0] == "Monday 23 November at 11:00 am"


def test_a_time_that_was_taken_meanwhile_becomes_the_next_free_one(
    booking: Visit, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    wanted = offered(booking)[2]
    other = open_visit(widget, webhooks, rest, clock, connection_id="other")
    wish = MORNING + timedelta(hours=23)
    actions.promise_callback(other.session_id, name="Bo", phone=PHONE, when=wish, now=timezone.now())

    leg = second_run(booking)
    leg.conversation_created("conversation-2")
    leg.gathered({"phone": PHONE, "callback_time": wanted})
    booking.work()

    promise = promise_of(booking)
    assert wanted == "Tuesday 24 November at 9:00 am"
    assert promise.due_at == wish + timedelta(minutes=30)
    assert not promise.is_booked


def test_outside_the_hours_nobody_is_rung_and_the_next_working_day_is_promised(
    monday: datetime, clock: Clock, alice: Closer, talking: Visit
) -> None:
    clock.moment = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)  # Friday evening
    Closer.objects.update(seen_at=clock.moment)
    talking.leg.gathered(ANSWERS)
    talking.work()

    promise = promise_of(talking)
    assert promise.reason == "closed"
    assert promise.due_at == datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
    assert started(talking)["greeting"].startswith("I am sorry, our team is not at work at the moment.")
    assert offered(talking)[0] == "Monday 30 November at 9:00 am"
    assert talking.handoff.offers.count() == 0


def test_a_closer_who_becomes_free_may_still_take_the_call(booking: Visit, alice: Closer) -> None:
    Closer.objects.filter(pk=alice.pk).update(seen_at=timezone.now())
    alice.refresh_from_db()
    handoff = actions.take(booking.session_id, closer=alice, immediately=False, now=timezone.now())
    booking.work()
    closer_leg = booking.closer_leg()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    leg = second_run(booking)
    leg.gathered({"phone": PHONE, "callback_time": offered(booking)[0]})
    booking.work()
    closer_leg.bridged()

    handoff.refresh_from_db()
    promise = promise_of(booking)
    assert handoff.state == State.CONNECTED
    assert said(booking) == []
    assert (promise.owner, promise.kept_at is not None) == (alice, True)


def test_a_dead_leg_leaves_the_form_to_the_page(
    monday: datetime, carol: Closer, anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml")
    visit.post("claim", call_control_id=visit.leg.call_control_id)
    told = {"assistant_id": anonymous_widget.assistant_id, "telnyx_conversation_id": "conversation-1"}
    visit.leg.says("assistant.initialization", call_control_id=visit.leg.call_control_id, **told)
    visit.leg.says("call.conversation.ended", reason="normal", conversation_id="conversation-1", messages=[])
    visit.work()

    assert promise_of(visit).due_at > timezone.now()
    assert visit.session.phase == "callback"
    assert visit.rest.asked("gather_using_ai") == []
    assert visit.rest.asked("speak") == []
