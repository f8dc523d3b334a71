"""From the first ring of a prospect's call to the closer's notes."""

import base64

import pytest
from django.conf import settings
from django.utils import timezone

from handoff import actions, client_state
from handoff.machine import State
from handoff.models import Closer, Command, Offer
from sessions_app.models import CallLeg
from sessions_app.visits import tokens
from tests.telnyx import CALL_CONTROL, Leg
from tests.visits import ANSWERS, Visit, connect

HISTORY = [
    {"role": "assistant", "content": "May I have your full name?"},
    {"role": "user", "content": "Ada Lovelace"},
]


def test_a_parked_call_is_answered_once(visit: Visit) -> None:
    for _ in range(2):
        visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
        visit.work()

    assert visit.session.call_control_id == visit.leg.call_control_id
    (answer,) = visit.commands("answer")
    assert answer.state == Command.State.CONFIRMED
    (asked,) = visit.rest.asked("answer")
    assert asked["command_id"] == str(answer.pk)
    assert asked["webhook_url"] == f"{settings.PUBLIC_URL}{CALL_CONTROL}"


@pytest.mark.usefixtures("gathering")
def test_an_answered_call_starts_the_gather_with_the_widget_s_questions(visit: Visit) -> None:
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.leg.answered()
    visit.work()

    (asked,) = visit.rest.asked("gather_using_ai")
    widget = visit.session.widget
    assert list(asked["parameters"]["properties"]) == list(widget.gather_schema["properties"])
    assert asked["greeting"] == widget.greeting
    assert asked["send_partial_results"] is True
    assert visit.session.runs.get().conversation_id == visit.rest.conversation_id
    assert visit.session.answered_at is not None


def test_an_answered_call_starts_the_widget_s_own_assistant(visit: Visit) -> None:
    widget = visit.session.widget
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.leg.answered()
    visit.work()

    (asked,) = visit.rest.asked("ai_assistant_start")
    assert asked["assistant"]["id"] == widget.assistant_id
    assert asked["send_message_history_updates"] is True


def test_answers_and_transcript_are_kept_as_they_come(talking: Visit) -> None:
    talking.leg.partial({"full_name": "Ada Lovelace", "email": None}, HISTORY)

    session = talking.session
    assert session.phase == "assistant"
    assert dict(session.fields.values_list("name", "value")) == {"full_name": "Ada Lovelace"}
    assert list(session.turns.values_list("speaker", "text")) == [
        ("assistant", "May I have your full name?"),
        ("prospect", "Ada Lovelace"),
    ]
    assert session.prospect is not None
    assert session.prospect.name == "Ada Lovelace"


def test_a_final_answer_is_not_overwritten_by_a_late_partial_one(alice: Closer, talking: Visit) -> None:
    talking.leg.gathered({"full_name": "Ada Lovelace"}, HISTORY)
    talking.leg.partial({"full_name": "Ada"}, HISTORY[:1])

    assert talking.session.fields.get().value == "Ada Lovelace"
    assert talking.session.turns.count() == 2


def test_the_closer_who_is_idle_longest_is_rung(talking: Visit, alice: Closer, ben: Closer, bob: Closer) -> None:
    talking.finish(ANSWERS)
    talking.work()

    offer = talking.ringing()
    assert offer.closer == alice
    assert offer.reason.startswith("longest idle, 10 min")
    assert talking.handoff.trigger == "answers_complete"
    assert talking.session.phase == "handing_over"
    (said,) = talking.rest.asked("speak")
    assert "calling a colleague" in said["payload"]


