"""The prospect's page beside the happy path: no microphone, another tab, another website, every reader."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, Page, Playwright

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.conftest import flags
from tests.browser.people import ELEMENT, Prospect

OpenBrowser = Callable[[Path | None], Browser]
Speech = Callable[[str], Path]
Database = psycopg.Connection[dict[str, Any]]

HOSTILE_STYLE = "* { all: unset } button { display: none !important }"
HOSTILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src {0}; frame-src {0}"
SPEAKS = "Hello, this is Jordan Blake, I would like to know more."
LEVELS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def widget_url(stack: Stack) -> str:
    return f"{stack.base_url}/w/demo/"


@pytest.fixture
def without_permission(playwright: Playwright, chromium_path: Path) -> Iterator[Browser]:
    """A browser whose every question for the microphone is answered with no."""
    refusing = [flag for flag in flags(None) if flag != "--use-fake-ui-for-media-stream"]
    browser = playwright.chromium.launch(executable_path=chromium_path, args=refusing)
    yield browser
    browser.close()


def test_a_refused_microphone_leaves_two_ways_on(
    without_permission: Browser, widget_url: str, sandbox: SandboxControl
) -> None:
    visitor = Prospect.visit(without_permission, widget_url)
    visitor.agree()
    visitor.sees("Your microphone is blocked")
    assert visitor.state == "microphone"
    assert [one for one in sandbox.requests() if one["path"].endswith("/telephony_credentials")] == []

    visitor.press("Ask for a call back")
    visitor.wait_for("callback")
    visitor.press("Back")
    visitor.press("Type instead")

    visitor.wait_for("speaking")
    visitor.hears()
    composer = visitor.page.locator(ELEMENT).get_by_label("Type a message")
    composer.fill("Jordan Blake")
    composer.press("Enter")
    visitor.sees("email", seconds=30)
    assert visitor.stats()["packetsSent"] > 0
    visitor.press("Hang up")
    visitor.wait_for("ended")


def test_a_second_tab_is_told_where_the_conversation_is(
    open_browser: OpenBrowser, speech: Speech, widget_url: str, sandbox: SandboxControl
) -> None:
    context = open_browser(speech(SPEAKS)).new_context()
    first, second = Prospect(context.new_page()), Prospect(context.new_page())
    first.page.goto(widget_url)
    first.agree()
    first.wait_for("speaking")

    second.page.goto(widget_url)
    second.press("Start talking")

    second.sees("another tab")
    assert second.state == "ready"
    assert len(sandbox.legs(role="prospect")) == 1
    first.press("Hang up")
    first.wait_for("ended")
    second.press("Start talking")
    second.wait_for("consent")


def test_a_reload_ends_the_conversation_and_says_so(
    open_browser: OpenBrowser, speech: Speech, widget_url: str, sandbox: SandboxControl
) -> None:
    visitor = Prospect.visit(open_browser(speech(SPEAKS)), widget_url)
    visitor.agree()
    visitor.wait_for("speaking")

    visitor.page.reload()

    visitor.sees("Your last conversation ended")
    sandbox.wait_for("the end of the call", lambda control: control.legs(role="prospect", state="ended"))


class Shop(BaseHTTPRequestHandler):
    """Somebody else's website, with styles and a policy that would break anything that is not sealed."""

    widgets = ""
    # What it says of its visitor, as attributes.
    values = ""

    def do_GET(self) -> None:
        line = f'<script async src="{self.widgets}/widget.js" data-widget="demo" {self.values}></script>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", HOSTILE_POLICY.format(self.widgets))
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>Shop</title><style>{HOSTILE_STYLE}</style>{line}{line}".encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A shop that is only looked at has nothing to log."""


@pytest.fixture
def shop_url(stack: Stack, database: Database) -> Iterator[str]:
    Shop.widgets, Shop.values = stack.base_url, ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    allow = "update sessions_app_widgetconfig set allowed_origins = %s where slug = 'demo'"
    database.execute(allow, [[address]])
    yield address
    database.execute(allow, [[]])
    server.shutdown()
    server.server_close()


def open_panel(page: Page) -> Frame:
    """The launcher is closed to scripts, so it is used as people do: by keyboard."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    return next(frame for frame in page.frames if "/w/demo/" in frame.url)


def test_it_works_inside_a_hostile_website(
    shop_url: str, open_browser: OpenBrowser, speech: Speech, sandbox: SandboxControl
) -> None:
    page = open_browser(speech(SPEAKS)).new_page()
    page.goto(shop_url)
    page.locator("agileadapt-launcher").wait_for(state="attached")
    assert page.locator("agileadapt-launcher").count() == 1
    assert page.evaluate("() => Object.keys(window).filter(name => /agile|telnyx/i.test(name))") == []

    frame = open_panel(page)
    frame.locator("[data-action=start]").click()
    frame.locator("[data-action=agree]").click()
    frame.locator(f"{ELEMENT}[data-state=speaking]").wait_for()

    page.evaluate("() => window.postMessage({ type: 'agileadapt:close' }, '*')")
    page.wait_for_timeout(200)
    assert frame.frame_element().is_visible(), "a forged message must not close the panel"
    frame.locator("[data-action=mute]").press("Escape")
    frame.frame_element().wait_for_element_state("hidden")
    assert frame.locator(ELEMENT).get_attribute("data-state") not in {"ended", "ready"}


def faults(page: Page) -> list[str]:
    response = Axe().run(page, options={"runOnly": LEVELS}).response
    assert response["passes"], "axe looked at nothing"
    return [f"{fault['id']}: {[node['target'] for node in fault['nodes']]}" for fault in response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read_by_everybody(
    open_browser: OpenBrowser, speech: Speech, widget_url: str, sandbox: SandboxControl, scheme: Any
) -> None:
    # The checker is a script of its own, which the page's policy would refuse.
    browser = open_browser(speech(SPEAKS))
    context = browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 640}, bypass_csp=True)
    page = context.new_page()
    page.goto(widget_url)
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        page.locator(f"{ELEMENT}[data-state={state}]").wait_for(timeout=30_000)
        page.wait_for_timeout(400)
        found[state] = faults(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") == 320

    look("ready")
    page.locator("[data-action=start]").click()
    look("consent")
    page.locator("[data-action=agree]").click()
    look("speaking")
    leg = sandbox.wait_for("the call", lambda control: control.legs(role="prospect"))[-1]
    sandbox.end_assistant(leg["call_control_id"])
    sandbox.wait_for("the assistant's return", lambda control: asks_for_number(control, leg["call_control_id"]))
    sandbox.end_assistant(leg["call_control_id"])
    look("callback")
    page.locator("[data-action=hangup]").click()
    look("ended")

    assert found == {state: [] for state in ("ready", "consent", "speaking", "callback", "ended")}


def asks_for_number(control: SandboxControl, leg: str) -> bool:
    return any(one["assistant"]["question"] == "phone" for one in control.legs(call_control_id=leg))
