"""Lines that break in the middle of a conversation: what goes on, what comes back, and what is said meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.conftest import flags
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.proxy import Proxy
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    PROSPECT_SAYS,
    Database,
    Speech,
    finish_assistant,
    newest,
    newest_handoff,
)

pytestmark = pytest.mark.usefixtures("settled")

RULES = "--host-resolver-rules"
WireTo = Callable[[Path, int, Proxy], Browser]


@pytest.fixture
def wire(playwright: Playwright, chromium_path: Path) -> Iterator[WireTo]:
    """Start a browser that reaches one port of this machine through a proxy, without the pages knowing of it."""
    opened: list[Browser] = []

    def open_one(microphone: Path, port: int, proxy: Proxy) -> Browser:
        # The first rule that fits counts; EXCLUDE would come before all of them.
        rules = (f"MAP 127.0.0.1:{port} 127.0.0.1:{proxy.port}", "MAP 127.0.0.1 127.0.0.1", "MAP * ~NOTFOUND")
        chosen = [flag for flag in flags(microphone) if not flag.startswith(RULES)]
        chosen.append(f"{RULES}={','.join(rules)}")
        opened.append(playwright.chromium.launch(executable_path=chromium_path, args=chosen))
        return opened[-1]

    yield open_one
    for browser in opened:
        browser.close()


@pytest.fixture
def web_line(stack: Stack) -> Iterator[Proxy]:
    with Proxy(port_of(stack.base_url)) as proxy:
        yield proxy


@pytest.fixture
def signalling_lines(stack: Stack) -> Iterator[tuple[Proxy, Proxy]]:
    """One of the prospect, one of the closer."""
    with ExitStack() as lines:
        behind = port_of(stack.sandbox_url)
        yield lines.enter_context(Proxy(behind)), lines.enter_context(Proxy(behind))


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def loaded_at(page: Page) -> float:
    """Another value after every load of the page."""
    return float(page.evaluate("() => performance.timeOrigin"))


def test_the_dashboard_shows_what_it_missed(
    stack: Stack,
    prospect: Prospect,
    wire: WireTo,
    web_line: Proxy,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    alice = CloserPage.log_in(wire(speech(CLOSER_SAYS), port_of(stack.base_url), web_line), stack.base_url, "alice")
    loaded = loaded_at(alice.page)
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")

    with web_line.away():
        alice.wait_for_body(connection="reconnecting")
        alice.watch_newest()
        expect(alice.page.locator("#connection")).to_contain_text("Reconnecting")
        finish_assistant(sandbox)
        prospect.wait_for("handing_over")

    # The choice of the call, the answers of the end and the ring came while the line was away.
    alice.wait_for_body(connection="live")
    alice.wait_for_ring()
    for name, value in ANSWERS.items():
        alice.field(name, value)
    alice.page.keyboard.press("a")
    alice.wait_for_body(softphone="in-call")
    prospect.wait_for("human")

    with web_line.away():
        alice.wait_for_body(connection="reconnecting")
        alice.hears()
        prospect.hears()
        prospect.press("Hang up")
        prospect.wait_for("ended")
        alice.wait_for_body(softphone="ready")

    alice.wait_for_body(connection="live")
    alice.page.wait_for_selector("#desk[data-state=wrap_up]")
    assert loaded_at(alice.page) == loaded
    assert newest_handoff(database)["state"] == "wrap_up"


def test_the_captions_come_back_while_the_talk_goes_on(
    stack: Stack, alice: CloserPage, wire: WireTo, web_line: Proxy, speech: Speech, sandbox: SandboxControl
) -> None:
    browser = wire(speech(PROSPECT_SAYS), port_of(stack.base_url), web_line)
    visitor = Prospect.visit(browser, f"{stack.base_url}/w/demo/")
    loaded = loaded_at(visitor.page)
    alice.take_calls()
    visitor.agree()
    visitor.wait_for("speaking")

    with web_line.away():
        visitor.sees("Reconnecting…")
        finish_assistant(sandbox)
        alice.wait_for_ring()
        alice.page.keyboard.press("a")
        alice.wait_for_body(softphone="in-call")
        visitor.hears()
        alice.hears()

    visitor.wait_for("human")
    visitor.sees("Alice Nguyen")
    expect(visitor.page.locator(ELEMENT).get_by_text("Reconnecting…")).to_be_hidden()
    assert loaded_at(visitor.page) == loaded


def test_a_call_outlives_the_signalling_of_both_sides(
    stack: Stack,
    wire: WireTo,
    signalling_lines: tuple[Proxy, Proxy],
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    port = port_of(stack.sandbox_url)
    of_prospect, of_closer = signalling_lines
    visitor = Prospect.visit(wire(speech(PROSPECT_SAYS), port, of_prospect), f"{stack.base_url}/w/demo/")
    alice = CloserPage.log_in(wire(speech(CLOSER_SAYS), port, of_closer), stack.base_url, "alice")
    alice.take_calls()
    visitor.agree()
    visitor.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()
    alice.page.keyboard.press("a")
    alice.wait_for_body(softphone="in-call")
    visitor.wait_for("human")

    with of_prospect.away(), of_closer.away():
        sandbox.wait_for("both browsers' absence", lambda control: registered(control) == 0)
        visitor.hears()
        alice.hears()
    sandbox.wait_for("both browsers' return", lambda control: registered(control) == 2)

    assert visitor.state == "human"
    alice.wait_for_body(softphone="in-call")
    visitor.hears()
    alice.hears()
    assert len(sandbox.legs(state="bridged")) == 2

    # The new signalling carries what the old one would have.
    visitor.press("Hang up")
    alice.wait_for_body(softphone="ready")
    alice.page.wait_for_selector("#desk[data-state=wrap_up]")
    assert newest(database, "sessions_app_voicesession", "created_at")["ended_at"] is not None


def registered(control: SandboxControl) -> int:
    return sum(one["registered"] for one in control.state()["credentials"])
