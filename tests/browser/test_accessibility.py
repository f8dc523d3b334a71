"""Every page in every state, for people who see little, use no mouse, or hold a phone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    PROSPECT_SAYS,
    SEATED,
    Database,
    OpenContext,
    Speech,
    finish_assistant,
    route,
)

pytestmark = pytest.mark.usefixtures("settled")

WIDTHS = {390: 844, 1440: 900}
MOST_STOPS = 90
BARRIERS = {"moderate", "serious", "critical"}

# Colours on their way from one to another are read as neither.
AT_REST = """() => Promise.all(document.getAnimations()
  .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime))
  .map((one) => one.finished.catch(() => undefined)))"""
# The element that a key press would reach, and how it shows that.
FOCUSED = """() => {
  let one = document.activeElement;
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  if (!one || one === document.body) return { name: "", isShown: true, isInView: true };
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return {
    name: (one.getAttribute("aria-label") ?? one.innerText ?? "").trim(),
    isShown: hasOutline || style.boxShadow !== "none",
    isInView: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
  };
}"""


@dataclass
class Reader:
    """Looks at states of pages with all eyes, and remembers what was wrong where."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    looks: int = 0

    def look(self, page: Page, state: str) -> None:
        size = page.viewport_size
        for scheme in ("light", "dark"):
            for width, height in WIDTHS.items():
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                page.set_viewport_size({"width": width, "height": height})
                self._look_once(page, f"{state}, {scheme}, {width} px")
        if size:
            page.set_viewport_size(size)

    def _look_once(self, page: Page, where: str) -> None:
        page.evaluate(AT_REST)
        response = Axe().run(page).response
        assert len(response["passes"]) > 5, "the checker looked at next to nothing"
        self.looks += 1
        found = [described(fault) for fault in response["violations"] if fault["impact"] in BARRIERS]
        beyond = int(page.evaluate("() => document.documentElement.scrollWidth - innerWidth"))
        if beyond > 0:
            found.append(f"{beyond} px beyond the right edge")
        if found:
            self.faults[where] = found


def described(fault: dict[str, Any]) -> str:
    nodes = [(node["target"], node["failureSummary"]) for node in fault["nodes"][:3]]
    return f"{fault['id']} ({fault['impact']}): {nodes}"


@pytest.fixture
def open_readable(open_context: OpenContext) -> Callable[..., BrowserContext]:
    # The checker is a script of its own, which the page's policy would refuse.
    return lambda microphone=None: open_context(microphone, bypass_csp=True)


