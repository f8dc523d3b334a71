"""What each tool does for the visit of its conversation, and what it says that it did."""

from typing import Any

import pytest
from django.utils import timezone

from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app.answers import versions
from sessions_app.conversation.tool_catalogue import CATALOGUE, SAVE
from sessions_app.models import CapturedField, ToolCall, VoiceSession, WidgetConfig
from tests.assistant_tools.conftest import Assistant
from tests.people import make_ready
from tests.visits import Visit, connect, open_visit

CHOICES = ["Under 10,000", "10,000 and more"]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "save_prospect_details": {"full_name": "Ada Lovelace"},
    "check_closer_availability": {},
    "request_handoff": {"reason": "asks for a person"},
    "book_callback": {"phone": "0412 555 018"},
}


def fields(visit: Visit) -> dict[str, Any]:
    return dict(CapturedField.objects.filter(session_id=visit.session_id).values_list("name", "value"))


def close(widget: WidgetConfig) -> None:
    local_day = timezone.now().strftime("%a").lower()
    other_day = "mon" if local_day not in {"sun", "mon", "tue"} else "thu"
    widget.business_hours = {other_day: [["09:00", "17:00"]]}
    widget.save()


# --- save_prospect_details


def test_details_become_fields_with_their_source(assistant: Assistant) -> None:
    told = assistant.use(
        "save_prospect_details",
        full_name="Ada Lovelace",
        phone="0412 555 018",
        answers=[{"question": "Budget", "answer": "20,000"}, {"question": "e-mail", "answer": "ada@example.com"}],
    )

    assert (told.outcome, told.text) == ("done", "I have noted full name, phone, budget and email.")
    known = {"full_name": "Ada Lovelace", "email": "ada@example.com", "budget": "20,000", "phone": "0412 555 018"}
    assert fields(assistant.visit) == known
    assert set(CapturedField.objects.values_list("source", flat=True)) == {"tool"}
    (entry,) = assistant.told()
    assert (entry["tool"], entry["outcome"], entry["arguments"]["full_name"]) == (
        "save_prospect_details",
        "done",
        "Ada Lovelace",
    )


def test_what_does_not_fit_is_kept_and_said(assistant: Assistant) -> None:
    widget = assistant.visit.session.widget
    widget.gather_schema["properties"]["budget"] = {"type": "string", "enum": CHOICES}
    version = versions.current(widget, now=timezone.now())
    VoiceSession.objects.filter(pk=assistant.visit.session_id).update(gather_version=version)

    told = assistant.use(
        "save_prospect_details",
        full_name="Ada",
        answers=[{"question": "budget", "answer": "a lot"}, {"question": "shoe size", "answer": 42}],
    )

    assert told.outcome == "done"
    assert "I have noted full name." in told.text
    assert "I could not use this. budget: Not one of the choices: Under 10,000, 10,000 and more." in told.text
    assert "There is no question called shoe size." in told.text
    assert fields(assistant.visit)["budget"] == "a lot"
    assert "shoe size" not in fields(assistant.visit)


def test_one_misfit_loses_no_other(assistant: Assistant) -> None:
    told = assistant.use(
        "save_prospect_details",
        full_name="Ada",
        email=7,
        budget="20,000",
        answers=[
            {"question": "timeline", "answer": "spring"},
            {"question": "budget", "answer": ["a lot"]},
            {"question": "email", "answer": " "},
        ],
    )

    assert fields(assistant.visit) == {"full_name": "Ada", "timeline": "spring"}
    assert told.outcome == "done"
    for name in ("email: type string", "answers/1/answer: type", "names something that this tool does not take"):
        assert name in told.text


def test_nothing_of_use_is_a_refusal(assistant: Assistant) -> None:
    told = assistant.use("save_prospect_details", answers=[{"question": "shoe size", "answer": 42}])

    assert (told.outcome, told.code) == ("refused", "does_not_fit")
    assert fields(assistant.visit) == {}


def test_what_is_known_already_is_said_to_be(assistant: Assistant) -> None:
    assistant.use("save_prospect_details", full_name="Ada")

    assert assistant.use("save_prospect_details", full_name="Ada").text == "I had noted all of that already."


def test_details_are_still_noted_while_a_closer_is_called(assistant: Assistant, waiting_for_alice: Visit) -> None:
    assert assistant.use("save_prospect_details", phone="0412 555 018").outcome == "done"
    assert assistant.use("check_closer_availability").code == "not_running"


# --- check_closer_availability


