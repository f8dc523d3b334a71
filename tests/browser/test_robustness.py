"""Conversations with people as they are: they click twice, reload, wait in vain, refuse, and leave."""

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    SHORT_RING_SECONDS,
    Database,
    OpenContext,
    Speech,
    finish_assistant,
    newest,
    newest_handoff,
    prospect_leg,
    route,
    sent,
)
from tests.browser.shown import Shown

pytestmark = pytest.mark.usefixtures("settled")

MINT = "/telephony_credentials"
DIAL = "/v2/calls"
VISITS = ("sessions_app_voicesession", "created_at")


def minted(sandbox: SandboxControl) -> list[Any]:
    """The credentials that were asked for on behalf of prospects."""
    return [one for one in sent(sandbox, "POST", MINT) if one["body"]["tag"] == "agile-adapt-widget"]


def talk(prospect: Prospect, alice: CloserPage, sandbox: SandboxControl) -> None:
    """Bring both together, the quick way: the assistant ends as soon as it speaks."""
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()
    alice.page.keyboard.press("a")
    alice.wait_for_body(softphone="in-call")
    prospect.wait_for("human")


def closer_is_told(alice: CloserPage) -> None:
    """The talk is over on the dashboard: the outcome is asked for and the phone is free."""
    alice.page.wait_for_selector("#desk[data-state=wrap_up] [data-disposition]")
    alice.wait_for_body(softphone="ready")


CLICK_ACCEPT_TWICE = """() => {
  const button = document.querySelector("[data-accept]");
  button.click();
  button.click();
}"""


