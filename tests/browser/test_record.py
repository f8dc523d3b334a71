"""What is learnt reaches the closer: the brief and the insights while it rings, and every word by search afterwards."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import CLOSER_SAYS, PROSPECT_SAYS, Database, OpenContext, Speech, finish_assistant, route

pytestmark = pytest.mark.usefixtures("settled")

TOLD = ("message_history_updated", "partial_results")
WIDTHS = (1440, 1024, 390)
# Names a folder in which to keep what the pages look like.
PICTURES = os.environ.get("PICTURES")


def picture(page: Page, name: str) -> None:
    if not PICTURES:
        return
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def assert_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []


def test_the_brief_and_the_insights_arrive_while_it_rings(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    route(database, ring_seconds=120)
    sandbox.faults(
        {"match": "webhook conversation_insight_result", "mode": "drop"},
        {"match": "GET /v2/ai/conversations/*/conversations-insights", "mode": "status", "status": 500, "times": 6},
    )
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()
    ring = alice.page.locator("[data-ring]")
    brief = ring.locator("[data-brief]")

    expect(ring).to_contain_text("Jordan Blake")
    expect(brief).to_contain_text("about twelve thousand dollars")
    expect(brief).to_contain_text("Every required answer is known")
    alice.watch_newest()
    insights = alice.page.locator("#detail-insights")
    expect(insights).to_contain_text("Waiting for AI data")
    picture(alice.page, "ring-waiting")

    expect(brief).to_contain_text("Summary The prospect spoke", timeout=40_000)
    expect(alice.page.locator("#detail-brief")).to_contain_text("Summary The prospect spoke")
    expect(insights).to_contain_text("The prospect spoke")
    expect(insights).not_to_contain_text("Waiting for AI data")
    picture(alice.page, "ring-with-insights")
    assert_accessible(alice.page)
    assert alice.problems == []


def test_a_call_is_found_by_a_spoken_word_and_opened(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    prospect.press("Hang up")
    prospect.wait_for("ended", "callback")
    query = "select 1 from sessions_app_searchdocument where words is not null and stale_since is null"
    for _ in range(100):
        if database.execute(query).fetchone():
            break
        alice.page.wait_for_timeout(200)

    page = alice.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("questions")
    page.keyboard.press("Enter")
    page.wait_for_selector('body[data-view="search"]')
    result = page.locator("[data-result]").first
    expect(result.locator("mark").first).to_have_text("questions")
    expect(page).to_have_url(f"{page.url.split('/dashboard')[0]}/dashboard/search/?q=questions")
    picture(page, "search")
    assert_accessible(page)

    page.fill("#search-words", "jord")
    expect(page.locator("[data-result]").first).to_contain_text("Jordan Blake")
    page.fill("#search-words", "zebra")
    expect(page.locator("#search-page")).to_contain_text("No call holds all of “zebra”")
    picture(page, "search-nothing")
    page.fill("#search-words", "questions")
    expect(result.locator("mark").first).to_have_text("questions")
    result.locator("a").click()

    page.wait_for_selector('body[data-view="detail"]')
    expect(page.locator("[data-found]")).to_contain_text("questions")
    picture(page, "found")
    page.go_back()
    page.wait_for_selector('body[data-view="search"]')
    assert alice.problems == []


def test_the_search_keeps_a_call_up(
    stack: Stack,
    open_context: OpenContext,
    speech: Speech,
    prospect: Prospect,
    sandbox: SandboxControl,
) -> None:
    alice = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "alice")
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()
    alice.page.keyboard.press("a")
    prospect.wait_for("human")

    alice.page.keyboard.press("/")
    alice.page.keyboard.type("Jordan")
    alice.page.keyboard.press("Enter")
    alice.page.wait_for_selector('body[data-view="search"]')

    alice.wait_for_body(softphone="in-call")
    alice.hears()
    assert prospect.state == "human"


def test_what_only_the_page_hears_is_shown_and_marked(
    stack: Stack, open_context: OpenContext, speech: Speech, alice: CloserPage, sandbox: SandboxControl
) -> None:
    sandbox.faults(*({"match": f"webhook call.ai_gather.{kind}", "mode": "drop"} for kind in TOLD))
    prospect = Prospect.visit(open_context(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo-anonymous/")
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()

    turn = alice.page.locator('[data-turn="0"]')
    expect(turn).to_contain_text("AI assistant", timeout=20_000)
    expect(turn).to_contain_text("heard by the prospect’s page")
    picture(alice.page, "relayed")
    assert alice.problems == []
