"""What the prospect sees and hears of the whole hand-over, on real audio."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.proxy import Proxy
from tests.browser.scene import (
    ANSWERS,
    PROSPECT_SAYS,
    Database,
    OpenContext,
    Speech,
    finish_assistant,
    newest,
    newest_handoff,
    prospect_leg,
    sent,
)
from tests.browser.shown import Shown
from tests.browser.test_lost_connections import WireTo, port_of, signalling_lines, wire
from tests.browser.test_widget_page import faults

__all__ = ["signalling_lines", "wire"]

pytestmark = pytest.mark.usefixtures("settled")

VISITS = ("sessions_app_voicesession", "created_at")
WITH_ASSISTANT = ("listening", "thinking", "speaking")


@pytest.fixture(autouse=True)
def talkative(settled: None, sandbox: SandboxControl, database: Database) -> Iterator[None]:
    """The assistant has no end of its own, nobody is rung before somebody wants it, and no promise is open."""
    database.execute("update handoff_callbackpromise set kept_at = now() where kept_at is null")
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    share = "update sessions_app_widgetconfig set pre_alert_percent = %s"
    database.execute(share, [None])
    yield
    database.execute(share, [75])


@pytest.fixture
def anonymous(stack: Stack, open_context: OpenContext, speech: Speech) -> Prospect:
    return Prospect.visit(open_context(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo-anonymous/")


@pytest.fixture
def accepting(sandbox: SandboxControl) -> Iterator[None]:
    """The platform takes commands on the assistant's own legs, which is not known of the real one."""
    sandbox.platform(anonymous_legs="accept")
    yield
    sandbox.platform()


def talk_with_assistant(prospect: Prospect) -> None:
    prospect.agree()
    prospect.wait_for(*WITH_ASSISTANT)
    prospect.hears()


def take_over_at_once(alice: CloserPage) -> None:
    alice.take_calls()
    alice.watch_newest()
    alice.page.locator("[data-take][data-immediately]").click()


def hear_each_other(prospect: Prospect, alice: CloserPage) -> None:
    """Each falls silent when the other one mutes, so it is their voices that were heard."""
    alice.hears()
    prospect.hears()
    prospect.press("Mute")
    alice.hears_nothing()
    prospect.press("Unmute")
    alice.page.keyboard.press("m")
    prospect.hears_nothing()
    alice.page.keyboard.press("m")
    prospect.hears()
    alice.hears()


def living(sandbox: SandboxControl, role: str) -> int:
    return len([leg for leg in sandbox.legs(role=role) if leg["state"] != "ended"])


def kinds_of_newest(database: Database) -> list[str]:
    """What happened in the newest visit, by the order in which it was written down."""
    query = "select kind from sessions_app_timelineentry where session_id = %s order by seq"
    entries = database.execute(query, [newest(database, *VISITS)["id"]]).fetchall()
    return [entry["kind"] for entry in entries]


