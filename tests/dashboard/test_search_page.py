"""The page of the search: one's own team's calls, with nothing in it that a prospect could have written as markup."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from handoff.models import Closer
from sessions_app.models import TranscriptTurn, VoiceSession
from sessions_app.search import indexing
from tests.dashboard.conftest import tell

SAID = "<img src=x onerror=alert(1)> My roof & the <b>gutter</b>"


@pytest.fixture
def spoken(session: VoiceSession) -> VoiceSession:
    now = timezone.now()
    TranscriptTurn.objects.create(session=session, position=0, speaker="prospect", text=SAID, spoken_at=now, as_of=now)
    tell(session, "transcript.updated", {"positions": [0]})
    indexing.refresh(now=now, pause=timedelta(seconds=-60))
    return session


def ask(browser: Client, query: str, **more: str) -> str:
    response = browser.get("/dashboard/search/", {"q": query, **more}, headers={"X-Part": "search"})
    assert response.status_code == 200
    return response.content.decode()


def test_it_shows_what_was_said_with_the_word_marked_and_nothing_of_its_markup(
    spoken: VoiceSession, alice: Closer, alices_browser: Client
) -> None:
    html = ask(alices_browser, "gutter")

    assert f"/dashboard/sessions/{spoken.pk}/#turn-" in html
    assert "<mark>gutter</mark>" in html
    assert "<img" not in html
    assert "<b>" not in html


def test_bob_of_another_team_finds_nothing(spoken: VoiceSession, bob: Closer, bobs_browser: Client) -> None:
    assert str(spoken.pk) not in ask(bobs_browser, "gutter")


def test_a_stranger_is_sent_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/dashboard/search/", {"q": "gutter"})

    assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize(
    "query", ["", "'", "\x00", "<script>alert(1)</script>", "x" * 10_240, "& | !", "{{ 7*7 }}", "\ud7ff"]
)
def test_a_hostile_query_is_shown_as_text(alice: Closer, alices_browser: Client, query: str) -> None:
    html = ask(alices_browser, query, before=query[:200])

    assert "<script>" not in html
    if "7*7" in query:
        assert query in html


def test_the_whole_page_opens_on_the_search(spoken: VoiceSession, alice: Closer, alices_browser: Client) -> None:
    html = alices_browser.get("/dashboard/search/", {"q": "gutter"}).content.decode()

    assert 'data-view="search"' in html
    assert "<mark>gutter</mark>" in html
