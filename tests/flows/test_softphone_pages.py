"""Each open dashboard has a login of its own: which of them is rung, and when a login goes."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from handoff import actions
from handoff.closers import softphones
from handoff.models import Closer
from sessions_app.models import TelephonyCredential
from sessions_app.visits import credentials
from tests.flows.softphones import Page, missing, of
from tests.people import logged_in
from tests.visits import Visit, connect


def test_each_page_has_a_login_of_its_own(page: Page) -> None:
    second = Page(page.closer)
    second.registers()

    soon = timezone.now() + timedelta(minutes=5)
    assert page.credential().revoke_at > soon
    assert second.credential().revoke_at > soon
    assert of(page.closer).sip_username == second.username


def test_a_page_that_logs_in_again_gives_its_former_login_up(page: Page) -> None:
    former = page.credential()
    page.registers()

    former.refresh_from_db()
    assert former.revoke_at <= timezone.now() + timedelta(minutes=1)


def test_the_login_of_a_page_that_is_gone_is_revoked(page: Page, waiting_for_alice: Visit) -> None:
    second = Page(page.closer)
    second.registers()
    waiting_for_alice.clock.advance(290)
    second.says()
    waiting_for_alice.clock.advance(20)

    softphones.end_logins_of_gone_pages(timezone.now())
    credentials.revoke_due_credentials(now=timezone.now())

    assert page.credential().revoked_at is not None
    assert second.credential().revoked_at is None
    assert waiting_for_alice.rest.router["revoke"].call_count == 1


def test_a_login_in_a_call_outlives_its_page(page: Page, waiting_for_alice: Visit) -> None:
    connect(waiting_for_alice)
    waiting_for_alice.clock.advance(600)

    softphones.end_logins_of_gone_pages(timezone.now())

    assert page.credential().revoke_at > timezone.now()


def test_the_sweep_looks_for_gone_pages(page: Page, waiting_for_alice: Visit) -> None:
    waiting_for_alice.pass_time(400)

    assert page.credential().revoke_at <= timezone.now()


def test_the_page_that_is_left_is_rung_when_the_other_is_gone(page: Page, waiting_for_alice: Visit) -> None:
    second = Page(page.closer)
    second.registers()
    page.says()
    assert of(page.closer).sip_username == second.username

    waiting_for_alice.clock.advance(26)
    page.says()

    assert of(page.closer).sip_username == of(page.closer).registered_as == page.username


@pytest.mark.parametrize("lacks", ["softphone", "microphone", "sound"])
def test_a_page_beside_it_says_nothing_of_the_one_that_is_rung(page: Page, lacks: str) -> None:
    proven = {**dict.fromkeys(("softphone", "microphone", "sound"), True), lacks: False}
    actions.report_presence(page.closer, **proven, page=uuid4(), now=timezone.now())

    assert of(page.closer).registered_as == page.username
    assert missing(page.closer) == ()
    actions.report_presence(page.closer, **proven, page=page.name, now=timezone.now())
    assert missing(page.closer) == (lacks,)


def test_a_page_without_a_phone_is_believed_when_the_other_is_gone(page: Page, waiting_for_alice: Visit) -> None:
    waiting_for_alice.clock.advance(26)

    Page(page.closer).says(username="")

    assert missing(page.closer) == ("softphone",)


def test_a_page_whose_phone_stays_away_leaves_the_ring_to_the_other(page: Page, waiting_for_alice: Visit) -> None:
    second = Page(page.closer)
    second.registers()

    second.says(username="")
    page.says()
    assert of(page.closer).sip_username == second.username, "it may be back in a moment"
    waiting_for_alice.clock.advance(26)
    second.says(username="")
    page.says()

    assert of(page.closer).sip_username == page.username
    assert missing(page.closer) == ()


def test_a_page_whose_login_was_revoked_meanwhile_registers_anew(page: Page, waiting_for_alice: Visit) -> None:
    """We were away for longer than a page may be silent; the page and its phone were not."""
    waiting_for_alice.clock.advance(360)

    softphones.end_logins_of_gone_pages(timezone.now())
    credentials.revoke_due_credentials(now=timezone.now())
    assert missing(page.closer) == ("softphone",)

    page.says(username="")
    assert page.says() is True, "nobody can be rung there, whatever it believes"
    assert missing(page.closer) == ("softphone",)
    page.registers()
    assert page.says() is False
    assert missing(page.closer) == ()


def test_a_login_that_was_revoked_for_another_reason_is_lost_too(page: Page) -> None:
    TelephonyCredential.objects.update(revoked_at=timezone.now())

    assert page.says() is True

    assert missing(page.closer) == ("softphone",)


def test_the_page_names_itself_with_the_login_request(alice: Closer, waiting_for_alice: Visit) -> None:
    browser, name = logged_in(alice.user), uuid4()

    answers = [
        browser.post("/dashboard/softphone/login", json.dumps(body), content_type="application/json")
        for body in ({"page": str(name)}, {}, {"page": None}, {"page": "x"}, {"page": 7}, {"page": [str(name)]})
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 400, 400, 400]
    username = answers[0].json()["username"]
    assert TelephonyCredential.objects.get(sip_username=username).page == name


# --- looking before the ring
