"""Answers on the closers' page: they fill in, lead to what was said, and a closer's word stays."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import ANSWERS, CLOSER_SAYS, Database, OpenContext, Speech, prospect_leg
from tests.browser.test_accessibility import Reader

pytestmark = [pytest.mark.usefixtures("settled"), pytest.mark.checked]


@pytest.fixture(autouse=True)
def talkative(settled: None, sandbox: SandboxControl, database: Database) -> Iterator[None]:
    """A gather asks everything and then waits for more; nobody is rung before somebody wants it."""
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    share = "update sessions_app_widgetconfig set pre_alert_percent = %s, assistant_run = %s"
    database.execute(share, [None, "gather"])
    yield
    database.execute(share, [75, "assistant"])


# Whether any of an answer's lines reaches under its tools, were it as long as an e-mail address can be.
OVERLAP = """(field) => {
  const value = document.querySelector(`${field} [data-value]`);
  const before = value.textContent;
  value.firstElementChild.textContent = "jordan.alexander.blake@a-rather-long-company-name.example";
  const range = document.createRange();
  range.selectNodeContents(value);
  const tools = document.querySelector(`${field} .field-tools`).getBoundingClientRect();
  const isUnder = [...range.getClientRects()].some((line) => line.right > tools.left && line.top < tools.bottom);
  value.firstElementChild.textContent = before;
  return isUnder;
}"""


def answer(closer: CloserPage, name: str) -> Locator:
    return closer.page.locator(f'[data-field="{name}"]')


def hear(sandbox: SandboxControl, **results: object) -> None:
    """The assistant says what it has gathered so far."""
    leg = sandbox.legs(role="prospect")[-1]
    ids = {name: leg[name] for name in ("call_control_id", "call_leg_id", "call_session_id", "connection_id")}
    told = sandbox.send_webhook("call.ai_gather.partial_results", {**ids, "partial_results": results})
    assert told["status"] == 200


def photograph(page: Page, name: str) -> None:
    photograph_at(page, "#detail-fields", name)


def photograph_at(page: Page, part: str, name: str) -> None:
    """Keep pictures of a page where somebody asks for them."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    for scheme in ("light", "dark"):
        for width, height in ((1440, 900), (1024, 768), (390, 844)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            page.locator(part).scroll_into_view_if_needed()
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_a_closer_s_word_stays_and_what_is_heard_later_is_offered(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    reader = Reader()
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()
    for name, value in ANSWERS.items():
        alice.field(name, value)
    prospect_leg(sandbox)

    # A value leads to the sentence after which it was first known.
    answer(alice, "email").locator("[data-jump]").click()
    spoken = alice.page.locator(".turn:focus")
    expect(spoken).to_contain_text(ANSWERS["email"])
    assert spoken.get_attribute("data-speaker") == "prospect"

    # A long answer ends before the tools that lie over its line.
    answer(alice, "email").locator("[data-edit]").focus()
    assert alice.page.evaluate(OVERLAP, '[data-field="email"]') is False

    # What is being written stays under the fingers while the page changes around it.
    answer(alice, "email").locator("[data-edit]").focus()
    alice.page.keyboard.press("Enter")
    written = answer(alice, "email").get_by_role("textbox")
    expect(written).to_be_focused()
    expect(written).to_have_value(ANSWERS["email"])
    written.fill("jordan@blake.exa")
    hear(sandbox, **(ANSWERS | {"budget": "fifteen thousand dollars", "roof": "tiles"}))
    alice.field("budget", "fifteen thousand dollars")
    alice.field("roof", "tiles")
    expect(written).to_be_focused()
    expect(written).to_have_value("jordan@blake.exa")
    photograph(alice.page, "editing")
    alice.page.keyboard.type("mple")
    alice.page.keyboard.press("Enter")
    alice.field("email", "jordan@blake.example")
    expect(written).to_have_count(0)
    expect(answer(alice, "email").locator("[data-edit]")).to_be_focused()
    expect(answer(alice, "email")).to_contain_text("Alice Nguyen, locked")

    # Escape leaves everything as it was.
    alice.page.keyboard.press("Enter")
    answer(alice, "email").get_by_role("textbox").fill("nobody")
    alice.page.keyboard.press("Escape")
    alice.field("email", "jordan@blake.example")

    # What the assistant hears later is only offered.
    hear(sandbox, **(ANSWERS | {"email": "jordan at example", "budget": "fifteen thousand dollars"}))
    offered = answer(alice, "email").locator("[data-heard]")
    expect(offered).to_contain_text("The assistant heard: jordan at example")
    alice.field("email", "jordan@blake.example")
    reader.look(alice.page, "a suggestion")
    photograph(alice.page, "suggestion")
    offered.get_by_role("button", name="Use it").click()
    alice.field("email", "jordan at example")
    expect(offered).to_have_count(0)
    expect(answer(alice, "email").locator("summary")).to_contain_text("2 earlier")

    # Another one is left aside, and the answer unlocked.
    hear(sandbox, **(ANSWERS | {"email": "someone@else.example", "budget": "fifteen thousand dollars"}))
    offered.get_by_role("button", name="Dismiss").click()
    expect(offered).to_have_count(0)
    answer(alice, "email").locator("summary").click()
    reader.look(alice.page, "earlier values")
    photograph(alice.page, "earlier")
    answer(alice, "email").locator("[data-unlock]").click()
    expect(answer(alice, "email")).not_to_contain_text("locked")

    assert reader.faults == {}
    assert alice.problems == prospect.problems == []


def test_somebody_else_s_newer_word_is_not_overwritten_unseen(
    stack: Stack, prospect: Prospect, alice: CloserPage, open_context: OpenContext, speech: Speech
) -> None:
    bob = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "bob")
    prospect.agree()
    prospect.wait_for("speaking")
    for closer in (alice, bob):
        closer.watch_newest()
        closer.field("timeline", ANSWERS["timeline"], seconds=60)
    for closer in (alice, bob):
        answer(closer, "timeline").locator("[data-edit]").click()
    answer(bob, "timeline").get_by_role("textbox").fill("in March")
    bob.page.keyboard.press("Enter")
    alice.field("timeline", "in March")

    answer(alice, "timeline").get_by_role("textbox").fill("in May")
    alice.page.keyboard.press("Enter")
    problem = answer(alice, "timeline").get_by_role("alert")
    expect(problem).to_have_text("It was changed meanwhile. Save again to replace it.")
    bob.field("timeline", "in March")
    alice.page.keyboard.press("Enter")

    for closer in (alice, bob):
        closer.field("timeline", "in May")
