"""Steering the assistant, giving calls to others, and giving them back: what the dashboard's doors answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.render import fragments, rings
from handoff.machine import State
from handoff.models import Closer, Handoff
from sessions_app.models import VoiceSession
from tests.dashboard.conftest import hand_over
from tests.dashboard.taking import controls, own_desk, post, seated, steer
from tests.people import Clock, logged_in

pytestmark = pytest.mark.django_db


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