def test_a_person_is_called_while_the_assistant_goes_on(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    talk_with_assistant(prospect)

    prospect.press("Talk to a person")
    prospect.sees("We are calling a person for you.")
    alice.wait_for_ring()
    assert prospect.state in WITH_ASSISTANT
    expect(prospect.page.locator(ELEMENT).locator("[data-action=ask-person]")).to_be_hidden()
    alice.page.keyboard.press("a")
    prospect.hears()

    # The assistant says its last sentence and is then stopped by us, and not before she is on the line.
    prospect.wait_for("human")
    prospect.sees("Alice Nguyen joined the conversation")
    hear_each_other(prospect, alice)
    steps = kinds_of_newest(database)
    assert steps.index("handoff.seated") < steps.index("assistant.ended")
    assert newest_handoff(database)["trigger"] == "requested"
    assert prospect.problems == []


def test_outside_the_hours_the_number_is_asked_for(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    change = "update sessions_app_widgetconfig set business_hours = %s where slug = 'demo'"
    database.execute(change, [json.dumps({"mon": [["03:00", "03:01"]]})])
    try:
        talk_with_assistant(prospect)
        prospect.press("Talk to a person")
        prospect.sees("Nobody is here right now to take your call.")
        prospect.press("Leave your number")
        prospect.wait_for("callback")
        form = prospect.page.locator(ELEMENT)
        form.get_by_label("Your name").fill("Ada Lovelace")
        form.get_by_label("Phone number").fill("5550 1234")
        prospect.press("Call me back")
        prospect.sees("Please enter the whole number")
        leave_number(prospect)
        prospect.press("Close")
        prospect.wait_for(*WITH_ASSISTANT)
        assert newest(database, "handoff_callbackpromise", "promised_at")["phone"] == "+61255501234"
    finally:
        database.execute(change, ["{}"])


def test_an_anonymous_call_is_taken_over_where_its_assistant_cannot_be_heard(
    anonymous: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database, accepting: None
) -> None:
    talk_with_assistant(anonymous)

    take_over_at_once(alice)

    anonymous.wait_for("human")
    anonymous.sees("Alice Nguyen joined the conversation")
    hear_each_other(anonymous, alice)
    # A bridge would be taken, but not be known to end the assistant: TELNYX_BRIDGE_ENDS_ASSISTANT says otherwise.
    assert newest(database, *VISITS)["has_rejoined"] is True
    assert sandbox.legs(role="anonymous")[-1]["state"] == "ended"

    alice.page.keyboard.press("e")
    anonymous.wait_for("ended")
    sandbox.wait_for("the end of every leg", lambda control: not living(control, "prospect"))
    assert anonymous.problems == []


def test_a_page_whose_leg_refuses_moves_while_it_is_heard(
    anonymous: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    talk_with_assistant(anonymous)
    shown = Shown(anonymous.page, ELEMENT)

    take_over_at_once(alice)

    anonymous.wait_for("human")
    shown.has_shown("state handing_over", "Alice Nguyen is joining you.", "state human")
    hear_each_other(anonymous, alice)
    visit = newest(database, *VISITS)
    assert (visit["has_rejoined"], visit["leg_refused"], visit["ended_at"]) == (True, True, None)
    assert len(sent(sandbox, "POST", "/v2/calls")) == 1, "the closer was rung once"
    old, new = sandbox.legs(role="anonymous")[-1], sandbox.legs(role="prospect")[-1]
    assert old["state"] == "ended"
    assert new["started_at"] < (old["ended_at"] or ""), "the new call stood before the old one was let go"

    anonymous.press("Hang up")
    anonymous.wait_for("ended")
    sandbox.wait_for("the end of every leg", lambda control: not living(control, "prospect"))
    assert anonymous.problems == []


def ring_after_the_assistant(anonymous: Prospect, alice: CloserPage, sandbox: SandboxControl) -> None:
    """The assistant is done and its leg with it; Alice's dashboard rings."""
    alice.take_calls()
    talk_with_assistant(anonymous)
    finish_assistant(sandbox, role="anonymous")
    alice.wait_for_ring()
    anonymous.wait_for("handing_over")


def test_a_dead_leg_is_replaced_and_joined(
    anonymous: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    ring_after_the_assistant(anonymous, alice, sandbox)
    alice.page.keyboard.press("a")

    anonymous.wait_for("human", seconds=30)
    hear_each_other(anonymous, alice)
    assert newest(database, *VISITS)["has_rejoined"] is True
    assert anonymous.problems == []


def test_the_ring_ends_with_the_page(
    anonymous: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    ring_after_the_assistant(anonymous, alice, sandbox)

    anonymous.page.close()

    alice.wait_for_no_ring(seconds=5)
    assert newest_handoff(database)["state"] == "abandoned"
    assert newest(database, *VISITS)["ended_at"] is not None


def test_the_assistant_s_own_transfer_rings_the_closer(
    anonymous: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    """As the tool is set up by hand at the platform: its targets and its header are templates of our variables."""
    header = {"X-Session-Ticket": "{{session_ticket}}"}
    sandbox.scenario(
        practice_notice=False,
        answers=list(ANSWERS.values()),
        field_values=ANSWERS,
        hold_open=True,
        transfer_targets="{{ targets }}",
        transfer_headers=header,
    )
    alice.take_calls()
    talk_with_assistant(anonymous)

    sandbox.transfer_by_assistant(prospect_leg(sandbox, "anonymous"), target="Alice Nguyen")
    alice.wait_for_ring()
    expect(alice.page.locator("[data-ring]")).to_contain_text("the assistant transfers to you")
    assert anonymous.state in WITH_ASSISTANT
    alice.page.keyboard.press("a")

    alice.wait_for_body(softphone="in-call")
    anonymous.wait_for("human")
    anonymous.sees("Alice Nguyen joined the conversation")
    hear_each_other(anonymous, alice)
    assert sent(sandbox, "POST", "/v2/calls") == [], "the platform itself rang her"
    handoff = newest_handoff(database)
    assert (handoff["trigger"], handoff["state"]) == ("assistant_transfer", "connected")
    assert newest(database, *VISITS)["has_rejoined"] is False

    alice.page.keyboard.press("e")
    anonymous.wait_for("ended")
    sandbox.wait_for("the end of every leg", lambda control: not living(control, "anonymous"))
    assert anonymous.problems == []


def test_a_broken_line_after_the_move_is_found_again(
    stack: Stack,
    wire: WireTo,
    signalling_lines: tuple[Proxy, Proxy],
    speech: Speech,
    alice: CloserPage,
    sandbox: SandboxControl,
) -> None:
    line, _ = signalling_lines
    browser = wire(speech(PROSPECT_SAYS), port_of(stack.sandbox_url), line)
    visitor = Prospect.visit(browser, f"{stack.base_url}/w/demo-anonymous/")
    talk_with_assistant(visitor)
    take_over_at_once(alice)
    visitor.wait_for("human")
    alice.hears()

    with line.away():
        visitor.page.wait_for_timeout(1_500)

    alice.hears()
    visitor.hears()
    visitor.page.wait_for_timeout(4_000)
    assert visitor.state == "human"
    assert living(sandbox, "prospect") == 1
    visitor.press("Hang up")
    visitor.wait_for("ended")
    sandbox.wait_for("the end of the call", lambda control: not living(control, "prospect"))


def leave_number(prospect: Prospect) -> None:
    prospect.wait_for("callback")
    element = prospect.page.locator(ELEMENT)
    element.get_by_label("Your name").fill("Jordan Blake")
    element.get_by_label("Phone number").fill("02 5550 1234")
    element.get_by_role("button", name="Call me back").click()
    prospect.sees("We will call you")


@pytest.fixture
def promised(anonymous: Prospect, sandbox: SandboxControl) -> Prospect:
    """Nobody was there; a number is left, the call is over, and the page stays open."""
    talk_with_assistant(anonymous)
    finish_assistant(sandbox, role="anonymous")
    leave_number(anonymous)
    anonymous.sees("Keep this page open, and it can ring right here.")
    return anonymous


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_wish_and_the_ring_can_be_read_by_everybody(
    stack: Stack, open_context: OpenContext, speech: Speech, alice: CloserPage, sandbox: SandboxControl, scheme: str
) -> None:
    # The checker is a script of its own, which the page's policy would refuse.
    context = open_context(speech(PROSPECT_SAYS), color_scheme=scheme, bypass_csp=True)
    visitor = Prospect.visit(context, f"{stack.base_url}/w/demo-anonymous/")
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    talk_with_assistant(visitor)
    visitor.press("Talk to a person")
    visitor.sees("We are calling a person for you.")
    found = {"wish": faults(visitor.page)}
    finish_assistant(sandbox, role="anonymous")
    leave_number(visitor)

    call_back(alice)
    visitor.wait_for("calling")
    visitor.page.wait_for_timeout(400)
    found["calling"] = faults(visitor.page)
    assert visitor.page.evaluate("() => document.documentElement.scrollWidth") == 320
    visitor.press("Not now")

    assert found == {"wish": [], "calling": []}


def call_back(alice: CloserPage) -> None:
    alice.take_calls()
    alice.page.locator("#promises [data-call-back]").first.click()


def test_the_page_rings_and_the_promise_is_kept(
    promised: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    promised.press("Close")
    promised.wait_for("ended")
    title = promised.page.title()

    call_back(alice)
    promised.wait_for("calling")
    promised.sees("Alice Nguyen is calling you back")
    assert promised.page.title() == "Alice Nguyen is calling you back"
    promised.press("Answer")

    promised.wait_for("human")
    promised.sees("Alice Nguyen joined the conversation")
    assert promised.page.title() == title
    hear_each_other(promised, alice)
    assert len(sent(sandbox, "POST", "/v2/calls")) == 1, "no number was dialled"
    assert newest(database, "handoff_callbackpromise", "promised_at")["kept_at"] is not None
    alice.page.keyboard.press("e")
    promised.wait_for("ended")
    sandbox.wait_for("the end of the call", lambda control: not living(control, "prospect"))
    assert promised.problems == []


def test_a_call_back_that_is_declined_leaves_the_promise(
    promised: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    call_back(alice)
    promised.wait_for("calling")

    promised.press("Not now")

    promised.wait_for("callback")
    promised.sees("We will call you")
    alice.wait_for_body(softphone="ready")
    promise = newest(database, "handoff_callbackpromise", "promised_at")
    assert (promise["kept_at"], promise["attempts"]) == (None, 1)
    expect(alice.page.locator("#promises")).to_contain_text("declined")
    assert sandbox.legs(role="prospect") == []
    assert promised.problems == []
