"""The default: the widget's own assistant, which saves what it hears and has no end of its own."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from handoff.legs import connection
from handoff.machine import State
from handoff.models import Closer, Command
from sessions_app.models import Run, WidgetConfig
from sessions_app.visits import tokens
from tests.flows.assistant import LAST, MOST, ask, let_it_finish, save, seat
from tests.visits import ANSWERS, Visit


def stops(visit: Visit) -> list[str]:
    return [command.state for command in visit.commands("stop_assistant")]


# --- how it begins


def test_the_widget_s_own_assistant_takes_the_call(talking: Visit) -> None:
    (asked,) = talking.rest.asked("ai_assistant_start")

    assert asked["assistant"]["id"] == talking.session.widget.assistant_id
    assert asked["greeting"] == talking.session.widget.greeting
    assert asked["send_message_history_updates"] is True
    assert talking.rest.asked("gather_using_ai") == []


def test_it_can_begin_together_with_the_answer(visit: Visit, settings: Settings, alice: Closer) -> None:
    settings.TELNYX_ASSISTANT_START = "answer"
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()

    (asked,) = visit.rest.asked("answer")
    assert asked["assistant"]["id"] == visit.session.widget.assistant_id
    assert asked["assistant"]["greeting"] == visit.session.widget.greeting
    visit.leg.answered()
    visit.work()
    assert visit.rest.asked("ai_assistant_start") == []
    # The conversation's id comes by event alone, under the mark that the answer carried.
    visit.leg.client_state = asked["client_state"]
    visit.leg.conversation_created("by-event")
    assert visit.session.runs.get().conversation_id == "by-event"

    save(visit, **ANSWERS)
    assert visit.handoff.trigger == "answers_complete"


# --- answers come in live, and begin the hand-over


def test_each_answer_is_a_field_at_once_and_most_of_them_ring(talking: Visit, alice: Closer) -> None:
    told = save(talking, full_name="Ada Lovelace", email="ada@example.com")
    assert (told["saved"], told["complete"]) == (["full_name", "email"], False)
    assert not talking.session.handoffs.exists()

    save(talking, budget="20000")

    assert (talking.handoff.trigger, talking.ringing().closer) == ("fields_known", alice)
    assert stops(talking) == []


def test_when_all_is_known_the_assistant_is_stopped_after_its_last_sentence(talking: Visit, alice: Closer) -> None:
    told = save(talking, **ANSWERS)

    assert told["complete"] is True
    assert "that is all we need" in told["text"].lower()
    assert (talking.handoff.trigger, talking.state) == ("answers_complete", State.RINGING)
    assert (stops(talking), talking.rest.asked("ai_assistant_stop")) == ([Command.State.PENDING], [])
    assert talking.handoff.prospect_free_at is None

    let_it_finish(talking)

    assert len(talking.rest.asked("ai_assistant_stop")) == 1
    assert not talking.session.is_assistant_running
    assert talking.handoff.prospect_free_at is not None
    assert ["calling a colleague" in said["payload"] for said in talking.rest.asked("speak")] == [True]


def test_an_answer_that_does_not_fit_is_none(talking: Visit, alice: Closer) -> None:
    schema = talking.session.widget.gather_schema
    ask(talking, {**schema, "properties": {**schema["properties"], "budget": {"type": "integer"}}})

    assert save(talking, **ANSWERS | {"budget": "a lot"})["complete"] is False
    assert talking.handoff.trigger == "fields_known"
    assert save(talking, budget=20000)["complete"] is True


def test_where_no_answer_is_required_all_that_are_asked_count(talking: Visit, alice: Closer) -> None:
    ask(talking, {"type": "object", "properties": {"roof": {"type": "string"}, "floors": {"type": "integer"}}})

    assert save(talking, roof="tiles")["complete"] is False
    assert save(talking, floors=2)["complete"] is True


def test_a_seat_that_becomes_warm_stops_it_at_once(talking: Visit, alice: Closer) -> None:
    save(talking, **ANSWERS)
    closer_leg = seat(talking)

    # No time has passed but that of the commands themselves, and no sentence of ours comes between.
    assert len(talking.rest.asked("ai_assistant_stop")) == 1
    assert talking.rest.asked("speak") == []
    (bridge,) = talking.rest.asked("bridge")
    assert bridge["call_control_id"] == closer_leg.call_control_id
    closer_leg.bridged()
    assert talking.state == State.CONNECTED


def test_a_seat_that_is_warm_already_waits_for_a_word_of_thanks(talking: Visit, alice: Closer) -> None:
    save(talking, **MOST)
    seat(talking)
    assert talking.state == State.SEATED

    save(talking, **LAST)
    assert talking.rest.asked("ai_assistant_stop") == []
    talking.pass_time(connection.THANKS.total_seconds() + 0.5)

    assert len(talking.rest.asked("ai_assistant_stop")) == 1
    assert len(talking.rest.asked("bridge")) == 1


def test_its_own_end_comes_first_and_the_stop_is_not_needed(talking: Visit, alice: Closer) -> None:
    save(talking, **ANSWERS)
    talking.leg.ended_conversation(talking.rest.conversation_id)
    let_it_finish(talking)

    assert stops(talking) == [Command.State.DROPPED]
    assert talking.handoff.prospect_free_at is not None


def test_an_end_that_is_told_twice_and_late_changes_nothing(talking: Visit, alice: Closer) -> None:
    save(talking, **ANSWERS)
    let_it_finish(talking)
    freed_at = talking.handoff.prospect_free_at

    for _ in range(2):
        talking.leg.ended_conversation(talking.rest.conversation_id, reason="assistant_stopped")
        talking.work()

    assert (talking.handoff.prospect_free_at, talking.session.handoffs.count()) == (freed_at, 1)


def test_saving_after_the_stop_still_notes_and_stops_nothing_else(talking: Visit, alice: Closer) -> None:
    save(talking, **ANSWERS)
    let_it_finish(talking)

    assert talking.leg.uses("save_prospect_details", budget="30000").json()["saved"] == ["budget"]
    assert len(stops(talking)) == 1


def test_with_nobody_there_the_prospect_is_told_and_a_call_is_promised(talking: Visit, carol: Closer) -> None:
    save(talking, **ANSWERS)
    let_it_finish(talking)
    talking.pass_time(5)

    assert talking.session.promise.reason == "nobody_free"
    assert talking.session.runs.get(number=2).purpose == Run.Purpose.CALLBACK


# --- a person is wanted


def test_who_wants_a_person_is_not_kept_with_the_assistant(talking: Visit, alice: Closer) -> None:
    talking.leg.uses("request_handoff", reason="asks for a person")
    talking.work()
    assert talking.rest.asked("ai_assistant_stop") == []

    seat(talking)

    assert len(talking.rest.asked("ai_assistant_stop")) == 1
    (said,) = talking.rest.asked("speak")
    assert "Alice is joining us now" in said["payload"]


def test_a_wish_hastens_a_search_that_began_for_another_reason(talking: Visit, alice: Closer) -> None:
    save(talking, **MOST)
    seat(talking)
    assert (talking.state, stops(talking)) == (State.SEATED, [])

    assert talking.post("request").status_code == 202
    talking.work()

    assert (talking.handoff.wants_person, talking.handoff.trigger) == (True, "fields_known")
    assert len(talking.rest.asked("ai_assistant_stop")) == 1


@pytest.mark.parametrize("state", [State.RINGING, State.ACCEPTED, State.SEATED])
def test_a_wish_that_the_assistant_passes_on_counts_as_much(talking: Visit, alice: Closer, state: State) -> None:
    save(talking, **MOST)
    leg = None
    if state != State.RINGING:
        leg = talking.accept()
    if state == State.SEATED and leg is not None:
        leg.initiated(direction="outgoing")
        leg.answered()
    assert talking.state == state

    told = talking.leg.uses("request_handoff", reason="Wants a person").json()
    talking.work()
    if state == State.RINGING:
        leg = talking.accept()
    if state != State.SEATED and leg is not None:
        leg.initiated(direction="outgoing")
        leg.answered()
    talking.work()

    assert (told["status"], told["is_new"]) == ("done", False)
    assert talking.handoff.wants_person
    assert len(talking.rest.asked("ai_assistant_stop")) == 1


def test_a_wish_before_anybody_accepted_counts_for_whoever_does(talking: Visit, alice: Closer) -> None:
    save(talking, **MOST)
    talking.post("request")
    seat(talking)

    assert len(talking.rest.asked("ai_assistant_stop")) == 1


def test_a_new_widget_runs_its_assistant(widget: WidgetConfig) -> None:
    assert widget.assistant_run == "assistant"


@pytest.mark.usefixtures("gathering")
def test_a_gather_does_not_begin_together_with_the_answer(visit: Visit, settings: Settings, alice: Closer) -> None:
    settings.TELNYX_ASSISTANT_START = "answer"
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()

    (asked,) = visit.rest.asked("answer")
    assert "assistant" not in asked
    assert len(visit.rest.asked("gather_using_ai")) == 1


def test_who_let_it_ring_too_early_is_rung_again_for_the_last_sentence(talking: Visit, alice: Closer) -> None:
    save(talking, **MOST)
    talking.pass_time(26)
    Closer.objects.update(seen_at=timezone.now(), missed_at=None)
    assert talking.state == State.RESERVED

    save(talking, **LAST)
    talking.pass_time(2)

    assert talking.state == State.RINGING
    assert talking.handoff.prospect_free_at is None
