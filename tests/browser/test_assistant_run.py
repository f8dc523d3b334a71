"""The widget's own assistant, a gather, and an assistant that cannot be stopped, on real audio."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from launcher.sandbox_control import SandboxControl
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.scene import ANSWERS, SEATED, Database, newest_handoff, sent
from tests.browser.test_fields import photograph_at

pytestmark = pytest.mark.usefixtures("settled")

HEARING_MS = 2_100
TWO_QUESTIONS = {
    "type": "object",
    "properties": {
        "full_name": {"type": "string", "description": "May I have your full name?"},
        "timeline": {"type": "string", "description": "When would you like to start?"},
    },
    "required": ["full_name"],
}


def actions(sandbox: SandboxControl) -> list[str]:
    """The commands on legs, in the order in which they were sent."""
    return [one["path"].rsplit("/", 1)[-1] for one in sandbox.requests() if "/actions/" in one["path"]]


def hear_each_other(prospect: Prospect, alice: CloserPage) -> None:
    prospect.wait_for("human", seconds=40)
    prospect.sees("Alice Nguyen")
    alice.wait_for_body(softphone="in-call")
    # What was heard of the assistant in the last two seconds does not count.
    alice.page.wait_for_timeout(HEARING_MS)
    alice.hears()
    prospect.hears()
    alice.page.keyboard.press("m")
    prospect.hears_nothing()
    alice.page.keyboard.press("m")
    prospect.hears()


def test_the_default_conversation_fills_fields_rings_early_and_joins_without_a_gap(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    prospect.hears()
    alice.watch_newest()
    expect(alice.page.locator("[data-card]").first).to_contain_text("Enterprise")

    # Each answer is on the dashboard as it is saved, while the assistant goes on asking.
    alice.field("full_name", ANSWERS["full_name"], seconds=40)
    assert prospect.state in {"speaking", "listening", "thinking"}
    assert actions(sandbox).count("ai_assistant_start") == 1
    assert "gather_using_ai" not in actions(sandbox)

    # Most answers are known: the dashboard rings early, and the prospect notices nothing.
    alice.wait_for_ring(seconds=60)
    expect(alice.page.locator("[data-ring]")).to_contain_text("Enterprise")
    alice.page.keyboard.press("a")
    alice.page.wait_for_selector(SEATED)

    # The last answer: the assistant thanks, is stopped, and Alice is on.
    hear_each_other(prospect, alice)
    alice.field("timeline", ANSWERS["timeline"])
    asked = actions(sandbox)
    assert asked.count("ai_assistant_stop") == asked.count("bridge") == 1
    assert asked.index("ai_assistant_stop") < asked.index("bridge")
    handoff = newest_handoff(database)
    assert (handoff["trigger"], handoff["state"], handoff["attempt"]) == ("fields_known", "connected", 1)
    assert prospect.problems == []
    assert alice.problems == []


@pytest.fixture
def gathering(database: Database) -> Iterator[None]:
    """The demo widget gathers: one question is required, the other one is not."""
    one = "where slug = 'demo'"
    (before,) = database.execute(
        f"select assistant_run, gather_schema::text as asked from sessions_app_widgetconfig {one}"
    )
    change = f"update sessions_app_widgetconfig set assistant_run = %s, gather_schema = %s::json {one}"
    database.execute(change, ["gather", json.dumps(TWO_QUESTIONS)])
    yield
    database.execute(change, [before["assistant_run"], before["asked"]])


@pytest.mark.usefixtures("gathering")
def test_a_gather_asks_the_optional_question_too(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    sandbox.scenario(answers=list(ANSWERS.values()), field_values=ANSWERS)
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()

    alice.field("full_name", ANSWERS["full_name"], seconds=40)
    alice.wait_for_ring(seconds=60)
    alice.page.keyboard.press("a")

    hear_each_other(prospect, alice)
    alice.field("timeline", ANSWERS["timeline"])
    assert actions(sandbox).count("gather_using_ai") == 1
    assert "ai_assistant_stop" not in actions(sandbox)


@pytest.mark.usefixtures("gathering")
def test_what_is_typed_to_a_gather_stays_on_the_page_and_reaches_the_closer(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    prospect.agree()
    prospect.wait_for("speaking")
    alice.watch_newest()

    composer = prospect.page.locator(ELEMENT).get_by_label("Type a message")
    composer.fill("Call me at nine, please")
    composer.press("Enter")

    prospect.sees("This assistant hears you but does not read.")
    prospect.sees("Not read by the assistant")
    expect(prospect.page.locator(".caption.prospect", has_text="Call me at nine, please")).to_have_count(1)
    expect(composer).to_have_value("")
    expect(alice.page.locator("#detail-transcript .unread")).to_contain_text("Call me at nine, please")
    assert "ai_assistant_add_messages" not in actions(sandbox)
    photograph_at(prospect.page, ELEMENT, "unread-prospect")
    photograph_at(alice.page, "#detail-transcript", "unread-closer")


def prospects_legs(sandbox: SandboxControl) -> list[Any]:
    return list(sandbox.legs(role="prospect"))


@pytest.mark.parametrize("run", ["assistant", "gather"])
def test_an_assistant_that_cannot_be_stopped_is_left_on_its_leg(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database, run: str
) -> None:
    """The page comes back on a fresh leg, straight to the closer: nobody is bridged beside the assistant's voice."""
    sandbox.platform(assistant_stop="refuse", gather_stop="refuse")
    sandbox.scenario(answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    database.execute("update sessions_app_widgetconfig set assistant_run = %s where slug = 'demo'", [run])
    try:
        alice.take_calls()
        prospect.agree()
        prospect.wait_for("speaking")
        alice.watch_newest()
        alice.page.wait_for_selector("#detail-controls[data-standing=assistant] [data-take]")
        alice.page.keyboard.press("t")
        alice.page.wait_for_selector(SEATED)
        (first,) = prospects_legs(sandbox)

        alice.page.keyboard.press("t")

        hear_each_other(prospect, alice)
        left, fresh = prospects_legs(sandbox)
        assert left["call_control_id"] == first["call_control_id"]
        (bridge,) = sent(sandbox, "POST", f"/v2/calls/{fresh['call_control_id']}/actions/bridge")
        assert bridge["status"] == 200
        sandbox.wait_for(
            "the end of the leg that was left",
            lambda control: (
                next(one for one in control.legs(role="prospect") if one["call_control_id"] == left["call_control_id"])[
                    "state"
                ]
                == "ended"
            ),
        )
        assert "assistant" not in {source for _, _, source in fresh["voice_out"]}
        assert newest_handoff(database)["state"] == "connected"
    finally:
        database.execute("update sessions_app_widgetconfig set assistant_run = 'assistant' where slug = 'demo'")
