"""Taking a call from the assistant, and the seat that is warm meanwhile: what the dashboard's doors answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.render import fragments, rings
from handoff.engine import transitions
from handoff.machine import Fact, State
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.visits import capacity
from tests.dashboard.conftest import hand_over, ring
from tests.dashboard.taking import controls, own_desk, post, seated, take

pytestmark = pytest.mark.django_db


def test_alice_takes_the_call_and_is_on_standby(alices_browser: Client, alice: Closer, talking: VoiceSession) -> None:
    assert "data-take=" in controls(talking)

    response = take(alices_browser, talking)

    assert response.status_code == 200
    handoff = Handoff.objects.get()
    call = {"handoff": str(handoff.pk), "session": str(talking.pk), "state": "accepted"}
    assert response.json() == {"status": "success", **call, "standby": True}
    assert "Alice&#x27;s line is being set up." in controls(talking)
    assert "data-take=" not in controls(talking)
    frame, html = own_desk(alice)
    assert (frame["state"], frame["standby"]) == ("accepted", True)
    assert "On standby" in html


def test_a_take_that_finds_no_line_says_so_and_takes_nothing(
    alices_browser: Client, alice: Closer, talking: VoiceSession
) -> None:
    capacity.refused(talking.team_id, "90041", now=timezone.now())

    response = take(alices_browser, talking)

    assert (response.status_code, response.json()) == (
        409,
        {
            "status": "error",
            "message": "All our lines are busy at the moment. Try again in a moment.",
            "code": "lines_busy",
        },
    )
    assert not Handoff.objects.exists()


def test_the_desk_says_that_all_lines_are_busy(alice: Closer, talking: VoiceSession) -> None:
    handoff = hand_over(talking, alice, state="queued")

    frame, html = own_desk(alice)

    assert (frame["state"], frame["handoff"]) == ("queued", str(handoff.pk))
    assert frame["says"] == "All lines are busy. Yours is called again in a moment."
    assert "data-busy" in html
    assert f'data-let-go="{handoff.pk}"' in html
    assert "All lines are busy. Alice&#x27;s is called again in a moment." in controls(talking)


@pytest.mark.parametrize(("trigger", "says"), [("requested", "was promised"), ("callback", "promise stands")])
def test_the_closer_reads_why_the_call_is_theirs_no_more(
    alice: Closer, ben: Closer, talking: VoiceSession, trigger: str, says: str
) -> None:
    ring(talking, alice)
    Offer.objects.update(state=Offer.State.WITHDRAWN)
    over = {"state": "unanswered", "deadline_at": None, "ended_at": timezone.now()}
    Handoff.objects.update(outcome="lines_busy", trigger=trigger, **over)

    assert says in own_desk(alice)[0]["told"]
    assert own_desk(ben)[0]["told"] == ""
    assert "all lines were busy" in str(fragments.detail(talking)["html"])
    Handoff.objects.update(ended_at=timezone.now() - timedelta(minutes=1))
    assert own_desk(alice)[0]["told"] == ""


def test_the_second_one_is_told_who_has_it(
    alices_browser: Client, bens_browser: Client, alice: Closer, talking: VoiceSession
) -> None:
    take(alices_browser, talking)

    response = take(bens_browser, talking)

    assert response.status_code == 409
    assert response.json() == {"status": "error", "message": "Taken by Alice.", "code": "gone"}
    assert take(alices_browser, talking).status_code == 200
    assert Handoff.objects.count() == 1


def test_a_call_that_rings_elsewhere_can_be_taken(
    bens_browser: Client, alice: Closer, ben: Closer, talking: VoiceSession
) -> None:
    offer = ring(talking, alice)
    assert "Rings at Alice" in controls(talking)

    assert take(bens_browser, talking).status_code == 200

    offer.refresh_from_db()
    assert offer.state == Offer.State.WITHDRAWN
    assert Handoff.objects.get().closer == ben


def test_a_call_of_another_team_cannot_be_touched(bobs_browser: Client, bob: Closer, talking: VoiceSession) -> None:
    for session_id in (talking.pk, uuid4()):
        for path, body in (("take", {"immediately": True}), ("assign", {"closer": bob.pk}), ("steer", {"text": "x"})):
            assert post(bobs_browser, f"/dashboard/sessions/{session_id}/{path}", body).status_code == 404, path
    assert not Handoff.objects.exists()
    assert not talking.timeline.filter(kind="assistant.steered").exists()


def test_the_desk_of_the_warm_seat(alice: Closer, talking: VoiceSession) -> None:
    handoff = seated(talking, alice)

    frame, html = own_desk(alice)

    assert (frame["state"], frame["standby"]) == ("seated", True)
    assert frame["says"] == "You are on standby. Nobody hears you."
    assert f'data-take-over="{handoff.pk}"' in html
    assert f'data-let-go="{handoff.pk}"' in html
    assert "Alice is on standby" in controls(talking)


def listening(session: VoiceSession, **values: Any) -> CallLeg:
    ids = {"call_control_id": "v3:ear", "connection_id": "our-app"}
    return CallLeg.objects.create(session=session, role="listener", **ids, **values)


def test_who_listens_in_is_told_what_is_heard_and_what_is_not(alice: Closer, talking: VoiceSession) -> None:
    ear = listening(talking, answered_at=timezone.now())
    seated(talking, alice, listens_in=True, listener_leg=ear)

    frame, html = own_desk(alice)

    assert "You hear the prospect; nobody hears you." in html
    assert "The assistant’s voice is not on this line" in html
    assert frame["says"] == "You are on standby. You hear the prospect; nobody hears you."


@pytest.mark.parametrize("why", ["not asked yet", "it rings", "it is over"])
def test_who_hears_nothing_is_not_told_otherwise(alice: Closer, talking: VoiceSession, why: str) -> None:
    now = timezone.now()
    times = {"answered_at": now, "ended_at": now} if why == "it is over" else {}
    ear = None if why == "not asked yet" else listening(talking, **times)
    seated(talking, alice, listens_in=True, listener_leg=ear)

    assert own_desk(alice)[0]["says"] == "You are on standby. Nobody hears you."


def test_once_the_prospect_is_free_nobody_listens_in(alice: Closer, talking: VoiceSession) -> None:
    ear = listening(talking, answered_at=timezone.now())
    handoff = seated(talking, alice, listens_in=True, listener_leg=ear)
    Handoff.objects.filter(pk=handoff.pk).update(prospect_free_at=timezone.now())

    frame, html = own_desk(alice)

    assert frame["standby"] is False
    assert "data-listening" not in html
    assert "data-take-over" not in html


def test_taking_over_is_asked_for_once(alices_browser: Client, alice: Closer, talking: VoiceSession) -> None:
    handoff = seated(talking, alice)

    first = post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/take-over")
    second = post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/take-over")

    assert (first.status_code, second.status_code) == (200, 200)
    assert talking.timeline.filter(kind="handoff.taken_over").count() == 1
    frame, html = own_desk(alice)
    assert frame["says"] == "You are next."
    assert "data-take-over" not in html


@pytest.mark.parametrize("action", ["take-over", "hang-up"])
def test_who_lost_the_call_while_they_waited_for_its_row_is_told_so(
    alices_browser: Client, alice: Closer, talking: VoiceSession, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    handoff, lock = seated(talking, alice), transitions.lock

    def waited(session_id: UUID) -> VoiceSession:
        held = lock(session_id)
        transitions.apply(transitions.by_id(held, handoff.pk), Fact.CLOSER_LOST, now=timezone.now())
        return held

    monkeypatch.setattr(transitions, "lock", waited)

    refused = post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/{action}")

    assert (refused.status_code, refused.json()["code"]) == (409, "gone")


def test_letting_go_of_the_seat_leaves_the_call_to_others(
    alices_browser: Client, alice: Closer, talking: VoiceSession
) -> None:
    handoff = seated(talking, alice)

    assert post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/hang-up").status_code == 200

    handoff.refresh_from_db()
    assert handoff.closer is None
    assert handoff.state in {State.RESERVED, State.RINGING}
    assert own_desk(alice)[0]["handoff"] is None


def test_a_ring_during_the_assistants_talk_says_so(alice: Closer, talking: VoiceSession) -> None:
    ring(talking, alice)

    early = rings.ring(alice, timezone.now())
    talking.assistant_ended_at = timezone.now()
    talking.save(update_fields=["assistant_ended_at"])
    late = rings.ring(alice, timezone.now())

    assert early is not None
    assert late is not None
    words = "The assistant is still talking; accept to be on standby."
    assert words in early["html"]
    assert words not in late["html"]


def test_a_closer_with_a_phone_of_their_own_is_told_that_it_rings(
    alices_browser: Client, alice: Closer, talking: VoiceSession
) -> None:
    Closer.objects.filter(pk=alice.pk).update(reached_by="number", address="+61255501234")

    take(alices_browser, talking)

    assert "Your phone +61255501234 rings." in own_desk(alice)[1]
    page = alices_browser.get("/dashboard/").content.decode()
    assert "Calls ring on your own phone, +61255501234." in page
    assert '"reached_by": "number"' in page
