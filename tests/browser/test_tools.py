"""What the assistant uses appears on the closer's page as it happens, and does what it says."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.scene import PROSPECT_SAYS, Database, OpenContext, Speech, newest, prospect_leg

pytestmark = [pytest.mark.usefixtures("settled"), pytest.mark.checked]

BARRIERS = {"moderate", "serious", "critical"}


def barriers(closer: CloserPage) -> list[Any]:
    response = Axe().run(closer.page, context="#detail").response
    assert len(response["passes"]) > 5, "the checker looked at next to nothing"
    return [
        (fault["id"], fault["nodes"][0]["target"]) for fault in response["violations"] if fault["impact"] in BARRIERS
    ]


def test_what_the_assistant_uses_is_seen_as_it_happens(
    alice: CloserPage, prospect: Prospect, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()
    leg = prospect_leg(sandbox)
    used = alice.page.locator("#detail-tools")
    expect(used).to_be_hidden()

    saved = sandbox.use_tool(
        leg, "save_prospect_details", {"phone": "0412 555 018", "answers": [{"question": "budget", "answer": "20,000"}]}
    )
    assert saved["text"] == "I have noted phone and budget."
    expect(used.locator("[data-tool=save_prospect_details]")).to_contain_text("Budget: 20,000")
    alice.field("budget", "20,000")

    refused = sandbox.use_tool(leg, "book_callback", {"when": "tomorrow", "phone": "+1 900 555 0199"}, door="webhook")
    assert refused["data"]["code"] == "number_not_allowed"
    expect(used.locator("[data-tool=book_callback]")).to_contain_text("Refused")
    expect(used.locator("[data-tool=book_callback]")).to_contain_text("we cannot call that number")
    alice.page.locator("details.timeline > summary").click()
    expect(alice.page.locator("#timeline-entries [data-kind='tool.called']")).to_have_count(2)

    # In the prospect's own words: the assistant goes on, and the dashboard rings.
    composer = prospect.page.locator(ELEMENT).get_by_label("Type a message")
    composer.fill("Can I talk to a human?")
    composer.press("Enter")
    prospect.sees("I am calling a colleague for you.")
    alice.wait_for_ring()
    expect(used.locator("[data-tool=request_handoff]")).to_contain_text("Can I talk to a human?")
    expect(used.locator("h2 .count")).to_have_text("3")
    assert newest(database, "handoff_handoff", "triggered_at")["trigger"] == "requested"
    assert prospect.state == "speaking"

    # A page that is opened anew shows the same.
    alive = used.inner_text()
    alice.page.reload()
    alice.wait_for_body(connection="live")
    assert alice.page.locator("#detail-tools").inner_text() == alive
    assert barriers(alice) == []
    assert prospect.problems == []
    assert alice.problems == []


def test_an_anonymous_visitor_asks_for_a_person(
    stack: Stack,
    alice: CloserPage,
    open_context: OpenContext,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    """Both doors find the visit: by the conversation that Telnyx reported, and by the leg that the page claimed."""
    alice.take_calls()
    visitor = Prospect.visit(open_context(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo-anonymous/")
    visitor.agree()
    visitor.wait_for("speaking")
    alice.watch_newest()
    leg = prospect_leg(sandbox, "anonymous")
    used = alice.page.locator("#detail-tools")
    # The page speaks as soon as it hears the assistant, which the webhooks may tell of a moment later.
    known = "select count(*) from sessions_app_callleg where call_control_id = %s"
    sandbox.wait_for("word of the visit's leg", lambda _: database.execute(known, [leg]).fetchone() == {"count": 1})

    looked = sandbox.use_tool(leg, "check_closer_availability", door="webhook")
    assert looked["data"] == {"status": "done", "closers_ready": 1, "is_open": True, "opens": ""}
    expect(used.locator("[data-tool=check_closer_availability]")).to_be_visible()
    composer = visitor.page.locator(ELEMENT).get_by_label("Type a message")
    composer.fill("A real person, please")
    composer.press("Enter")

    alice.wait_for_ring()
    expect(used.locator("[data-tool=request_handoff]")).to_contain_text("A real person, please")
    assert visitor.problems == []
