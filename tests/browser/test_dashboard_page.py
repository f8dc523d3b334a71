"""The closers' page in the browser: live changes, tabs, a lost server, and readers of all kinds."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bench.rows import END_ATTEMPTS
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import PASSWORD, CloserPage, Prospect, note_problems

OpenBrowser = Callable[[Path | None], Browser]
Speech = Callable[[str], Path]
Database = psycopg.Connection[dict[str, Any]]

ANSWERS = {"full_name": "Jordan Blake", "email": "jordan@example.com", "budget": "twelve thousand", "timeline": "May"}
REGIONS = ("board", "detail", "roster", "promises", "desk", "me")
# What the page itself adds to the server's pieces: clocks, what is chosen, open, typed or resting.
LINES_OF_REGION = """(id) => {
  const root = document.getElementById(id).cloneNode(true);
  const drop = (selector, ...names) => root.querySelectorAll(selector).forEach((element) => {
    for (const name of names) element.removeAttribute(name);
  });
  const blank = "time, textarea, [data-count], [data-notes-state], [data-steer-state], [data-checked]";
  root.querySelectorAll(blank).forEach((element) => { element.textContent = ""; });
  root.querySelectorAll(".is-new").forEach((element) => element.classList.remove("is-new"));
  drop("time", "title"); drop("a", "aria-current"); drop("details", "open", "data-bound");
  drop("button", "disabled", "title"); drop("[data-latest]", "hidden"); drop("textarea", "style");
  const lines = [];
  const walk = (node, depth) => {
    const indent = " ".repeat(depth);
    if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) lines.push(indent + node.textContent.trim());
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const attributes = [...node.attributes].filter((one) => one.value || one.name !== "class");
    lines.push(indent + node.tagName + " " + attributes.map((one) => `${one.name}=${one.value}`).sort().join(" "));
    node.childNodes.forEach((child) => walk(child, depth + 1));
  };
  walk(root, 0);
  return lines;
}"""


@pytest.fixture(autouse=True)
def _settled(database: Database, sandbox: SandboxControl) -> Iterator[None]:
    """Nobody is available and nothing is open when a test begins."""
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS)
    close_everything(database)
    yield
    close_everything(database)


def close_everything(database: Database) -> None:
    database.execute("update handoff_closer set is_available = false, seen_at = null, softphone_registered = false")
    database.execute("update handoff_offer set state = 'withdrawn' where state = 'ringing'")
    database.execute("update handoff_handoff set state = 'completed', deadline_at = null where deadline_at is not null")
    database.execute(END_ATTEMPTS)
    database.execute("update sessions_app_voicesession set ended_at = now() where ended_at is null")


@pytest.fixture
def prospect(stack: Stack, open_browser: OpenBrowser, speech: Speech) -> Prospect:
    return Prospect.visit(open_browser(speech("Hello, this is Jordan.")), f"{stack.base_url}/w/demo/")


@pytest.fixture
def alice(stack: Stack, open_browser: OpenBrowser) -> CloserPage:
    # Without the page's policy, the accessibility checker can be put into it; that policy has a test of its own.
    context = open_browser(None).new_context(bypass_csp=True, viewport={"width": 1440, "height": 900})
    closer = CloserPage(context.new_page())
    note_problems(closer.page, closer.problems)
    closer.page.goto(f"{stack.base_url}/dashboard/")
    closer.page.fill("input[name=username]", "alice@agileadapt.example")
    closer.page.fill("input[name=password]", PASSWORD)
    closer.page.keyboard.press("Enter")
    closer.wait_for_body(connection="live")
    return closer


def finish_assistant(sandbox: SandboxControl) -> None:
    legs = sandbox.wait_for("the prospect's leg", lambda control: control.legs(role="prospect"))
    sandbox.end_assistant(str(legs[-1]["call_control_id"]))


def lines(page: Page) -> dict[str, list[str]]:
    return {region: page.evaluate(LINES_OF_REGION, region) for region in REGIONS}


def is_as_if_loaded_now(page: Page) -> bool:
    """Whether the page that followed live shows what a page shows that is loaded now."""
    shown: dict[str, list[str]] = {}
    loaded: dict[str, list[str]] = {"none": []}
    for _ in range(5):  # Something may happen between the two looks.
        fresh = page.context.new_page()
        fresh.goto(page.url)
        fresh.wait_for_selector('body[data-connection="live"]')
        fresh.wait_for_timeout(500)
        shown, loaded = lines(page), lines(fresh)
        fresh.close()
        if shown == loaded:
            return True
    assert shown == loaded
    return False


def has_no_barriers(page: Page) -> bool:
    found = Axe().run(page).response["violations"]
    told = [f"{one['id']} ({one['impact']}): {one['nodes'][0]['target']}" for one in found]
    assert told == []
    return True


def test_a_page_that_followed_live_equals_one_that_was_loaded_now(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    page = alice.page
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()
    alice.field("full_name", ANSWERS["full_name"], seconds=30)
    assert is_as_if_loaded_now(page)

    finish_assistant(sandbox)
    alice.wait_for_ring()
    assert has_no_barriers(page)
    page.keyboard.press("a")
    alice.wait_for_body(softphone="in-call")
    page.wait_for_selector('[data-handoff-state="connected"]')
    assert has_no_barriers(page)
    assert is_as_if_loaded_now(page)

    page.keyboard.press("e")
    page.wait_for_selector("[data-disposition]")
    page.locator("[data-notes]").fill("Wants a quote.")
    expect(page.locator("[data-notes-state]")).to_have_text("Saved")
    assert has_no_barriers(page)
    assert is_as_if_loaded_now(page)

    page.get_by_role("button", name="Follow-up booked").click()
    page.wait_for_selector("[data-disposition]", state="detached")
    expect(page.locator("#detail-handoff")).to_contain_text("Follow-up booked")
    assert is_as_if_loaded_now(page)
    assert alice.problems == []


def test_one_tab_has_the_softphone_and_another_can_take_it_over(stack: Stack, alice: CloserPage) -> None:
    alice.take_calls()
    second = alice.page.context.new_page()
    second.goto(f"{stack.base_url}/dashboard/")
    notice = second.get_by_text("The softphone is open in another tab.")
    expect(notice).to_be_visible()

    second.get_by_role("button", name="Use it here").click()

    second.wait_for_selector('body[data-softphone="ready"]')
    alice.wait_for_body(softphone="off")
    expect(alice.page.get_by_text("The softphone is open in another tab.")).to_be_visible()

    second.close()

    alice.wait_for_body(softphone="ready")


def test_shortcuts_rest_while_one_types_and_can_be_turned_off(alice: CloserPage) -> None:
    page = alice.page
    page.keyboard.press("/")
    page.keyboard.type("a?")
    assert page.locator("#search").input_value() == "a?"
    expect(page.locator("#help")).to_be_hidden()

    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")

    page.locator("#menu summary").click()
    page.locator("#shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_hidden()


def test_a_server_that_stands_still_is_noticed_and_actions_rest(stack: Stack, alice: CloserPage) -> None:
    web = stack.running["web"].pid
    os.kill(web, signal.SIGSTOP)
    try:
        alice.wait_for_body(connection="stale", seconds=45)
        action = alice.page.locator("[data-availability]")
        expect(action).to_be_disabled()
        assert "Out of date" in (action.get_attribute("title") or "")
    finally:
        os.kill(web, signal.SIGCONT)

    alice.wait_for_body(connection="live", seconds=30)
    expect(alice.page.locator("[data-availability]")).to_be_enabled()
