"""The assistant has the call once more: given back, or to book a callback."""

from datetime import datetime, timedelta

import pytest

from handoff.models import Closer
from tests.flows.assistant import ask, let_it_finish
from tests.flows.booking import offered, second_run
from tests.flows.calling import promise_of
from tests.visits import ANSWERS, Visit


def test_the_assistant_that_books_a_callback_is_told_how(booking: Visit) -> None:
    asked = booking.rest.asked("ai_assistant_start")[-1]
    told = asked["message_history"][-1]

    assert told["role"] == "system"
    assert "book_callback" in told["content"]
    listed = [line[2:] for line in told["content"].splitlines() if line.startswith("- ")]
    assert listed == [one["label"] for one in booking.session.runs.get(number=2).offered]


def test_a_booked_callback_ends_with_a_goodbye(booking: Visit) -> None:
    label = booking.session.runs.get(number=2).offered[0]["label"]
    answer = booking.leg.uses("book_callback", when=label, phone="0412 555 018")
    assert answer.json()["booked"] == label
    assert booking.session.promise.phone == "+61412555018"

    let_it_finish(booking)

    assert len(booking.rest.asked("ai_assistant_stop")) == 1
    assert booking.rest.asked("speak")[-1]["payload"].endswith("Thank you, and goodbye.")
    booking.clock.advance(timedelta(seconds=30).total_seconds())
    booking.pass_time(1)
    assert len(booking.rest.asked("hangup")) == 1


def test_a_number_that_was_saved_is_kept_although_the_prospect_leaves(booking: Visit) -> None:
    booking.leg.uses("save_prospect_details", phone="0412 555 018")
    booking.leg.hung_up()

    assert booking.session.promise.phone == "+61412555018"


@pytest.mark.parametrize(
    ("question", "saved_as"),
    [("mobile", "phone"), ("phone_number", "phone"), ("mobile", "mobile"), ("where_to_call", "where_to_call")],
)
def test_the_number_of_a_callback_is_kept_whatever_its_question_is_called(
    monday: datetime, carol: Closer, talking: Visit, question: str, saved_as: str
) -> None:
    schema = talking.session.widget.gather_schema
    rule = {"type": "string", "format": "phone", "description": "Your number?"}
    ask(talking, {**schema, "properties": {**schema["properties"], question: rule}})
    talking.finish(ANSWERS)
    talking.work()
    run = talking.session.runs.get(number=2)

    talking.leg.uses("save_prospect_details", **{saved_as: "no idea"})
    talking.leg.uses("save_prospect_details", **{saved_as: "0412 555 018"})
    assert talking.session.promise.phone == "+61412555018"

    talking.leg.uses("book_callback", when=run.offered[0]["label"])
    run.refresh_from_db()
    assert run.complete_at is not None


def test_the_number_given_last_counts(booking: Visit) -> None:
    label = booking.session.runs.get(number=2).offered[0]["label"]
    booking.leg.uses("save_prospect_details", phone="0412 555 018")
    booking.leg.uses("book_callback", when=label, phone="0412 555 019")
    booking.leg.uses("save_prospect_details", full_name="Ada")

    assert booking.session.promise.phone == "+61412555019"


def test_a_goodbye_that_cannot_be_said_is_none(booking: Visit) -> None:
    """The assistant that booked cannot be stopped: everything is promised, and the line ends."""
    label = booking.session.runs.get(number=2).offered[0]["label"]
    booking.rest.refusals["ai_assistant_stop"] = (422, "10015")
    booking.leg.uses("book_callback", when=label, phone="0412 555 018")
    let_it_finish(booking)

    assert len(booking.rest.asked("hangup")) == 1


@pytest.mark.usefixtures("gathering")
def test_a_gather_that_books_a_callback_ends_by_itself(booking: Visit) -> None:
    leg = second_run(booking)
    leg.partial({"phone": "0412 555 018", "callback_time": offered(booking)[0]})
    booking.work()
    let_it_finish(booking)

    assert promise_of(booking).is_booked
    assert booking.rest.asked("ai_assistant_stop") == []