def test_it_counts_who_could_take_the_call_and_names_nobody(assistant: Assistant, alice: Closer, ben: Closer) -> None:
    told = assistant.use("check_closer_availability")

    assert told.text == "2 of my colleagues are free now."
    assert told.result == {"closers_ready": 2, "is_open": True, "opens": ""}
    Closer.objects.update(is_available=False)
    assert assistant.use("check_closer_availability").text == "All of my colleagues are busy at the moment."


def test_only_closers_with_the_skills_count(assistant: Assistant, alice: Closer, bob: Closer) -> None:
    WidgetConfig.objects.update(required_skills=["solar"])
    assert assistant.use("check_closer_availability").result["closers_ready"] == 0

    Closer.objects.filter(pk=alice.pk).update(skills=["Solar "])
    assert assistant.use("check_closer_availability").text == "One of my colleagues could take the call now."


def test_outside_the_hours_it_says_when_the_team_is_back(assistant: Assistant, alice: Closer) -> None:
    close(assistant.visit.session.widget)

    told = assistant.use("check_closer_availability")

    assert (told.outcome, told.result["is_open"], told.result["closers_ready"]) == ("done", False, 0)
    assert told.text.startswith(f"Our team is not at work at the moment. We are back on {told.result['opens']}.")


# --- request_handoff


def test_a_closer_is_rung_while_the_assistant_goes_on(assistant: Assistant, alice: Closer) -> None:
    told = assistant.use("request_handoff", reason="asks for a person")
    assistant.visit.work()

    assert told.text == "I am calling a colleague for you. Let us go on until they join us."
    assert (assistant.visit.handoff.trigger, assistant.visit.ringing().closer) == ("requested", alice)
    assert assistant.visit.rest.asked("ai_assistant_stop") == []


def test_asking_twice_is_asking_once(assistant: Assistant, alice: Closer) -> None:
    assistant.use("request_handoff")

    assert assistant.use("request_handoff").text == "A colleague is being called already."
    assert Handoff.objects.count() == 1


def test_with_nobody_free_the_assistant_goes_on(assistant: Assistant, carol: Closer) -> None:
    told = assistant.use("request_handoff")
    assistant.visit.pass_time(5)

    assert (told.outcome, "All of them are busy" in told.text) == ("done", True)
    assert assistant.visit.session.is_assistant_running


def test_outside_the_hours_nobody_is_called(assistant: Assistant, alice: Closer) -> None:
    close(assistant.visit.session.widget)

    assert assistant.use("request_handoff").code == "closed"
    assert not Handoff.objects.exists()


# --- book_callback


def test_without_a_time_the_free_ones_are_listed(assistant: Assistant, alice: Closer) -> None:
    told = assistant.use("book_callback", phone="0412 555 018")

    assert told.text.startswith("We could call on ")
    assert 1 <= len(told.result["free_times"]) <= 6
    assert not CallbackPromise.objects.exists()


def test_the_time_that_was_chosen_is_booked(assistant: Assistant, alice: Closer) -> None:
    label = assistant.use("book_callback").result["free_times"][1]

    told = assistant.use("book_callback", when=label.lower(), phone="0412 555 018", name="Ada")

    promise = CallbackPromise.objects.get(session_id=assistant.visit.session_id)
    assert told.text == f"It is booked. A colleague will call +61 412 555 018 on {label}."
    assert (promise.phone, promise.name, promise.is_booked) == ("+61412555018", "Ada", True)
    assert assistant.visit.session.callback_due_at == promise.due_at
    assert "callback.booked" in assistant.visit.kinds()
    again = assistant.use("book_callback", when=promise.due_at.isoformat())
    assert (again.outcome, CallbackPromise.objects.count()) == ("done", 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "no_number"),
        ({"phone": "ring me"}, "not_a_number"),
        ({"phone": "5550 1234"}, "not_a_number"),
        ({"phone": "02 5550 1234 ext. 7"}, "not_a_number"),
        ({"phone": "1800 555 019"}, "number_not_allowed"),
        ({"phone": "+1 900 555 0199"}, "number_not_allowed"),
        ({"phone": "1900 555 019"}, "number_not_allowed"),
        ({"phone": "+44 20 7946 0958"}, "number_not_allowed"),
        ({"phone": "0412 555 018", "when": "as soon as possible"}, "which_time"),
        ({"phone": "0412 555 018", "when": "2020-01-01T10:00:00+11:00"}, "not_free"),
        ({"phone": "0412 555 018", "when": "2026-13-45T10:00:00Z"}, "which_time"),
    ],
)
def test_what_cannot_be_booked_is_refused_and_nothing_is_promised(
    assistant: Assistant, alice: Closer, given: dict[str, str], code: str
) -> None:
    label = assistant.use("book_callback").result["free_times"][0]

    told = assistant.use("book_callback", **({"when": label} | given))

    assert (told.outcome, told.code) == ("refused", code)
    assert not CallbackPromise.objects.exists()
    assert assistant.visit.session.callback_due_at is None


