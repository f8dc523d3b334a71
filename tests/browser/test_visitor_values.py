"""From the script tag on somebody's website to the closer's card, ring and open call."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Frame, Page, expect

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import ELEMENT, CloserPage, Prospect
from tests.browser.scene import PROSPECT_SAYS, Database, OpenContext, Speech, prospect_leg
from tests.browser.test_accessibility import Reader
from tests.browser.test_fields import photograph_at
from tests.browser.test_widget_page import Shop, open_panel, shop_url

__all__ = ["shop_url"]

pytestmark = [pytest.mark.usefixtures("settled"), pytest.mark.checked]

LONG = "Harbour view apartment with a terrace, sixteen panels and a battery, as configured on Monday"
SAID = (
    'data-value-user-tier="Platinum" data-value-order-number="A-17 {{company}}" data-value-company="Evil" '
    f'data-value-looks-at="{LONG}" data-value-name="&lt;img src=x onerror=alert(1)&gt;"'
)
# What the tag says later, when the visitor has signed in. (The shop has two of them, of which one is at work.)
SIGNED_IN = """() => document.querySelectorAll('script[data-widget]')
  .forEach((tag) => tag.setAttribute('data-value-plan', 'Größe XL'))"""
HEADERS = f"() => document.querySelector('{ELEMENT}').getAttribute('call-custom-headers')"


@pytest.fixture(autouse=True)
def takes_more(database: Database) -> Iterator[None]:
    names = "update sessions_app_widgetconfig set value_names = %s where slug = 'demo'"
    database.execute(names, [["order_number", "plan", "looks_at", "name"]])
    yield
    database.execute(names, [[]])


def test_what_the_site_says_of_its_visitor_reaches_the_closer(
    shop_url: str, open_context: OpenContext, speech: Speech, alice: CloserPage, sandbox: SandboxControl
) -> None:
    reader = Reader()
    Shop.values = SAID
    alice.take_calls()
    page = open_context(speech(PROSPECT_SAYS)).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop_url)
    page.locator("agileadapt-launcher").wait_for(state="attached")

    frame = open_panel(page)
    frame.locator("[data-action=start]").click()
    page.evaluate(SIGNED_IN)
    frame.locator("[data-action=agree]").click()
    frame.locator(f"{ELEMENT}[data-state=speaking]").wait_for()

    card = alice.page.locator("[data-card]").first
    expect(card).to_contain_text("Tier: Platinum")
    expect(card).to_contain_text("Order number: A-17 company")
    carried = {header["name"]: header["value"] for header in sandbox.legs(role="prospect")[-1]["custom_headers"]}
    assert carried["X-User-Tier"] == "Platinum"
    assert carried["X-Order-Number"] == "A-17 company"
    assert set(carried) == {"X-User-Tier", "X-Order-Number", "X-Looks-At", "X-Name", "X-Session-Ticket"}
    assert not [url for url in asked if "Platinum" in url or "A-17" in url]

    alice.wait_for_ring(seconds=60)
    rung = alice.page.locator("[data-ring] .told")
    expect(rung).to_contain_text("Tier: Platinum")
    expect(rung).to_contain_text("Plan: Größe XL")
    reader.look(alice.page, "ring")
    photograph_at(alice.page, "[data-ring]", "values-ring")
    alice.page.keyboard.press("d")
    alice.wait_for_no_ring()

    alice.watch_newest()
    expect(alice.page.locator("#detail-head .told")).to_contain_text("Tier: Platinum")
    panel = alice.page.locator("#detail-visit")
    for line in ("A-17 company", "Größe XL", LONG, "<img src=x onerror=alert(1)>"):
        expect(panel).to_contain_text(line)
    expect(panel).not_to_contain_text("Evil")
    reader.look(alice.page, "open call")
    photograph_at(alice.page, "#detail-visit", "values-detail")
    photograph_at(alice.page, "#detail-head", "values-head")
    assert reader.faults == {}
    assert alice.problems == []


@pytest.fixture
def run_by_the_assistant(database: Database) -> Iterator[None]:
    run = "update sessions_app_widgetconfig set assistant_run = %s where slug = 'demo'"
    before = database.execute("select assistant_run from sessions_app_widgetconfig where slug = 'demo'").fetchone()
    assert before is not None
    database.execute(run, ["assistant"])
    yield
    database.execute(run, [before["assistant_run"]])


@pytest.mark.usefixtures("run_by_the_assistant")
def test_the_demo_s_visitor_is_an_enterprise_s_for_the_assistant_and_for_the_closer(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl
) -> None:
    prospect.agree()
    prospect.wait_for("speaking")

    expect(alice.page.locator("[data-card]").first).to_contain_text("Tier: Enterprise")
    alice.watch_newest()
    panel = alice.page.locator("#detail-visit")
    for line in ("Tier", "Enterprise", "nobody has checked it", "Channel", "Reached at", "Calls from", "Time"):
        expect(panel).to_contain_text(line)
    expect(panel).not_to_contain_text("gencred")
    photograph_at(alice.page, "#detail-visit", "values-system")
    (talk,) = sandbox.conversations(prospect_leg(sandbox))
    assert talk["given"]["variables"]["user_tier"] == "Enterprise"


def framed(page: Page, address: str) -> Frame:
    """The widget's page in a frame that the website made itself."""
    page.evaluate(
        "(address) => document.body.append(Object.assign(document.createElement('iframe'), { src: address }))", address
    )
    page.wait_for_timeout(1000)
    return next(frame for frame in page.frames if "embed=1" in frame.url)


def test_only_the_website_around_it_is_heard(
    shop_url: str, stack: Stack, open_context: OpenContext, sandbox: SandboxControl
) -> None:
    say = "(target) => target.postMessage({ type: 'agileadapt:values', values: { 'user-tier': 'Forged' } }, '*')"
    page = open_context(None).new_page()
    page.goto(shop_url)
    frame = framed(page, f"{stack.base_url}/w/demo/?embed=1")
    page.evaluate("() => document.body.append(document.createElement('iframe'))")
    stranger = next(one for one in page.frames if one.url == "about:blank")

    stranger.evaluate(f"() => ({say})(parent.frames[0])")
    frame.evaluate(f"() => ({say})(window)")
    page.wait_for_timeout(300)
    assert "Enterprise" in str(frame.evaluate(HEADERS))

    page.evaluate(f"() => ({say})(window.frames[0])")
    page.wait_for_timeout(300)
    assert "Forged" in str(frame.evaluate(HEADERS))