def test_every_state_of_a_hand_over_can_be_read_by_everybody(
    stack: Stack,
    open_readable: OpenContext,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    route(database, ring_seconds=120)
    reader = Reader()
    outside = open_readable().new_page()
    outside.goto(f"{stack.base_url}/dashboard/")
    reader.look(outside, "signing in")
    alice = CloserPage.log_in(open_readable(speech(CLOSER_SAYS)), stack.base_url, "alice")
    reader.look(alice.page, "no calls")
    visitor = Prospect.visit(open_readable(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo/")
    alice.take_calls()
    visitor.agree()
    visitor.wait_for("speaking")
    finish_assistant(sandbox)

    alice.wait_for_ring()
    visitor.wait_for("handing_over")
    reader.look(visitor.page, "handing over")
    reader.look(alice.page, "ringing")
    alice.page.keyboard.press("a")
    alice.wait_for_body(softphone="in-call")
    visitor.wait_for("human")
    alice.page.wait_for_selector("#desk[data-state=connected]")
    reader.look(visitor.page, "with a person")
    reader.look(alice.page, "talking")
    alice.page.keyboard.press("e")
    alice.page.wait_for_selector("#desk[data-state=wrap_up]")
    reader.look(alice.page, "wrapping up")
    visitor.wait_for("ended")
    reader.look(visitor.page, "ended")

    assert reader.looks == 8 * 4
    assert reader.faults == {}


def test_every_state_of_the_warm_seat_can_be_read_by_everybody(
    stack: Stack,
    open_readable: OpenContext,
    speech: Speech,
    sandbox: SandboxControl,
) -> None:
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    reader = Reader()
    alice = CloserPage.log_in(open_readable(speech(CLOSER_SAYS)), stack.base_url, "alice")
    carol = CloserPage.log_in(open_readable(speech(CLOSER_SAYS)), stack.base_url, "carol")
    visitor = Prospect.visit(open_readable(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo/")
    alice.take_calls()
    visitor.agree()
    visitor.wait_for("speaking")
    carol.watch_newest()
    carol.page.get_by_role("button", name="Assign…").click()
    reader.look(carol.page, "assigning")
    carol.page.locator("#assign").get_by_role("button", name="Alice Nguyen").click()
    alice.wait_for_ring()
    alice.page.keyboard.press("a")
    alice.page.wait_for_selector(f"{SEATED} [data-take-over]")
    reader.look(alice.page, "on standby")
    finish_assistant(sandbox)
    alice.page.wait_for_selector("#desk[data-state=connected]")
    alice.page.keyboard.press("b")
    reader.look(alice.page, "giving back")
    alice.page.get_by_role("button", name="Give the call back").click()
    alice.page.wait_for_selector("#desk[data-state=wrap_up]")
    alice.page.get_by_role("button", name="Take call").click()
    alice.page.wait_for_selector(SEATED)
    alice.page.get_by_text("Earlier hand-overs").click()
    alice.page.locator(".timeline > summary").click()
    reader.look(alice.page, "on standby again, with notes to finish")

    assert reader.looks == 4 * 4
    assert reader.faults == {}


def test_every_state_before_and_beside_a_call_can_be_read_by_everybody(
    stack: Stack, open_readable: OpenContext, speech: Speech, sandbox: SandboxControl
) -> None:
    reader = Reader()
    visitor = Prospect.visit(open_readable(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo/")
    reader.look(visitor.page, "ready")
    visitor.press("Start talking")
    visitor.wait_for("consent")
    reader.look(visitor.page, "consent")
    sandbox.faults({"match": "POST /v2/telephony_credentials", "mode": "status", "status": 500})
    visitor.press("Agree and talk")
    visitor.wait_for("error")
    reader.look(visitor.page, "error")
    visitor.press("Ask for a call back")
    visitor.wait_for("callback")
    visitor.press("Call me back")
    visitor.sees("Please tell us your name.")
    reader.look(visitor.page, "call back, filled in wrongly")
    visitor.press("Back")
    sandbox.clear_faults()
    visitor.press("Try again")
    visitor.wait_for("speaking")
    reader.look(visitor.page, "speaking")

    assert reader.looks == 5 * 4
    assert reader.faults == {}


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that name has the focus, and see the focus all the way."""
    stops: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        stops.append(focused["name"])
        assert focused["isShown"], f"the focus on {focused['name']!r} cannot be seen"
        assert focused["isInView"], f"the focus on {focused['name']!r} is out of sight"
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"{name!r} is not reached by keyboard: {stops}")


def test_a_hand_over_needs_no_mouse(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    route(database, ring_seconds=120)
    tab_to(alice.page, "Take calls")
    alice.page.keyboard.press("Enter")
    alice.wait_for_body(softphone="ready")

    tab_to(prospect.page, "Start talking")
    prospect.page.keyboard.press("Enter")
    prospect.wait_for("consent")
    tab_to(prospect.page, "Agree and talk")
    prospect.page.keyboard.press("Enter")
    prospect.wait_for("speaking")
    tab_to(prospect.page, "Mute")
    prospect.page.keyboard.press("Space")
    prospect.page.locator(ELEMENT).get_by_role("button", name="Unmute").wait_for()

    finish_assistant(sandbox)
    alice.wait_for_ring()
    tab_to(alice.page, "Accept")
    alice.page.keyboard.press("Enter")
    alice.wait_for_body(softphone="in-call")
    prospect.wait_for("human")

    alice.page.keyboard.press("n")
    alice.page.keyboard.type("made a date")
    assert alice.page.locator("[data-notes]").input_value() == "made a date"
    alice.wait_for_body(softphone="in-call")
    tab_to(alice.page, "End")
    alice.page.keyboard.press("Enter")
    prospect.wait_for("ended")
    alice.page.wait_for_selector("[data-complete]")
    outcome = alice.page.locator("[data-complete]").first.inner_text()
    tab_to(alice.page, outcome)
    alice.page.keyboard.press("Enter")
    alice.page.wait_for_selector("[data-handoff]", state="detached")
    tab_to(prospect.page, "Start again")
    prospect.page.keyboard.press("Enter")
    prospect.wait_for("consent")


def test_the_warm_seat_needs_no_mouse(prospect: Prospect, alice: CloserPage, sandbox: SandboxControl) -> None:
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()
    alice.page.wait_for_selector("[data-take]")

    tab_to(alice.page, "Take call")
    alice.page.keyboard.press("Enter")
    alice.page.wait_for_selector(SEATED)
    # The button is gone; what had the focus goes on from the part of the page that it stood in.
    assert alice.page.evaluate("document.activeElement.id") == "detail-controls"
    tab_to(alice.page, "Take over now")
    alice.page.keyboard.press("Enter")
    alice.page.wait_for_selector("#desk[data-state=connected]")
    assert alice.page.evaluate("document.activeElement.id") == "desk"
    prospect.wait_for("human")
