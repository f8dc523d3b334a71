"""One conversation, from the prospect's consent to the closer's goodbye, on real audio."""

from typing import Any

import pytest

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    PROSPECT_SAYS,
    Database,
    OpenBrowser,
    Speech,
    finish_assistant,
    newest,
)

pytestmark = pytest.mark.usefixtures("settled")


def test_the_closer_takes_over_the_same_call(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    prospect.agree()

    # The assistant is heard, its words are captions, and what it learns is on the dashboard at once.
    prospect.wait_for("speaking")
    prospect.hears()
    before = prospect.stats()
    prospect.sees("May I have your full name?")
    alice.watch_newest()
    alice.field("full_name", ANSWERS["full_name"], seconds=30)
    prospect.sees(ANSWERS["full_name"])
    assert database.execute("select count(*) as n from handoff_handoff where deadline_at is not null").fetchone() == {
        "n": 0
    }
    after = prospect.stats()
    assert after["packetsReceived"] > before["packetsReceived"]
    assert after["totalAudioEnergy"] > before["totalAudioEnergy"] > 0
    assert after["packetsSent"] > before["packetsSent"]

    # The assistant ends; the dashboard rings with everything on it; one key takes the call.
    finish_assistant(sandbox)
    alice.wait_for_ring()
    prospect.wait_for("handing_over")
    alice.page.keyboard.press("a")
    alice.wait_for_body(softphone="in-call")
    prospect.wait_for("human")
    prospect.sees("Alice Nguyen")
    alice.field("timeline", ANSWERS["timeline"])

    # Both hear each other: each side falls silent when the other one mutes, so it is their voice that was heard.
    alice.hears()
    prospect.hears()
    prospect.press("Mute")
    alice.hears_nothing()
    prospect.press("Unmute")
    alice.hears()
    alice.page.keyboard.press("m")
    prospect.hears_nothing()
    alice.page.keyboard.press("m")
    prospect.hears()
    heard = alice.stats()
    assert heard["packetsReceived"] > 50
    assert heard["totalAudioEnergy"] > 0

    # Goodbye: the page says so, the notes stay, the credential is gone.
    alice.page.keyboard.press("e")
    prospect.wait_for("ended")
    alice.page.locator("[data-notes]").fill("Wants a quote for 6 kW.")
    alice.page.locator("[data-complete][data-disposition]").first.click()
    alice.page.wait_for_selector("[data-handoff]", state="detached")
    alice.wait_for_body(softphone="ready")
    sandbox.wait_for("the credential's end", lambda control: not widget_credentials(control), seconds=20)
    handoff = newest(database, "handoff_handoff", "triggered_at")
    assert (handoff["state"], handoff["notes"]) == ("completed", "Wants a quote for 6 kW.")
    assert prospect.problems == []
    assert alice.problems == []


def widget_credentials(control: SandboxControl) -> list[Any]:
    return [one for one in control.state()["credentials"] if one["tag"] == "agile-adapt-widget"]


def test_after_a_decline_the_second_closer_is_rung(
    stack: Stack,
    prospect: Prospect,
    alice: CloserPage,
    open_browser: OpenBrowser,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    bob = CloserPage.log_in(open_browser(speech(CLOSER_SAYS)), stack.base_url, "bob")
    alice.take_calls()
    bob.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)

    alice.wait_for_ring()
    alice.page.keyboard.press("d")
    bob.wait_for_ring()
    alice.wait_for_no_ring()
    bob.page.keyboard.press("a")

    prospect.wait_for("human")
    prospect.sees("Bob Marsh")
    bob.hears()
    prospect.hears()
    offers = database.execute(
        "select state from handoff_offer where handoff_id = %s order by offered_at",
        [newest(database, "handoff_handoff", "triggered_at")["id"]],
    ).fetchall()
    assert [offer["state"] for offer in offers] == ["declined", "accepted"]


def test_an_anonymous_prospect_rejoins_to_the_closer(
    stack: Stack,
    open_browser: OpenBrowser,
    speech: Speech,
    alice: CloserPage,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    alice.take_calls()
    visitor = Prospect.visit(open_browser(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo-anonymous/")
    visitor.agree()
    visitor.wait_for("speaking")
    visitor.hears()
    alice.watch_newest()
    alice.field("full_name", ANSWERS["full_name"], seconds=30)

    # The assistant's end takes the anonymous leg along; the page comes back by itself.
    finish_assistant(sandbox, role="anonymous")
    alice.wait_for_ring()
    visitor.wait_for("handing_over")
    alice.page.keyboard.press("a")

    visitor.wait_for("human", seconds=30)
    visitor.sees("Alice Nguyen")
    alice.hears()
    visitor.hears()
    assert newest(database, "sessions_app_voicesession", "created_at")["has_rejoined"] is True
    assert visitor.problems == []


def test_a_newcomer_is_told_once_that_a_practice_line_does_not_hear_what_is_said(
    prospect: Prospect, sandbox: SandboxControl
) -> None:
    sandbox.scenario()
    prospect.agree()
    prospect.wait_for("speaking")

    prospect.sees("This is a practice line: it hears that you speak, not what you say, so I note: Jordan Blake.")