def test_two_clicks_are_one_conversation_and_one_hand_over(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    second_tab = CloserPage(alice.page.context.new_page())
    second_tab.page.goto(alice.page.url)
    second_tab.wait_for_body(connection="live")

    element = prospect.page.locator(ELEMENT)
    element.get_by_role("button", name="Start talking").dblclick()
    prospect.wait_for("consent")
    assert minted(sandbox) == [], "nothing is minted before the consent"
    element.get_by_role("button", name="Agree and talk").dblclick()
    prospect.wait_for("speaking")
    assert len(minted(sandbox)) == 1
    assert len(sandbox.legs(role="prospect")) == 1

    finish_assistant(sandbox)
    alice.wait_for_ring()
    second_tab.wait_for_ring()
    # Inside the page, because the ring is gone from there in the moment in which any of these is heard.
    second_tab.page.evaluate(CLICK_ACCEPT_TWICE)
    alice.page.keyboard.press("a")
    alice.page.keyboard.press("a")

    prospect.wait_for("human")
    alice.wait_for_body(softphone="in-call")
    alice.wait_for_no_ring()
    second_tab.wait_for_no_ring()
    second_tab.page.wait_for_selector("#desk[data-state=connected]")
    assert len(sent(sandbox, "POST", DIAL)) == 1
    assert newest_handoff(database)["attempt"] == 1
    assert alice.problems == []
    assert prospect.problems == []


@pytest.mark.parametrize("method", ["bridge", "transfer", "conference"])
def test_they_hear_each_other_but_not_during_hold(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database, method: str
) -> None:
    route(database, method=method)
    talk(prospect, alice, sandbox)
    assert newest_handoff(database)["method"] == method
    alice.hears()
    prospect.hears()

    alice.page.keyboard.press("h")

    expect(alice.page.locator("[data-call=hold]")).to_have_attribute("aria-pressed", "true")
    prospect.hears_nothing()
    alice.page.keyboard.press("h")
    expect(alice.page.locator("[data-call=hold]")).to_have_attribute("aria-pressed", "false")
    prospect.hears()
    alice.hears()

    # The prospect hangs up in the talk.
    prospect.press("Hang up")
    prospect.wait_for("ended")
    closer_is_told(alice)
    assert prospect.problems == []
    assert alice.problems == []


def test_the_closers_page_comes_back_to_its_call_after_a_reload(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    talk(prospect, alice, sandbox)
    alice.page.locator("[data-notes]").fill("Two storeys, tiled roof.")
    expect(alice.page.locator("[data-notes-state]")).to_have_text("Saved")
    alice.page.on("dialog", lambda dialog: dialog.accept())

    alice.page.reload()

    alice.wait_for_body(connection="live", softphone="in-call")
    expect(alice.page.locator("[data-notes]")).to_have_value("Two storeys, tiled roof.")
    assert prospect.state == "human"
    alice.hears()
    prospect.hears()
    prospect.press("Mute")
    alice.hears_nothing()
    assert len(sent(sandbox, "POST", DIAL)) == 1

    alice.page.keyboard.press("e")
    prospect.wait_for("ended")
    closer_is_told(alice)


def test_the_closer_is_told_when_the_prospect_reloads(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    talk(prospect, alice, sandbox)
    prospect.page.on("dialog", lambda dialog: dialog.accept())

    prospect.page.reload()

    closer_is_told(alice)
    prospect.wait_for("ready")
    prospect.sees("Your last conversation ended")
    sandbox.wait_for("the end of every leg", lambda control: not [one for one in control.legs() if alive(one)])


def alive(leg: Any) -> bool:
    return bool(leg["state"] != "ended")


def test_the_ring_stops_when_the_prospect_hangs_up(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()

    prospect.press("Hang up")
    left_at = time.monotonic()

    alice.wait_for_no_ring(seconds=5)
    assert time.monotonic() - left_at < 5
    prospect.wait_for("ended")
    assert newest_handoff(database)["state"] == "abandoned"
    assert newest(database, "handoff_offer", "offered_at")["state"] == "withdrawn"
    assert "Call:" not in alice.page.title()


def test_a_ring_that_nobody_answers_goes_to_the_next_closer(
    stack: Stack,
    prospect: Prospect,
    alice: CloserPage,
    open_context: OpenContext,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    route(database, ring_seconds=SHORT_RING_SECONDS)
    bob = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "bob")
    alice.take_calls()
    bob.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()

    bob.wait_for_ring()

    alice.wait_for_no_ring()
    assert prospect.state == "handing_over"
    bob.page.keyboard.press("a")
    prospect.wait_for("human")
    prospect.sees("Bob Marsh")
    offers = database.execute(
        "select state from handoff_offer where handoff_id = %s order by offered_at", [newest_handoff(database)["id"]]
    ).fetchall()
    assert [offer["state"] for offer in offers] == ["expired", "accepted"]


def test_one_can_type_through_the_whole_conversation(
    stack: Stack, open_context: OpenContext, sandbox: SandboxControl, database: Database
) -> None:
    visitor = Prospect.visit(open_context(None), f"{stack.base_url}/w/demo/")
    visitor.press("Start talking")
    visitor.wait_for("consent")
    visitor.press("Agree, but type instead of talking")
    visitor.wait_for("speaking", "listening")
    composer = visitor.page.locator(ELEMENT).get_by_label("Type a message")

    # Nobody is there to take over, so the assistant comes back for a call back, and that can be typed too.
    told = ANSWERS | {"phone": "+61412555018", "callback_time": "…"}
    for field, answer in told.items():
        leg = prospect_leg(sandbox)
        wait_for_question(sandbox, leg, field)
        offered = newest(database, "sessions_app_run", "requested_at")["offered"]
        told[field] = offered[0]["label"] if field == "callback_time" else answer
        composer.fill(told[field])
        composer.press("Enter")

    visitor.wait_for("callback", seconds=40)
    session = newest(database, *VISITS)["id"]
    captured = database.execute("select name, value from sessions_app_capturedfield where session_id = %s", [session])
    # The time is arranged by a tool of its own: it is what is promised, and none of the questions' answers.
    del told["callback_time"]
    assert {row["name"]: row["value"] for row in captured} == told
    assert newest(database, "handoff_callbackpromise", "promised_at")["is_booked"] is True
    assert visitor.problems == []


def wait_for_question(sandbox: SandboxControl, leg: str, field: str) -> None:
    def asks(control: SandboxControl) -> bool:
        return any(one["assistant"]["question"] == field for one in control.legs(call_control_id=leg))

    sandbox.wait_for(f"the question for {field}", asks, seconds=30)


def test_a_call_back_can_be_had_while_the_carrier_is_down(
    prospect: Prospect, sandbox: SandboxControl, database: Database
) -> None:
    sandbox.faults({"match": f"POST /v2{MINT}", "mode": "status", "status": 500})
    prospect.agree()
    prospect.wait_for("error")
    prospect.sees("The voice service does not answer right now.")

    prospect.press("Ask for a call back")
    prospect.wait_for("callback")
    element = prospect.page.locator(ELEMENT)
    element.get_by_label("Your name").fill("Jordan Blake")
    element.get_by_label("Phone number").fill("02 5550 1234")
    element.get_by_role("button", name="Call me back").click()

    prospect.sees("We will call you")
    promise = newest(database, "handoff_callbackpromise", "promised_at")
    assert (promise["name"], promise["phone"]) == ("Jordan Blake", "+61255501234")
    assert len(minted(sandbox)) == 1, "only the call that failed asked for a credential"
    # Nothing else would end a visit without a call.
    sandbox.wait_for("the end of the visit", lambda _: newest(database, *VISITS)["ended_at"])


def test_trying_again_works_once_the_carrier_is_back(prospect: Prospect, sandbox: SandboxControl) -> None:
    sandbox.faults({"match": f"POST /v2{MINT}", "mode": "hang"})
    shown = Shown(prospect.page, ELEMENT)
    prospect.agree()
    prospect.wait_for("error")
    shown.has_shown("state consent", "state connecting", "state error")
    sandbox.clear_faults()

    prospect.press("Try again")

    prospect.wait_for("speaking")
    prospect.hears()


def test_a_page_of_a_widget_that_does_not_exist_says_so(stack: Stack, open_context: OpenContext) -> None:
    page = open_context(None).new_page()

    response = page.goto(f"{stack.base_url}/w/no-such-widget/")

    assert response
    assert response.status == 404
    assert page.locator(ELEMENT).count() == 0
    assert page.locator("h1").inner_text() != ""


def test_another_website_cannot_start_a_call(stack: Stack, open_context: OpenContext, sandbox: SandboxControl) -> None:
    # To a browser the same server under its other name is another website.
    page = open_context(None, bypass_csp=True).new_page()
    page.goto(stack.base_url.replace("127.0.0.1", "localhost") + "/w/demo/")
    ask = """async (url) => {
      const body = JSON.stringify({ widget: "demo", consent: { version: "2026-11", recording: true } });
      const headers = { "Content-Type": "application/json" };
      try { return (await fetch(url, { method: "POST", headers, body })).status; } catch { return "refused"; }
    }"""

    assert page.evaluate(ask, f"{stack.base_url}/api/orchestration/token") == "refused"
    assert minted(sandbox) == []


def test_a_whole_conversation_keeps_to_its_policy_and_to_its_servers(
    stack: Stack, prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    reached: set[str] = set()
    for page in (prospect.page, alice.page):
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (one) => {"
            " console.error('policy', one.effectiveDirective, one.blockedURI); })"
        )
        page.on("request", lambda request: reached.add(origin(request.url)))
        page.on("websocket", lambda opened: reached.add(origin(opened.url)))
        page.reload()
    alice.wait_for_body(connection="live")
    prospect.wait_for("ready")

    talk(prospect, alice, sandbox)
    alice.hears()
    alice.page.keyboard.press("e")
    closer_is_told(alice)
    prospect.wait_for("ended")

    servers = {stack.base_url.split("//")[1], stack.sandbox_url.split("//")[1]}
    assert reached == servers
    assert prospect.problems == []
    assert alice.problems == []


def origin(url: str) -> str:
    return url.split("/")[2] if "//" in url else ""
