"""Who may open which page and press what."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff.models import CallbackPromise, Closer, Offer
from sessions_app.models import VoiceSession, WidgetConfig
from tests import handoffs
from tests.dashboard.conftest import hand_over, ring, visit
from tests.people import PASSWORD, logged_in

pytestmark = pytest.mark.django_db

BOARD = "/dashboard/"
# Addresses that name something which belongs to somebody.
OF_SOMEBODY = ("/offers/", "/handoffs/", "/sessions/", "/promises/")


def post(browser: Client, url: str, body: Any = None) -> Any:
    return browser.post(url, data=json.dumps(body or {}), content_type="application/json")


def actions_of(offer: Offer, promise: CallbackPromise) -> list[tuple[str, dict[str, Any]]]:
    call = offer.handoff_id
    return [
        ("/dashboard/availability", {"available": True}),
        (f"/dashboard/offers/{offer.pk}/accept", {}),
        (f"/dashboard/offers/{offer.pk}/decline", {}),
        (f"/dashboard/handoffs/{call}/hang-up", {}),
        (f"/dashboard/handoffs/{call}/take-over", {}),
        (f"/dashboard/handoffs/{call}/hand-back", {"instruction": "Ask for the address"}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/take", {"immediately": False}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/assign", {"closer": offer.closer_id}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/steer", {"text": "Ask about budget"}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/fields/email", {"value": "a@b.example", "seen": ""}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/use/email", {"heard": "x", "seen": ""}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/dismiss/email", {"heard": "x"}),
        (f"/dashboard/sessions/{offer.handoff.session_id}/unlock/email", {}),
        (f"/dashboard/handoffs/{call}/notes", {"notes": "x"}),
        (f"/dashboard/handoffs/{call}/complete", {"disposition": "won"}),
        (f"/dashboard/handoffs/{call}/quality", {"packetsReceived": 1}),
        ("/dashboard/softphone/login", {}),
        (f"/dashboard/promises/{promise.pk}/call", {}),
        (f"/dashboard/promises/{promise.pk}/keep", {}),
    ]


@pytest.fixture
def offer(session: VoiceSession, alice: Closer) -> Offer:
    return ring(session, alice)


@pytest.fixture
def promise(session: VoiceSession) -> CallbackPromise:
    now = timezone.now()
    return CallbackPromise.objects.create(
        session=session, team=session.team, reason="asked_for", promised_at=now, due_at=now, phone="+61400000000"
    )


@pytest.fixture
def stranger(db: None) -> Client:
    """Signed in, but no closer."""
    return logged_in(User.objects.create_user("dave@agileadapt.example", password=PASSWORD))


def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    response = client.get(BOARD)

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('login')}?next={BOARD}"


def test_a_user_who_is_no_closer_is_told_so(stranger: Client) -> None:
    response = stranger.get(BOARD)

    assert response.status_code == 403
    assert "takes no calls" in response.content.decode()


def test_alice_sees_the_calls_of_her_team_and_no_others(
    alices_browser: Client, session: VoiceSession, bob: Closer, widget: WidgetConfig
) -> None:
    foreign = visit(WidgetConfig.objects.create(team=bob.team, name="B", slug="b", assistant_id=widget.assistant_id))

    page = alices_browser.get(BOARD).content.decode()

    assert str(session.pk) in page
    assert str(foreign.pk) not in page
    assert "Bob" not in page


def test_a_deep_link_opens_the_call(alices_browser: Client, session: VoiceSession) -> None:
    page = alices_browser.get(f"/dashboard/sessions/{session.pk}/").content.decode()

    assert f'data-session="{session.pk}"' in page
    assert 'data-view="detail"' in page


def test_a_call_of_another_team_does_not_exist(bobs_browser: Client, session: VoiceSession) -> None:
    assert bobs_browser.get(f"/dashboard/sessions/{session.pk}/").status_code == 404
    assert bobs_browser.get(f"/dashboard/sessions/{uuid4()}/").status_code == 404


def test_carol_the_supervisor_sees_her_teams_calls(carol: Closer, session: VoiceSession) -> None:
    page = logged_in(carol.user).get(BOARD).content.decode()

    assert str(session.pk) in page
    assert "supervisor" in page


def test_a_disabled_closer_is_out(alices_browser: Client, alice: Closer) -> None:
    User.objects.filter(pk=alice.user_id).update(is_active=False)

    assert alices_browser.get(BOARD).status_code == 302


def test_every_action_refuses_a_visitor_and_a_stranger(
    client: Client, stranger: Client, offer: Offer, promise: CallbackPromise
) -> None:
    for url, body in actions_of(offer, promise):
        assert post(client, url, body).status_code == 302, url
        assert post(stranger, url, body).status_code == 403, url


def test_every_action_wants_a_post_and_a_csrf_token(alice: Closer, offer: Offer, promise: CallbackPromise) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.login(username="alice@agileadapt.example", password=PASSWORD)

    for url, body in actions_of(offer, promise):
        assert browser.get(url).status_code == 405, url
        assert post(browser, url, body).status_code == 403, url


def test_bob_cannot_touch_what_was_offered_to_alice(
    bobs_browser: Client, bob: Closer, offer: Offer, promise: CallbackPromise
) -> None:
    others = [(url, body) for url, body in actions_of(offer, promise) if any(part in url for part in OF_SOMEBODY)]
    statuses = {url: post(bobs_browser, url, body).status_code for url, body in others}

    assert len(statuses) == 17
    assert set(statuses.values()) == {404}, statuses
    offer.refresh_from_db()
    assert offer.state == Offer.State.RINGING
    promise.refresh_from_db()
    assert promise.kept_at is None


def test_alice_takes_the_call_and_a_second_click_changes_nothing(
    alices_browser: Client, alice: Closer, offer: Offer
) -> None:
    first = post(alices_browser, f"/dashboard/offers/{offer.pk}/accept")
    second = post(alices_browser, f"/dashboard/offers/{offer.pk}/accept")

    assert first.status_code == second.status_code == 200
    assert first.json()["handoff"] == str(offer.handoff_id)
    offer.handoff.refresh_from_db()
    assert offer.handoff.closer == alice
    assert offer.handoff.attempts.count() == 1


def test_a_call_that_went_on_is_refused_with_words(alices_browser: Client, ben: Closer, offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(state=Offer.State.EXPIRED)
    handoffs.change(offer.handoff, closer=ben)

    response = post(alices_browser, f"/dashboard/offers/{offer.pk}/accept")

    assert response.status_code == 409
    assert response.json() == {"status": "error", "message": "Taken by Ben.", "code": "gone"}


def test_notes_are_kept_as_typed(alices_browser: Client, alice: Closer, session: VoiceSession) -> None:
    handoff = hand_over(session, alice, state="connected")
    text = 'Line one\nLine <b>two</b> 😀 \u202e "quoted"'

    response = post(alices_browser, f"/dashboard/handoffs/{handoff.pk}/notes", {"notes": text})

    assert response.status_code == 200
    handoff.refresh_from_db()
    assert handoff.notes == text
    page = alices_browser.get(f"/dashboard/sessions/{session.pk}/").content.decode()
    assert "<b>two" not in page


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dashboard/availability", {"available": "yes"}),
        ("/dashboard/availability", []),
        ("/dashboard/availability", {}),
        ("/dashboard/handoffs/{call}/notes", {"notes": None}),
        ("/dashboard/handoffs/{call}/notes", {"notes": "x" * 20_001}),
        ("/dashboard/handoffs/{call}/complete", {"disposition": "world peace"}),
        ("/dashboard/handoffs/{call}/quality", {"data": "x" * 9000}),
        ("/dashboard/handoffs/{call}/quality", [1]),
        ("/dashboard/handoffs/{call}/quality", {"data": {"rtt": float("nan")}}),
    ],
)
def test_a_strange_body_is_refused(
    alices_browser: Client, alice: Closer, session: VoiceSession, path: str, body: Any
) -> None:
    handoff = hand_over(session, alice, state="wrap_up")

    response = alices_browser.post(path.format(call=handoff.pk), data=json.dumps(body), content_type="application/json")

    assert response.status_code == 400
    assert response.json()["code"] == "bad_body"


@pytest.mark.parametrize(("typed", "kept"), [("a\0b", "a\ufffdb"), ("\ud800", "\ufffd")])
def test_what_cannot_be_stored_is_replaced_and_the_rest_of_the_notes_kept(
    alices_browser: Client, alice: Closer, session: VoiceSession, typed: str, kept: str
) -> None:
    handoff = hand_over(session, alice, state="wrap_up")

    body = json.dumps({"notes": typed})
    alices_browser.post(f"/dashboard/handoffs/{handoff.pk}/notes", data=body, content_type="application/json")

    handoff.refresh_from_db()
    assert handoff.notes == kept


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[" * 5000, b"null"])
def test_a_body_that_is_no_json_is_refused(alices_browser: Client, raw: bytes) -> None:
    response = alices_browser.post("/dashboard/availability", data=raw, content_type="application/json")

    assert response.status_code == 400


def test_hostile_words_are_shown_as_words(alices_browser: Client, session: VoiceSession) -> None:
    hostile = "</script><script>alert(1)</script>{{7*7}}{% now 'Y' %}<img src=x onerror=alert(1)>"
    session.fields.create(name=hostile[:90], value=hostile, source="partial", captured_at=timezone.now())
    session.turns.create(position=0, speaker="prospect", text=hostile, spoken_at=timezone.now(), as_of=timezone.now())

    page = alices_browser.get(f"/dashboard/sessions/{session.pk}/").content.decode()

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{7*7}}" in page


def test_the_page_holds_no_inline_script_or_style(alices_browser: Client, session: VoiceSession) -> None:
    response = alices_browser.get(f"/dashboard/sessions/{session.pk}/")

    page = response.content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count('<script type="module" src=') + page.count(
        '<script id="dashboard-config" type="application/json">'
    )
    assert "no-store" in response["Cache-Control"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_a_login_of_the_softphone_that_telnyx_refuses_is_told_plainly(alices_browser: Client) -> None:
    # Nothing listens at the address of the tests' Telnyx.
    response = post(alices_browser, "/dashboard/softphone/login")

    assert response.status_code == 503
    assert response.json()["code"] == "softphone_unavailable"
