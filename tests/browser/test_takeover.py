"""Every way of a closer into a call and out of it, on real audio: seat, take-over, broken line, back and forth."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    SEATED,
    Database,
    OpenContext,
    Speech,
    finish_assistant,
    newest_handoff,
    prospect_leg,
    sent,
    spoken_sentences,
)
from tests.browser.shown import Shown

pytestmark = pytest.mark.usefixtures("settled")

OWN_PHONE = "+61255501234"
OF_ALICE = "where user_id = (select id from accounts_user where email = 'alice@agileadapt.example')"
HEARING_MS = 2_100


@pytest.fixture(autouse=True)
def talkative(settled: None, sandbox: SandboxControl, database: Database) -> Iterator[None]:
    """The assistant has no end of its own, and nobody is rung before somebody wants it."""
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    share = "update sessions_app_widgetconfig set pre_alert_percent = %s"
    database.execute(share, [None])
    yield
    database.execute(share, [75])


def meet_the_assistant(prospect: Prospect, alice: CloserPage) -> None:
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()
    alice.page.wait_for_selector("#detail-controls[data-standing=assistant] [data-take]")


def take_a_seat(alice: CloserPage) -> None:
    alice.page.keyboard.press("t")
    alice.page.wait_for_selector(SEATED)
    alice.wait_for_body(softphone="standby")


def talk_to_each_other(prospect: Prospect, alice: CloserPage) -> None:
    prospect.wait_for("human")
    prospect.sees("Alice Nguyen")
    alice.page.wait_for_selector("#desk[data-state=connected]")
    alice.wait_for_body(softphone="in-call")
    # What was heard of the assistant in the last two seconds does not count.
    alice.page.wait_for_timeout(HEARING_MS)
    alice.hears()
    prospect.hears()


def closers_leg(sandbox: SandboxControl) -> Any:
    return sandbox.legs(role="dialled")[-1]


def voices_to_prospect(sandbox: SandboxControl) -> set[str]:
    """Whose voices were passed on to the prospect."""
    return {source for _, _, source in sandbox.legs(role="prospect")[-1]["voice_out"]}


def test_the_seat_is_warm_and_nobody_hears_the_closer_until_the_assistant_ends(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    meet_the_assistant(prospect, alice)

    take_a_seat(alice)

    expect(alice.page.locator("#desk")).to_contain_text("Your line is up; nobody hears you.")
    expect(alice.page.locator("#announced")).to_have_text("You are on standby. Nobody hears you.")
    assert prospect.state in {"speaking", "listening", "thinking"}
    prospect.hears()
    alice.hears_nothing()
    # The microphone is open, for the line leads nowhere yet.
    assert closers_leg(sandbox)["first_voice_in_at"] is not None
    assert "peer" not in voices_to_prospect(sandbox)

    finish_assistant(sandbox)

    talk_to_each_other(prospect, alice)
    assert "peer" in voices_to_prospect(sandbox)
    mute = alice.page.locator("[data-call=mute]")
    expect(mute).to_have_attribute("aria-pressed", "false")
    alice.page.keyboard.press("m")
    expect(mute).to_have_attribute("aria-pressed", "true")
    prospect.hears_nothing()
    assert len(sent(sandbox, "POST", "/v2/calls")) == 1
    assert spoken_sentences(sandbox) == []
    handoff = newest_handoff(database)
    assert (handoff["trigger"], handoff["state"], handoff["attempt"]) == ("closer_took", "connected", 1)
    assert alice.problems == []
    assert prospect.problems == []


def test_taking_over_has_the_assistant_say_who_comes(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    meet_the_assistant(prospect, alice)
    take_a_seat(alice)

    alice.page.keyboard.press("t")
    alice.page.keyboard.press("t")

    prospect.hears()
    talk_to_each_other(prospect, alice)
    (sentence,) = spoken_sentences(sandbox)
    assert "Alice Nguyen" in sentence
    asked = [one["path"].rsplit("/", 1)[-1] for one in sandbox.requests() if "/actions/" in one["path"]]
    assert asked.index("ai_assistant_stop") < asked.index("speak") < asked.index("bridge")
    expect(alice.page.locator("#announced")).to_have_text("You are connected.")


def test_letting_go_leaves_the_prospect_with_the_assistant(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    meet_the_assistant(prospect, alice)
    take_a_seat(alice)
    alice.page.get_by_role("button", name="Stop taking calls").click()

    alice.page.get_by_role("button", name="Let go").click()

    alice.wait_for_body(softphone="ready")
    alice.page.wait_for_selector("#detail-controls[data-standing=assistant] [data-take]")
    assert newest_handoff(database)["attempt_id"] is None
    prospect.hears()


def listen_in(prospect: Prospect, alice: CloserPage, database: Database) -> None:
    database.execute("update handoff_routingpolicy set listens_in = true")
    meet_the_assistant(prospect, alice)
    take_a_seat(alice)
    expect(alice.page.locator("#desk")).to_contain_text("You hear the prospect; nobody hears you.")
    expect(alice.page.locator("#announced")).to_have_text(
        "You are on standby. You hear the prospect; nobody hears you."
    )


@pytest.mark.parametrize("how", ["the assistant ends", "taken over"])
def test_who_listens_in_hears_the_prospect_and_is_joined_on_their_own_line(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database, how: str
) -> None:
    listen_in(prospect, alice, database)
    own, ear = sandbox.legs(role="dialled")
    assert (own["supervises"], ear["supervises"]) == (None, prospect_leg(sandbox))
    alice.hears()
    assert "peer" not in voices_to_prospect(sandbox)
    assert sandbox.legs(role="dialled")[1]["first_voice_in_at"] is None, "that line only hears"

    if how == "taken over":
        alice.page.keyboard.press("t")
    else:
        finish_assistant(sandbox)

    talk_to_each_other(prospect, alice)
    own, ear = sandbox.legs(role="dialled")
    assert (own["state"], ear["state"]) == ("bridged", "ended")
    assert not [one for one in sandbox.requests() if one["path"].endswith("switch_supervisor_role")]
    handoff = newest_handoff(database)
    assert (handoff["state"], handoff["attempt"]) == ("connected", 1)
    assert alice.problems == []


def test_a_line_that_may_not_listen_leaves_the_seat_as_warm(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    sandbox.platform(supervision="refuse")
    database.execute("update handoff_routingpolicy set listens_in = true")
    meet_the_assistant(prospect, alice)

    take_a_seat(alice)

    expect(alice.page.locator("#desk")).to_contain_text("Your line is up; nobody hears you.")
    finish_assistant(sandbox)
    talk_to_each_other(prospect, alice)


def test_a_closer_whose_page_dies_is_rung_again_and_heard_again(
    stack: Stack, prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    meet_the_assistant(prospect, alice)
    finish_assistant(sandbox)
    alice.wait_for_ring()
    alice.page.keyboard.press("a")
    talk_to_each_other(prospect, alice)

    alice.page.close()

    sandbox.wait_for("the sentence", lambda control: any("broke off" in one for one in spoken_sentences(control)))
    prospect.hears()
    assert prospect.state == "handing_over"
    again = CloserPage(alice.page.context.new_page())
    again.page.goto(f"{stack.base_url}/dashboard/")
    # The sound of the ring needs a gesture in the new page.
    again.page.mouse.click(5, 5)
    again.wait_for_ring()
    expect(again.page.locator("[data-ring]")).to_contain_text("your line broke off")
    again.page.keyboard.press("a")
    talk_to_each_other(prospect, again)
    handoff = newest_handoff(database)
    assert (handoff["state"], handoff["attempt"]) == ("connected", 2)


def test_back_to_the_assistant_and_forward_again(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    meet_the_assistant(prospect, alice)
    take_a_seat(alice)
    finish_assistant(sandbox)
    talk_to_each_other(prospect, alice)

    alice.page.keyboard.press("b")
    alice.page.keyboard.type("Ask which roof it is, then wait.")
    alice.page.locator("[data-notes]").click()
    alice.page.keyboard.type("Two storeys.")
    expect(alice.page.locator(".toast")).to_have_count(0)
    alice.page.get_by_role("button", name="Give the call back").click()

    alice.page.wait_for_selector("#desk[data-state=wrap_up]")
    alice.wait_for_body(softphone="ready")
    alice.page.wait_for_selector("#group-assistant [data-card]")
    prospect.wait_for("speaking", "listening", "thinking")
    prospect.hears()
    told = [one["body"] for one in sandbox.requests() if one["path"].endswith("ai_assistant_start")]
    assert told[-1]["message_history"][-1] == {"role": "system", "content": "Ask which roof it is, then wait."}
    alice.page.locator("[data-complete]").first.click()
    alice.page.wait_for_selector("[data-handoff]", state="detached")

    take_a_seat(alice)
    finish_assistant(sandbox)

    talk_to_each_other(prospect, alice)
    panel = alice.page.locator("#detail-handoff")
    expect(panel.locator("[data-handoff-state]").first).to_have_attribute("data-handoff-state", "connected")
    panel.get_by_text("Earlier hand-overs").click()
    expect(panel.locator(".earlier")).to_contain_text("Two storeys.")
    assert alice.page.locator("[data-notes]").input_value() == ""
    count = database.execute("select count(*) as n from handoff_handoff where session_id = %s", [session_of(database)])
    assert count.fetchone() == {"n": 2}
    assert alice.problems == []
    assert prospect.problems == []


def session_of(database: Database) -> Any:
    return newest_handoff(database)["session_id"]


def test_what_the_assistant_is_told_is_seen_by_the_team_and_typing_takes_no_call(
    stack: Stack,
    prospect: Prospect,
    alice: CloserPage,
    open_context: OpenContext,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    meet_the_assistant(prospect, alice)
    carol = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "carol")
    carol.watch_newest()

    alice.page.get_by_role("button", name="Ask about budget").click()
    expect(alice.page.locator("[data-steer-state]")).to_have_text("Sent")
    alice.page.keyboard.press("s")
    alice.page.keyboard.type("that tender meant hectares")
    assert alice.page.evaluate("document.activeElement.id") == "steer-text"
    alice.page.keyboard.press("Enter")

    expect(carol.page.locator(".steered")).to_contain_text("Alice Nguyen: that tender meant hectares")
    expect(alice.page.locator("#steer-text")).to_have_value("")
    assert alice.page.evaluate("document.activeElement.id") == "steer-text"
    messages = [one["body"]["messages"] for one in sandbox.requests() if one["path"].endswith("add_messages")]
    assert ["Ask about budget" in str(messages), "hectares" in str(messages)] == [True, True]
    assert database.execute("select count(*) as n from handoff_handoff where deadline_at is not null").fetchone() == {
        "n": 0
    }

    # Carol gives the call to Alice, who is rung with her name on it.
    carol.page.get_by_role("button", name="Assign…").click()
    carol.page.locator("#assign").get_by_role("button", name="Alice Nguyen").click()
    alice.wait_for_ring()
    ring = alice.page.locator("[data-ring]")
    expect(ring).to_contain_text("assigned by Carol")
    expect(ring).to_contain_text("The assistant is still talking; accept to be on standby.")
    alice.page.locator("#search").click()
    alice.page.locator("[data-accept]").click()
    alice.page.wait_for_selector(SEATED)
    expect(carol.page.locator("#detail-controls")).to_contain_text("Alice Nguyen is on standby")
    assert carol.page.locator("#detail-controls [data-take]").count() == 0


def test_a_reload_keeps_the_seat_and_its_silence(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    listen_in(prospect, alice, database)
    alice.page.on("dialog", lambda dialog: dialog.accept())

    alice.page.reload()

    alice.wait_for_body(connection="live", softphone="standby", seconds=40)
    alice.page.wait_for_selector(SEATED)
    # The SDK takes up one call, which is the closer's own; the one that listened in is over.
    expect(alice.page.locator("#desk")).to_contain_text("Your line is up; nobody hears you.")
    alice.page.wait_for_timeout(HEARING_MS)
    assert "peer" not in voices_to_prospect(sandbox)
    finish_assistant(sandbox)
    talk_to_each_other(prospect, alice)
    assert [leg["state"] for leg in sandbox.legs(role="dialled")] == ["bridged", "ended"]


def test_a_closer_can_take_calls_on_a_phone_of_their_own(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    sandbox.destinations({OWN_PHONE: {"after_seconds": 2.0, "sentences": [CLOSER_SAYS] * 20}})
    database.execute(f"update handoff_closer set reached_by = 'number', address = '{OWN_PHONE}' {OF_ALICE}")
    try:
        alice.page.reload()
        alice.wait_for_body(connection="live")
        expect(alice.page.locator("#phone")).to_contain_text(f"Calls ring on your own phone, {OWN_PHONE}.")
        alice.page.get_by_role("button", name="Take calls").click()
        prospect.agree()
        prospect.wait_for("speaking")
        alice.watch_newest()
        alice.page.wait_for_selector("#detail-controls [data-take]")

        shown = Shown(alice.page, "body")

        alice.page.keyboard.press("t")

        alice.page.wait_for_selector(SEATED)
        shown.has_shown(f"Your phone {OWN_PHONE} rings. Pick it up.")
        assert alice.page.locator("body").get_attribute("data-softphone") == "off"
        finish_assistant(sandbox)
        prospect.wait_for("human")
        alice.page.wait_for_selector("#desk[data-state=connected]")
        alice.page.wait_for_timeout(HEARING_MS)
        prospect.hears()
        assert closers_leg(sandbox)["to"] == OWN_PHONE
        assert closers_leg(sandbox)["last_voice_out_at"] is not None
        alice.page.get_by_role("button", name="End the call").click()
        prospect.wait_for("ended")
        alice.page.wait_for_selector("#desk[data-state=wrap_up]")
    finally:
        database.execute(f"update handoff_closer set reached_by = 'softphone', address = '' {OF_ALICE}")
    assert alice.problems == []