def test_the_whole_way_to_a_person_and_the_notes(waiting_for_alice: Visit, alice: Closer) -> None:
    visit = waiting_for_alice

    closer_leg = visit.accept()
    assert visit.state == State.ACCEPTED
    (dialled,) = visit.rest.asked("calls")
    assert dialled["to"] == f"sip:{alice.sip_username}@{settings.TELNYX_SIP_DOMAIN}"
    assert dialled["connection_id"] == settings.TELNYX_CALL_CONTROL_APP_ID
    assert client_state.read(dialled["client_state"]) == client_state.Mark(visit.handoff.pk, client_state.leg(1))

    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    visit.work()
    assert visit.state == State.BRIDGING
    (bridged,) = visit.rest.asked("bridge")
    assert bridged["call_control_id"] == closer_leg.call_control_id
    assert bridged["park_after_unbridge"] == "self"

    closer_leg.bridged()
    visit.leg.bridged()
    assert visit.state == State.CONNECTED
    assert (visit.session.phase, visit.session.closer_name) == ("human", "Alice")

    actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
    visit.work()
    assert visit.state == State.WRAP_UP
    assert len(visit.rest.asked("hangup")) == 2

    closer_leg.hung_up(source="callee")
    visit.leg.hung_up(source="callee")
    assert visit.session.ended_at is not None

    actions.save_notes(visit.handoff.pk, closer=alice, notes="Wants it by spring.", now=timezone.now())
    actions.complete(visit.handoff.pk, closer=alice, disposition="won", now=timezone.now())
    handoff = visit.handoff
    assert (handoff.state, handoff.disposition, handoff.notes) == (State.COMPLETED, "won", "Wants it by spring.")
    stamps = [handoff.triggered_at, handoff.offered_at, visit.attempt.accepted_at, handoff.connected_at]
    assert stamps == sorted(stamp for stamp in stamps if stamp)
    assert handoff.deadline_at is None
    assert visit.attempt.over_at == handoff.released_at is not None
    seqs = list(visit.session.timeline.values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_the_notes_are_kept_when_the_wrap_up_runs_out_of_time(waiting_for_alice: Visit, alice: Closer) -> None:
    visit = waiting_for_alice
    connect(visit)
    visit.leg.hung_up()
    actions.save_notes(visit.handoff.pk, closer=alice, notes="Half a sent", now=timezone.now())

    visit.pass_time(121)

    assert visit.state == State.COMPLETED
    assert visit.handoff.notes == "Half a sent"
    actions.save_notes(visit.handoff.pk, closer=alice, notes="Half a sentence.", now=timezone.now())
    assert visit.handoff.notes == "Half a sentence."


def test_pressing_accept_twice_takes_the_call_once(waiting_for_alice: Visit, alice: Closer) -> None:
    offer = waiting_for_alice.ringing()
    for _ in range(2):
        actions.accept(offer.pk, closer=alice, now=timezone.now())
    waiting_for_alice.work()

    assert len(waiting_for_alice.rest.asked("calls")) == 1
    assert waiting_for_alice.attempt.number == 1
    assert Offer.objects.get().state == Offer.State.ACCEPTED


def test_the_record_is_fetched_after_the_conversation(talking: Visit) -> None:
    talking.leg.says(
        "call.conversation.ended", conversation_id=talking.rest.conversation_id, reason="completed", messages=HISTORY
    )

    assert talking.handoff.trigger == "conversation_ended"
    assert talking.session.turns.count() == 2
    talking.pass_time(3)
    assert [command.state for command in talking.commands("fetch_transcript")] == ["confirmed", "pending"]


def test_a_closer_who_answers_before_the_dial_s_reply_is_bridged_at_once(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    actions.accept(
        visit.ringing().pk, closer=Closer.objects.get(user__email="alice@agileadapt.example"), now=timezone.now()
    )
    (dial,) = visit.commands("dial")
    early = Leg(visit.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, client_state=dial.arguments["mark"])

    early.initiated(direction="outgoing")
    early.answered()

    assert visit.state == State.BRIDGING
    assert visit.handoff.closer_leg is not None
    assert visit.handoff.closer_leg.call_control_id == early.call_control_id
    assert len(visit.commands("bridge")) == 1


def test_a_leg_with_a_mark_that_is_not_ours_stays_unknown(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    forged = base64.b64encode(f"{visit.handoff.pk}.1:forged".encode()).decode()
    foreign = Leg(visit.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, client_state=forged)

    foreign.initiated(direction="outgoing")

    assert not CallLeg.objects.filter(call_control_id=foreign.call_control_id).exists()
