"""How a page loads its program: nothing before it is wanted, and then all of it side by side."""

import re

from playwright.sync_api import Route

from launcher.stack import Stack
from tests.browser.people import ELEMENT, Prospect
from tests.browser.scene import OpenContext

CHUNK = re.compile(r"/static/dist/chunks/([a-z]+)-[A-Z2-7]{8}\.js$")


def test_a_start_asks_for_all_of_it_before_any_has_come_and_only_once(stack: Stack, open_context: OpenContext) -> None:
    visitor = Prospect(open_context().new_page())
    urls: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visitor.page.on("request", lambda request: urls.append(request.url))
    visitor.page.route(re.compile(r"/chunks/conversation-"), hold)
    visitor.page.goto(f"{stack.base_url}/w/demo/")
    visitor.wait_for("ready")
    early = list(urls)

    visitor.page.locator(ELEMENT).get_by_role("button", name="Start talking").click()
    visitor.page.wait_for_timeout(2000)
    asked = [found[1] for url in urls if (found := CHUNK.search(url))]
    for route in held:
        route.continue_()
    visitor.wait_for("consent")

    assert not any("/chunks/conversation-" in url or "/chunks/engine-" in url for url in early)
    assert {"conversation", "engine"} <= set(asked)
    chunks = [url for url in urls if CHUNK.search(url)]
    assert len(chunks) == len(set(chunks))
