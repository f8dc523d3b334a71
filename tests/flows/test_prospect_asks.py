"""The prospect asks for a person while the assistant speaks, and the page says that it is there, or is going."""

from datetime import timedelta

import pytest
from django.utils import timezone

from handoff.machine import State
from handoff.models import Closer, Handoff, Offer, RoutingPolicy
from sessions_app.models import VoiceSession
from sessions_app.visitor_page import page
from sessions_app.visits import tokens, visits
from tests.visits import Visit, connect


def is_seen(visit: Visit) -> None:
    visits.page_seen(tokens.issue(visit.session_id), now=timezone.now())


def test_a_closer_is_rung_while_the_assistant_goes_on(talking: Visit, alice: Closer) -> None:
    assert talking.post("request").status_code == 202
    talking.work()

    assert (talking.handoff.trigger, talking.ringing().closer) == ("requested", alice)
    assert page.state(talking.session)["phase"] == "assistant"
    assert talking.rest.asked("speak") == []
    assert talking.rest.asked("ai_assistant_stop") == []


def test_asking_twice_is_asking_once(talking: Visit, alice: Closer, ben: Closer) -> None:
    for _ in range(2):
        assert talking.post("request").status_code == 202

    assert Handoff.objects.count() == Offer.objects.count() == 1


def test_asking_without_end_is_refused(talking: Visit, alice: Closer) -> None:
    answers = [talking.post("request") for _ in range(12)]

    assert [answer.status_code for answer in answers] == [202] * 10 + [429] * 2
    assert int(answers[-1]["Retry-After"]) > 0


def test_nobody_is_called_before_the_assistant_speaks(visit: Visit, alice: Closer) -> None:
    answer = visit.post("request")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_now")
    assert not Handoff.objects.exists()


def test_nobody_is_called_in_a_talk_with_a_person(waiting_for_alice: Visit) -> None:
    connect(waiting_for_alice)

    assert waiting_for_alice.post("request").json()["code"] == "not_now"


def test_outside_the_hours_the_page_is_told_so(talking: Visit, alice: Closer) -> None:
    widget = talking.session.widget
    local_day = timezone.now().strftime("%a").lower()
    other_day = "mon" if local_day not in {"sun", "mon", "tue"} else "thu"
    widget.business_hours = {other_day: [["09:00", "17:00"]]}
    widget.save()

    answer = talking.post("request")

    assert (answer.status_code, answer.json()["code"]) == (409, "closed")
    assert not Handoff.objects.exists()


@pytest.mark.parametrize("phase", ["ringing", "accepted"])
def test_a_page_that_goes_without_a_leg_withdraws_everything(waiting_for_alice: Visit, phase: str) -> None:
    visit = waiting_for_alice
    if phase == "accepted":
        visit.accept()
    # The leg is known to be dead, as when an assistant's end took it along.
    visit.session.legs.filter(role="prospect").update(ended_at=timezone.now())

    assert visit.post("leave").status_code == 204
    visit.work()

    assert visit.state == State.ABANDONED
    assert visit.session.end_reason == "left"
    assert not Offer.objects.filter(state="ringing").exists()
    assert len(visit.rest.asked("hangup")) == (phase == "accepted")


def test_a_page_that_answers_no_more_is_taken_for_gone(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    RoutingPolicy.objects.update(ring_seconds=120, max_wait_seconds=300)
    Handoff.objects.update(deadline_at=timezone.now() + timedelta(minutes=2))
    is_seen(visit)
    visit.session.legs.filter(role="prospect").update(ended_at=timezone.now())

    visit.pass_time(20)
    assert visit.session.ended_at is None
    is_seen(visit)
    visit.pass_time(40)
    assert visit.session.ended_at is None
    visit.pass_time(10)

    assert (visit.session.end_reason, visit.state) == ("page_gone", State.ABANDONED)


def test_a_living_leg_outweighs_a_page_that_answers_no_more(waiting_for_alice: Visit) -> None:
    is_seen(waiting_for_alice)

    waiting_for_alice.pass_time(50)

    assert waiting_for_alice.session.ended_at is None


def test_a_promise_is_shown_beyond_the_end_and_rings_the_page(talking: Visit, alice: Closer) -> None:
    promised = talking.session
    assert page.state(promised)["calling"] is None

    call = VoiceSession.objects.create(
        widget=promised.widget, team=promised.team, connection_mode="credential", previous=promised,
        created_at=timezone.now(), handover_phase="handing_over", closer_name="Alice",
    )  # fmt: skip
    assert page.state(promised)["calling"] is None, "it may be the number that rings"
    call.timeline.create(seq=1, kind="callback.page_rung", occurred_at=timezone.now(), recorded_at=timezone.now())

    calling = page.state(promised)["calling"]
    assert (calling["closer"], calling["session"]["id"]) == ("Alice", str(call.pk))
    assert tokens.read(calling["session"]["token"]) == call.pk
    assert tokens.read_ticket(calling["session"]["ticket"]) == call.pk
    assert page.state(call)["rejoin"] is True

    VoiceSession.objects.filter(pk=call.pk).update(ended_at=timezone.now() + timedelta(seconds=1))
    assert page.state(promised)["calling"] is None
