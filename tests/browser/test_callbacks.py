"""Nobody is there: the assistant books a call, the dashboard keeps it in sight, and a closer calls back."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from launcher.sandbox_control import Leg, SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, PASSWORD, CloserPage, Prospect
from tests.browser.scene import CLOSER_SAYS, PROSPECT_SAYS, Database, OpenContext, Speech, finish_assistant, newest

pytestmark = pytest.mark.usefixtures("settled")

NUMBER = "+61412555018"
PROMISES = ("handoff_callbackpromise", "promised_at")


@pytest.fixture(autouse=True)
def nothing_promised(settled: None, database: Database, sandbox: SandboxControl) -> None:
    """The microphones speak all the time, so only what is typed may be an answer."""
    sandbox.scenario(practice_notice=False)
    database.execute("delete from handoff_callbackpromise")


def type_answer(prospect: Prospect, text: str) -> None:
    composer = prospect.page.locator(ELEMENT).get_by_label("Type a message")
    if not composer.is_visible():
        prospect.press("Type instead")
    composer.fill(text)
    composer.press("Enter")


def row(alice: CloserPage) -> Locator:
    return alice.page.locator("#promises .promise").first


def promise(database: Database) -> dict[str, Any]:
    return newest(database, *PROMISES)


def wait_for_promise(alice: CloserPage, database: Database, is_right: Callable[[dict[str, Any]], bool]) -> None:
    for _ in range(100):
        if is_right(promise(database)):
            return
        alice.page.wait_for_timeout(100)
    raise AssertionError(f"not so within 10 s: {promise(database)}")


def test_the_assistant_books_a_call_and_the_number_is_called(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    prospect.agree()
    prospect.wait_for("speaking")
    prospect.press("Mute")
    finish_assistant(sandbox)

    # The assistant is back: it says so, and asks. What is typed is the answer.
    prospect.sees("I am sorry, none of my colleagues is free right now.", seconds=30)
    prospect.hears()
    prospect.sees("On which number may we call you?")
    type_answer(prospect, "0412 555 018")
    prospect.sees("When may we call you")
    offered = newest(database, "sessions_app_run", "requested_at")["offered"]
    type_answer(prospect, offered[1]["label"])

    prospect.sees("We will call you", seconds=40)
    wait_for_promise(alice, database, lambda one: bool(one["is_booked"]))
    kept = promise(database)
    assert kept["phone"] == NUMBER
    assert kept["due_at"].isoformat() == offered[1]["at"]
    assert kept["due_at"] - kept["promised_at"] > timedelta(minutes=5)
    sandbox.wait_for("the end of the call", lambda control: control.legs(role="prospect", state="ended"), seconds=40)
    assert prospect.problems == []
    prospect.page.close()
    database.execute("update sessions_app_voicesession set page_seen_at = null")

    # The dashboard has it, and one click calls.
    expect(row(alice)).to_contain_text("+61 412 555 018")
    expect(row(alice)).to_contain_text("booked for")
    expect(alice.page.locator("#promises [data-checked]")).to_have_text(
        re.compile(r"Checked \d+ s ago"), timeout=25_000
    )
    sandbox.destinations(
        {NUMBER: {"after_seconds": 1, "sentences": ["Hello, who is there please?", "Oh, how nice."] * 9}}
    )
    alice.take_calls()
    row(alice).get_by_role("button", name=re.compile("^Call")).click()
    alice.wait_for_body(softphone="in-call")
    alice.hears(seconds=30)
    (far_end,) = sandbox.wait_for("the closer's voice at the far end", heard_at(NUMBER), seconds=20)
    assert far_end["from"] != ""
    wait_for_promise(alice, database, lambda one: one["kept_at"] is not None)
    expect(alice.page.locator("#promises")).to_contain_text("Nobody waits for a call back.")
    assert alice.stats()["packetsReceived"] > 50

    alice.page.keyboard.press("e")
    alice.page.wait_for_selector('[data-handoff][data-state="wrap_up"]')
    sandbox.wait_for("the far end's end", lambda control: control.legs(to=NUMBER, state="ended"))
    assert alice.problems == []


def heard_at(number: str) -> Callable[[SandboxControl], list[Leg]]:
    """The far end once it has heard somebody."""
    return lambda control: [leg for leg in control.legs(to=number) if leg["last_voice_out_at"]]


def test_the_open_page_rings_and_both_are_heard(
    stack: Stack, open_context: OpenContext, speech: Speech, sandbox: SandboxControl, database: Database
) -> None:
    prospect = Prospect.visit(open_context(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo/")
    alice = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "alice")
    prospect.agree()
    prospect.wait_for("speaking")
    prospect.press("Mute")
    finish_assistant(sandbox)
    prospect.sees("On which number may we call you?", seconds=30)
    type_answer(prospect, "0412 555 018")
    prospect.sees("When may we call you")
    type_answer(prospect, newest(database, "sessions_app_run", "requested_at")["offered"][0]["label"])
    sandbox.wait_for("the end of the call", lambda control: control.legs(role="prospect", state="ended"), seconds=40)

    alice.take_calls()
    row(alice).get_by_role("button", name=re.compile("^Call")).click()
    prospect.sees("Alice Nguyen is calling you back")
    prospect.press("Answer")

    prospect.wait_for("human", seconds=30)
    prospect.sees("Alice Nguyen")
    alice.hears()
    prospect.hears()
    prospect.press("Mute")
    alice.hears_nothing()
    prospect.press("Unmute")
    alice.hears()
    assert sandbox.legs(to=NUMBER) == [], "the number was not dialled"
    wait_for_promise(alice, database, lambda one: one["kept_at"] is not None)
    alice.page.keyboard.press("e")
    prospect.wait_for("ended")
    assert prospect.problems == []
    assert alice.problems == []


def test_not_now_and_no_answer_are_told_and_the_promise_stays(
    stack: Stack, open_context: OpenContext, speech: Speech, sandbox: SandboxControl, database: Database
) -> None:
    visitor = Prospect.visit(open_context(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo/")
    alice = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "alice")
    visitor.agree()
    visitor.wait_for("speaking")
    visitor.press("Mute")
    finish_assistant(sandbox)
    visitor.sees("On which number may we call you?", seconds=30)
    type_answer(visitor, "0412 555 018")
    visitor.sees("When may we call you")
    visitor.press("Hang up")
    wait_for_promise(alice, database, lambda one: one["phone"] == NUMBER)
    sandbox.destinations({NUMBER: {"behaviour": "busy", "after_seconds": 0.5}})
    alice.take_calls()

    row(alice).get_by_role("button", name=re.compile("^Call")).click()
    visitor.sees("Alice Nguyen is calling you back")
    visitor.press("Not now")
    expect(row(alice)).to_contain_text("they declined", timeout=15_000)
    alice.wait_for_body(softphone="ready")

    visitor.page.close()
    database.execute("update sessions_app_voicesession set page_seen_at = null")
    row(alice).get_by_role("button", name=re.compile("^Call")).click()
    expect(row(alice)).to_contain_text("2 tries", timeout=15_000)
    expect(row(alice)).to_contain_text("the line was busy", timeout=15_000)
    alice.wait_for_body(softphone="ready")
    assert promise(database)["kept_at"] is None
    assert alice.problems == []


def test_an_inbox_that_nobody_watches_says_so_loudly(stack: Stack, open_context: OpenContext) -> None:
    page = open_context(None).new_page()
    seconds_ago = {"now": 2}
    page.route_web_socket("**/ws/dashboard/", lambda line: pass_on(line, seconds_ago))
    page.goto(f"{stack.base_url}/dashboard/")
    page.fill("input[name=username]", "alice@agileadapt.example")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    checked = page.locator("#promises [data-checked]")
    expect(checked).to_have_text(re.compile(r"Checked \d+ s ago"), timeout=25_000)
    expect(page.locator("#promises")).to_contain_text("Nobody waits for a call back.")

    seconds_ago["now"] = 17

    expect(page.get_by_role("alert").filter(has_text="Nobody has watched for overdue callbacks")).to_be_visible(
        timeout=25_000
    )
    expect(checked).to_have_attribute("data-stale", "")


def pass_on(line: WebSocketRoute, seconds_ago: dict[str, int]) -> None:
    """The server's own line, but for how long ago its sweep is said to have looked."""
    server = line.connect_to_server()

    def from_server(message: str | bytes) -> None:
        frame = json.loads(message)
        if frame["type"] == "beat":
            frame["checked"] = seconds_ago["now"]
        line.send(json.dumps(frame))

    server.on_message(from_server)


