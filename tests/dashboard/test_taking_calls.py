"""Taking a call from the assistant, steering it, giving calls to others and back: what the dashboard's doors answer."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.render import desk, fragments, rings
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.visits import capacity
from tests import handoffs
from tests.dashboard.conftest import hand_over, ring
from tests.people import Clock, logged_in

pytestmark = pytest.mark.django_db


def post(browser: Client, url: str, body: Any = None) -> Any:
    return browser.post(url, data=json.dumps(body or {}), content_type="application/json")


def take(browser: Client, session: VoiceSession, *, immediately: bool = False) -> Any:
    return post(browser, f"/dashboard/sessions/{session.pk}/take", {"immediately": immediately})


def steer(browser: Client, session: VoiceSession, text: str = "Ask about budget") -> Any:
    return post(browser, f"/dashboard/sessions/{session.pk}/steer", {"text": text})


def controls(session: VoiceSession) -> str:
    session.refresh_from_db()
    return str(fragments.detail(session)["html"]).split('id="detail-controls"')[1].split("</section>")[0]


def own_desk(closer: Closer) -> tuple[dict[str, Any], str]:
    frame = desk.read(closer, timezone.now(), None).desk
    return frame, str(frame["fragments"][0]["html"])


@pytest.fixture
def talking(session: VoiceSession, settings: Any) -> VoiceSession:
    """The assistant speaks on a leg of ours."""
    now = timezone.now()
    settings.TELNYX_CONNECTION_ID = "our-connection"
    CallLeg.objects.create(
        session=session,
        role="prospect",
        call_control_id="v3:prospect",
        connection_id="our-connection",
        initiated_at=now,
        answered_at=now,
    )
    session.call_control_id = "v3:prospect"
    session.save(update_fields=["call_control_id"])
    return session


@pytest.fixture
def bens_browser(ben: Closer) -> Client:
    return logged_in(ben.user)


def seated(session: VoiceSession, closer: Closer, **values: Any) -> Handoff:
    handoff = hand_over(session, closer, state="seated")
    return handoffs.change(handoff, seated_at=timezone.now(), **values)


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
    over = {"state": "unanswered", "deadline_at": None, "ended_at": timezone.now(), "closer": None}
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


class TestSteering:
    def test_what_alice_tells_the_assistant_is_on_the_timeline_with_her_name(
        self, alices_browser: Client, talking: VoiceSession
    ) -> None:
        assert steer(alices_browser, talking, " Ask about the <roof> ").status_code == 200

        page = alices_browser.get(f"/dashboard/sessions/{talking.pk}/").content.decode()
        assert "Assistant told by Alice" in page
        assert "“Ask about the &lt;roof&gt;”" in page
        assert "Alice: <span><bdi>Ask about the &lt;roof&gt;</bdi></span>" in controls(talking)

    @pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  "}, {"text": 7}, {"text": "x" * 501}])
    def test_what_says_nothing_or_too_much_is_refused(
        self, alices_browser: Client, talking: VoiceSession, body: Any
    ) -> None:
        response = post(alices_browser, f"/dashboard/sessions/{talking.pk}/steer", body)

        assert response.status_code == 400
        assert response.json()["code"] == "bad_body"

    def test_a_flood_is_refused_and_a_pause_helps(
        self, alices_browser: Client, clock: Clock, talking: VoiceSession
    ) -> None:
        statuses = [steer(alices_browser, talking).status_code for _ in range(5)]
        clock.advance(11)

        assert statuses == [200, 200, 200, 429, 429]
        assert steer(alices_browser, talking).status_code == 200

    def test_an_assistant_that_has_ended_is_told_nothing(self, alices_browser: Client, talking: VoiceSession) -> None:
        VoiceSession.objects.filter(pk=talking.pk).update(assistant_ended_at=timezone.now())

        response = steer(alices_browser, talking)

        assert (response.status_code, response.json()["code"]) == (409, "gone")
        assert "data-steer=" not in controls(talking)


class TestAssigning:
    def test_carol_gives_the_call_to_ben_whose_ring_names_her(
        self, carol: Closer, alice: Closer, ben: Closer, talking: VoiceSession
    ) -> None:
        browser = logged_in(carol.user)

        assert post(browser, f"/dashboard/sessions/{talking.pk}/assign", {"closer": ben.pk}).status_code == 200

        frame = rings.ring(ben, timezone.now())
        assert frame is not None
        assert "assigned by Carol" in frame["html"]
        assert rings.ring(alice, timezone.now()) is None

    def test_only_a_supervisor_assigns(self, alices_browser: Client, ben: Closer, talking: VoiceSession) -> None:
        response = post(alices_browser, f"/dashboard/sessions/{talking.pk}/assign", {"closer": ben.pk})

        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
        assert not Handoff.objects.exists()

    @pytest.mark.parametrize("closer", [None, True, "1", 0, -1, 2**40, 1.5])
    def test_a_strange_closer_is_refused(self, carol: Closer, talking: VoiceSession, closer: Any) -> None:
        response = post(logged_in(carol.user), f"/dashboard/sessions/{talking.pk}/assign", {"closer": closer})

        assert response.status_code == 400

    def test_nobody_of_another_team_is_assigned(self, carol: Closer, bob: Closer, talking: VoiceSession) -> None:
        response = post(logged_in(carol.user), f"/dashboard/sessions/{talking.pk}/assign", {"closer": bob.pk})

        assert response.status_code == 404

    def test_the_menu_says_who_is_ready_and_what_keeps_the_others(
        self, carol: Closer, alices_browser: Client, alice: Closer, ben: Closer, talking: VoiceSession
    ) -> None:
        Closer.objects.filter(pk=ben.pk).update(microphone_granted=False)

        page = logged_in(carol.user).get(f"/dashboard/sessions/{talking.pk}/").content.decode()

        menu = page.split('id="assign-people"')[1].split("</ul>")[0]
        assert f'data-assign-to="{alice.pk}"' in menu
        assert f'data-assign-to="{ben.pk}"' not in menu
        assert "Not ready: microphone" in menu
        assert 'id="assign-people"' not in alices_browser.get("/dashboard/").content.decode()


class TestHandingBack:
    def test_the_closer_writes_notes_while_the_assistant_goes_on(
        self, alices_browser: Client, alice: Closer, talking: VoiceSession
    ) -> None:
        VoiceSession.objects.filter(pk=talking.pk).update(assistant_ended_at=timezone.now(), run_number=1)
        handoff = hand_over(talking, alice, state="connected")
        Handoff.objects.filter(pk=handoff.pk).update(connected_at=timezone.now(), prospect_free_at=timezone.now())
        assert f'data-hand-back="{handoff.pk}"' in own_desk(alice)[1]

        body = {"instruction": "Ask for the address"}
        response = post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/hand-back", body)

        assert response.status_code == 200
        assert own_desk(alice)[0]["state"] == "wrap_up"
        page = alices_browser.get(f"/dashboard/sessions/{talking.pk}/").content.decode()
        assert "Given back to the assistant by Alice" in page
        assert "“Ask for the address”" in page

    def test_too_long_an_instruction_is_refused(
        self, alices_browser: Client, alice: Closer, talking: VoiceSession
    ) -> None:
        handoff = hand_over(talking, alice, state="connected")

        for instruction in ("x" * 501, None, ["x"]):
            body = {"instruction": instruction}
            assert post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/hand-back", body).status_code == 400
        handoff.refresh_from_db()
        assert handoff.state == State.CONNECTED

    def test_taken_again_the_call_stands_before_the_notes_on_the_first(
        self, alice: Closer, talking: VoiceSession
    ) -> None:
        first = hand_over(talking, alice, state="wrap_up")
        Handoff.objects.filter(pk=first.pk).update(
            notes="Wants it cheaper", triggered_at=first.triggered_at - timedelta(minutes=2)
        )
        second = seated(talking, alice)

        frame, html = own_desk(alice)

        assert (frame["handoff"], frame["state"]) == (str(second.pk), "seated")
        assert html.index(f'data-notes="{second.pk}"') < html.index(f'data-notes="{first.pk}"')
        page = str(fragments.detail(talking)["html"])
        assert "Earlier hand-overs" in page
        assert page.index('data-handoff-state="seated"') < page.index('data-handoff-state="wrap_up"')
