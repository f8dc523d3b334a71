"""All lines are busy: the visitor is asked for a number at once and told why; the closer is told, and not blamed."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.scene import PROSPECT_SAYS, Database, OpenContext, Speech, newest

pytestmark = pytest.mark.usefixtures("settled")

BUSY = "All our lines are busy at the moment"
# Says what the page asked of the browser: the question itself is answered by a flag of the test's browser.
COUNT_QUESTIONS = """
window.questions = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => { window.questions += 1; return ask(wanted); };
"""


@pytest.fixture(autouse=True)
def as_usual(settled: None, database: Database, sandbox: SandboxControl) -> Any:
    database.execute("delete from handoff_callbackpromise")
    yield
    sandbox.limits()
    database.execute("update sessions_app_team set max_legs = null")


@pytest.fixture
def visitor(stack: Stack, open_context: OpenContext, speech: Speech) -> Prospect:
    context = open_context(speech(PROSPECT_SAYS))
    context.add_init_script(COUNT_QUESTIONS)
    return Prospect.visit(context, f"{stack.base_url}/w/demo/")


def leave_number(visitor: Prospect) -> None:
    element = visitor.page.locator(ELEMENT)
    element.get_by_label("Your name").fill("Ada Lovelace")
    element.get_by_label("Phone number").fill("0412 555 018")
    visitor.press("Call me back")
    visitor.sees("We will call you")


def questions(page: Page) -> int:
    return int(page.evaluate("window.questions"))


def test_a_visitor_beyond_our_own_cap_gets_the_form_without_a_question_for_the_microphone(
    visitor: Prospect, prospect: Prospect, database: Database
) -> None:
    database.execute("update sessions_app_team set max_legs = 2")
    prospect.agree()
    prospect.wait_for("speaking", seconds=30)

    visitor.agree()

    visitor.wait_for("callback")
    visitor.sees(BUSY)
    assert questions(visitor.page) == 0
    leave_number(visitor)
    assert newest(database, "handoff_callbackpromise", "promised_at")["phone"]
    assert visitor.problems == []


def test_once_a_line_is_free_the_same_visitor_can_talk(
    visitor: Prospect, prospect: Prospect, database: Database
) -> None:
    database.execute("update sessions_app_team set max_legs = 2")
    prospect.agree()
    prospect.wait_for("speaking", seconds=30)
    visitor.agree()
    visitor.wait_for("callback")
    visitor.press("Back")
    visitor.wait_for("error")
    visitor.sees(BUSY)

    prospect.press("Hang up")
    prospect.wait_for("ended")
    visitor.press("Try again")

    visitor.wait_for("speaking", seconds=30)
    visitor.hears()


def test_a_visitor_whose_call_telnyx_refuses_gets_the_form_with_the_true_reason(
    visitor: Prospect, sandbox: SandboxControl, database: Database
) -> None:
    """The account is at its limit, which nothing but the refusal tells: SIP 403, “User channel limit exceeded D1”."""
    sandbox.limits(concurrent_calls=0)

    visitor.agree()

    visitor.wait_for("callback", seconds=30)
    visitor.sees(BUSY)
    leave_number(visitor)
    assert newest(database, "sessions_app_voicesession", "created_at")["end_reason"] == "left_before_call"
    assert newest(database, "sessions_app_legrefusal", "last_at")["code"] == "page:D1"


def test_a_closer_whose_line_is_refused_keeps_the_call_and_is_connected_once_one_is_free(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking", seconds=30)
    sandbox.limits(concurrent_calls=1)
    alice.watch_newest()

    alice.page.get_by_role("button", name="Take over at once").click()

    expect(alice.page.locator("[data-busy]")).to_be_visible(timeout=10_000)
    expect(alice.page.locator("#toasts")).to_contain_text("All lines are busy")
    expect(alice.page.locator("#detail-controls")).to_contain_text("All lines are busy")
    assert newest(database, "handoff_handoff", "triggered_at")["state"] == "queued"

    sandbox.limits()
    expect(alice.page.locator("#desk")).to_have_attribute("data-state", "connected", timeout=30_000)
    prospect.hears()
    alice.hears()
    assert newest(database, "handoff_closer", "available_since")["missed_at"] is None
    assert alice.problems == []


def test_a_prospect_for_whom_no_line_becomes_free_is_promised_a_call_for_that_reason(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    database.execute("update handoff_routingpolicy set max_wait_seconds = 8")
    try:
        alice.take_calls()
        prospect.agree()
        prospect.wait_for("speaking", seconds=30)
        sandbox.limits(concurrent_calls=1)
        alice.watch_newest()
        alice.page.get_by_role("button", name="Take over at once").click()
        expect(alice.page.locator("[data-busy]")).to_be_visible(timeout=10_000)

        finish(prospect, sandbox, database)
        prospect.sees(BUSY, seconds=20)
        expect(alice.page.locator("#toasts")).to_contain_text("The prospect was promised a callback", timeout=30_000)
        expect(alice.page.locator("#promises")).to_contain_text("All our lines were busy")
        expect(alice.page.locator("#detail-handoff")).to_contain_text("all lines were busy")
    finally:
        database.execute("update handoff_routingpolicy set max_wait_seconds = 60")


def finish(prospect: Prospect, sandbox: SandboxControl, database: Database) -> None:
    """The assistant has nothing more to say, and the prospect waits."""
    sandbox.end_assistant(newest(database, "sessions_app_voicesession", "created_at")["call_control_id"])