def test_the_pages_of_callbacks_are_accessible(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    expect(row(alice)).to_contain_text("Jordan Blake", timeout=30_000)

    alice.page.keyboard.press("c")
    expect(alice.page.get_by_role("heading", name="Callbacks")).to_be_visible()
    expect(alice.page.locator("#callbacks .calendar-day")).to_have_count(7)
    assert alice.page.url.endswith("/dashboard/callbacks/")
    for scheme in ("light", "dark"):
        alice.page.emulate_media(color_scheme=scheme)
        alice.page.wait_for_timeout(300)
        assert serious(alice.page) == []

    # The keyboard alone: to the next week and back, done, and back to the board.
    alice.page.get_by_role("link", name="Later").press("Enter")
    expect(alice.page).to_have_url(re.compile(r"week=\d{4}-W\d{2}$"))
    alice.page.go_back()
    expect(alice.page).to_have_url(re.compile(r"/callbacks/$"))
    alice.page.locator("#callbacks").get_by_role("button", name=re.compile("^Done")).press("Enter")
    expect(alice.page.locator("#callbacks")).to_contain_text("Done today")
    alice.page.go_back()
    expect(alice.page.locator("#callbacks-view")).to_be_hidden()
    assert promise(database)["kept_at"] is not None
    assert alice.problems == []


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in {"serious", "critical"}
    ]