def test_a_number_with_an_extension_is_refused_for_that(assistant: Assistant, alice: Closer) -> None:
    label = assistant.use("book_callback").result["free_times"][0]

    told = assistant.use("book_callback", when=label, phone="02 5550 1234 ext. 7")

    assert told.text == "A number with an extension cannot be called from here. Please ask for a direct one."


@pytest.mark.parametrize("said", ["+61 (0)412 555 018", "٠٤١٢ ٥٥٥ ٠١٨", "０４１２５５５０１８", "0061 412 555 018"])
def test_a_number_is_booked_however_it_is_written(assistant: Assistant, alice: Closer, said: str) -> None:
    label = assistant.use("book_callback").result["free_times"][0]

    assert assistant.use("book_callback", when=label, phone=said).outcome == "done"

    assert CallbackPromise.objects.get().phone == "+61412555018"


def test_a_time_that_another_prospect_has_is_not_given_twice(assistant: Assistant, alice: Closer, bob: Closer) -> None:
    """Sales has one closer, who is promised to somebody else; that Support has somebody free does not help."""
    label = assistant.use("book_callback").result["free_times"][0]
    assistant.use("book_callback", when=label, phone="0412 555 018")
    CallbackPromise.objects.update(session=open_other(assistant).session)

    told = assistant.use("book_callback", when=label, phone="0412 555 018")

    assert (told.code, CallbackPromise.objects.count()) == ("not_free", 1)


def open_other(assistant: Assistant) -> Visit:
    visit = assistant.visit
    return open_visit(visit.session.widget, visit.leg.webhooks, visit.rest, visit.clock, connection_id="x")


# --- every tool × who asks


@pytest.mark.parametrize("name", CATALOGUE)
def test_before_the_conversation_is_known_it_is_kept_and_nothing_is_done(visit: Visit, name: str) -> None:
    told = Assistant(visit, "nobody knows it").use(name, **ARGUMENTS[name])

    assert (told.outcome, told.code) == ("refused", "too_early")
    assert ToolCall.objects.get().session is None
    assert visit.kinds() == ["session.created"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_in_its_own_conversation_it_works(assistant: Assistant, alice: Closer, name: str) -> None:
    assert assistant.use(name, **ARGUMENTS[name]).outcome == "done"


@pytest.mark.parametrize("name", CATALOGUE)
def test_after_the_visit_nothing_is_done_but_what_was_heard_is_kept(
    assistant: Assistant, alice: Closer, name: str
) -> None:
    assistant.visit.leg.hung_up()

    told = assistant.use(name, **ARGUMENTS[name])

    assert (told.outcome, told.code) == ("refused", "over")
    assert bool(fields(assistant.visit)) == (name == SAVE)
    assert not assistant.visit.session.handoffs.exists()
    assert assistant.told()[-1]["code"] == "over"


@pytest.mark.parametrize("name", CATALOGUE)
def test_while_a_closer_talks_nothing_is_done(
    assistant: Assistant, waiting_for_alice: Visit, ben: Closer, name: str
) -> None:
    before = fields(assistant.visit)
    connect(waiting_for_alice)

    told = assistant.use(name, **ARGUMENTS[name])

    assert (told.outcome, told.code) == ("refused", "with_person")
    assert (fields(assistant.visit), Handoff.objects.count()) == (before, 1)


def test_an_earlier_run_s_assistant_calls_nobody(assistant: Assistant, alice: Closer) -> None:
    """Its conversation ended; the one that came back on the line has another."""
    make_ready(alice, idle_seconds=10)
    assistant.visit.session.runs.update(ended_at=timezone.now())
    session = assistant.visit.session
    now = timezone.now()
    session.current_run = session.runs.create(number=2, conversation_id="second", requested_at=now, started_at=now)
    session.run_number = 2
    session.save()

    assert assistant.use("request_handoff").code == "not_running"
    assert Assistant(assistant.visit, "second").use("request_handoff").outcome == "done"
