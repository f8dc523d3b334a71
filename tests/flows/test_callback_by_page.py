"""A prospect whose page is still open is called back there, before the number."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from handoff.machine import State
from handoff.models import Closer
from sessions_app.models import VoiceSession
from sessions_app.visits import tokens
from tests.flows.calling import NUMBER, call, calling, open_page, promise, promise_of
from tests.telnyx import Leg
from tests.visits import Visit


def test_an_open_page_rings_instead_of_the_number(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    assert calling(promised) is None, "before the closer's own line is up"

    made.closer_answers()

    ringing = calling(promised)
    assert ringing is not None
    assert ringing["closer"] == "Alice"
    assert tokens.read(ringing["session"]["token"]) == made.visit.session_id
    assert len(made.dialled()) == 1


def test_the_page_that_answers_talks_with_the_closer(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    ringing = calling(promised)
    assert ringing is not None
    assert made.visit.post("rejoin").status_code == 201
    leg = Leg(promised.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    leg.initiated(ticket=ringing["session"]["ticket"])
    made.visit.work()
    leg.answered()
    made.visit.work()
    closer_leg.bridged()

    assert made.state == State.CONNECTED
    assert promise_of(promised).kept_at is not None
    assert calling(promised) is None
    assert len(made.dialled()) == 1
    assert made.visit.rest.asked("ai_assistant_start") == []


def test_a_page_that_does_not_answer_makes_the_number_ring(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    made.closer_answers()

    made.visit.pass_time(26)

    assert made.dialled()[1:] == [NUMBER]
    assert made.state == State.BRIDGING
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    assert calling(promised) is None
    leg.hung_up(source="callee", cause="timeout")
    made.visit.work()
    assert (made.state, made.visit.handoff.outcome) == (State.COMPLETED, "no_answer")


def test_a_page_that_will_not_answer_now_ends_the_ring(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    made.closer_answers()

    assert made.visit.post("leave").status_code == 204
    made.visit.work()

    assert (made.state, made.visit.handoff.outcome) == (State.ABANDONED, "declined")
    assert calling(promised) is None
    assert len(made.visit.rest.asked("hangup")) == 1


def test_a_page_alone_is_rung_without_a_number_and_then_given_up(visit: Visit, alice: Closer) -> None:
    promise(visit, "")
    open_page(visit)
    made = call(visit, alice)
    made.closer_answers()

    made.visit.pass_time(26)

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "no_answer")
    assert len(made.dialled()) == 1
    assert calling(visit) is None


def test_a_page_that_was_seen_long_ago_is_not_rung(promised: Visit, alice: Closer) -> None:
    seen = timezone.now() - timedelta(seconds=20)
    VoiceSession.objects.filter(pk=promised.session_id).update(page_seen_at=seen)

    made = call(promised, alice)
    made.closer_answers()

    assert calling(promised) is None
    assert made.dialled()[1:] == [NUMBER]
