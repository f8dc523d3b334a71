"""A closer who missed a call is out of the line until one click or one key brings them back, with all that it takes."""

import pytest
from playwright.sync_api import expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import SHORT_RING_SECONDS, Database, OpenContext, finish_assistant, route

pytestmark = pytest.mark.usefixtures("settled")

ME = "#me[data-status={}]"


def miss_a_call(prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database) -> None:
    route(database, ring_seconds=SHORT_RING_SECONDS)
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()
    alice.page.wait_for_selector(ME.format("missed"), timeout=20_000)


def test_a_missed_call_is_shown_to_the_team_and_one_key_ends_it(
    stack: Stack,
    prospect: Prospect,
    alice: CloserPage,
    open_context: OpenContext,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    carol = CloserPage.log_in(open_context(None), stack.base_url, "carol")
    miss_a_call(prospect, alice, sandbox, database)

    expect(alice.page.locator("#me")).to_contain_text("You missed a call")
    row = carol.page.locator(".person", has_text="Alice Nguyen")
    expect(row).to_contain_text("Missed a call")
    alice.page.keyboard.press("b")

    alice.page.wait_for_selector(ME.format("ready"))
    expect(row).to_contain_text("Ready")
    assert alice.page.locator("[data-back]").count() == 0
    assert alice.problems == []


def test_one_click_after_a_reload_makes_everything_ready_again(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    miss_a_call(prospect, alice, sandbox, database)
    alice.page.reload()
    alice.wait_for_body(connection="live")
    alice.page.wait_for_selector(ME.format("missed"))

    alice.page.get_by_role("button", name="I’m back").click()

    alice.page.wait_for_selector(ME.format("ready"), timeout=20_000)
    alice.wait_for_body(softphone="ready")
    for name in ("sound", "microphone", "softphone", "socket"):
        assert alice.page.locator(f"[data-check={name}]").get_attribute("data-good") == "true"
    assert alice.problems == []


@pytest.mark.parametrize(("by", "address"), [("number", "+61255501234"), ("sip", "sip:alice@example.com")])
def test_who_answers_a_phone_of_their_own_is_asked_for_no_softphone(
    stack: Stack,
    prospect: Prospect,
    alice: CloserPage,
    sandbox: SandboxControl,
    database: Database,
    by: str,
    address: str,
) -> None:
    reach(database, by, address)
    try:
        alice.page.reload()
        alice.wait_for_body(connection="live")
        assert alice.page.locator("[data-check=softphone]").is_hidden()
        assert alice.page.locator("[data-check=microphone]").is_hidden()

        alice.page.get_by_role("button", name="Take calls").click()

        alice.page.wait_for_selector(ME.format("ready"))
        prospect.agree()
        prospect.wait_for("speaking")
        finish_assistant(sandbox)
        alice.wait_for_ring()
        alice.wait_for_body(softphone="off")
        assert alice.problems == []
    finally:
        reach(database, "softphone", "")


def reach(database: Database, by: str, address: str) -> None:
    database.execute(
        "update handoff_closer c set reached_by = %s, address = %s from accounts_user u"
        " where u.id = c.user_id and u.email = 'alice@agileadapt.example'",
        [by, address],
    )
